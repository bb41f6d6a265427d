// How glckpt-signal talks to the checkpoint thread: text, over a unix stream socket of an abstract
// name made of the user and the pid as the user sees it. Each side checks who the other is.
//
// A message is lines "key value" ended by an empty line. Backslash and newline in a value are
// escaped, so that any path can be sent.
//
//   request   op checkpoint|replace-renderer|move-display, then output, profile, kind
//   full|incremental,
//             ext-sockets, after continue|stop|kill, timeout, display, env (repeated),
//             together: the processes of a tree are moved at once, and meet by this name.
//             op go, after event drained: note (repeated), those of all
//   answers   event progress: phase, done   (any number)
//             event done: image, bytes, kind, way, pause_ms, total_ms, pids
//             event moved: name, of the socket of the process to be asked instead
//             event unused: this process has no windows, or draws nothing with GL
//             event drained: it stands still, until it is told to go; note (repeated): pid,
//             endpoint and what that tells the others'
//             event failed: code, why
#pragma once
#include "base/status.h"
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace glckpt::ckpt {

class Message {
  public:
    Message() = default;
    void add(std::string_view key, std::string_view value) { items_.emplace_back(key, value); }
    std::string get(std::string_view key, std::string_view otherwise = {}) const;
    std::vector<std::string> all(std::string_view key) const;
    bool empty() const { return items_.empty(); }
    std::string text() const;
    static Message parse(std::string_view text);

  private:
    std::vector<std::pair<std::string, std::string>> items_;
};

// The socket's name, with the leading zero byte: where a process listens. Pids are not unique on a
// machine with pid namespaces, whose sockets share these names, so the namespace is part of it;
// `pid` is the number in the caller's own.
std::string process_name(unsigned uid, int pid);
// The glckpt-restore `pid` that stands for a restored program: there the program listens too.
std::string tool_name(unsigned uid, int pid);
// A connected stream's next message; empty at its end or on time-out (milliseconds; -1: none).
Message receive_message(int fd, std::string& buffer, int timeout_ms, bool* timed_out = nullptr);
bool send_message(int fd, const Message& m);

struct PeerId {
    int pid = 0;
    unsigned uid = 0;
};
PeerId peer_of(int fd);
// sockaddr_un for an abstract name; gives its length.
unsigned abstract_address(const std::string& name, void* sockaddr_un_out);

} // namespace glckpt::ckpt
