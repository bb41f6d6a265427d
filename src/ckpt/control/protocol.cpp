#include "ckpt/control/protocol.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace glckpt::ckpt {
namespace {

constexpr size_t kMaxMessage = 64 << 10;

std::string escaped(std::string_view value) {
    std::string out;
    for (const char c : value) {
        if (c == '\\' || c == '\n')
            out += '\\';
        out += c == '\n' ? 'n' : c;
    }
    return out;
}

std::string unescaped(std::string_view value) {
    std::string out;
    for (size_t i = 0; i < value.size(); ++i) {
        if (value[i] == '\\' && i + 1 < value.size()) {
            ++i;
            out += value[i] == 'n' ? '\n' : value[i];
        } else {
            out += value[i];
        }
    }
    return out;
}

} // namespace

std::string Message::get(std::string_view key, std::string_view otherwise) const {
    for (const auto& [k, v] : items_)
        if (k == key)
            return v;
    return std::string(otherwise);
}

std::vector<std::string> Message::all(std::string_view key) const {
    std::vector<std::string> out;
    for (const auto& [k, v] : items_)
        if (k == key)
            out.push_back(v);
    return out;
}

std::string Message::text() const {
    std::string out;
    for (const auto& [k, v] : items_)
        out += k + " " + escaped(v) + "\n";
    return out + "\n";
}

Message Message::parse(std::string_view text) {
    Message m;
    for (Scanner lines(text); !lines.done();) {
        Scanner line(lines.line());
        if (line.done())
            continue;
        const std::string_view key = line.until(' ');
        m.add(key, unescaped(line.rest()));
    }
    return m;
}

std::string process_name(unsigned uid, int pid) {
    std::string space;
    read_link(format("/proc/%d/ns/pid", pid).c_str(), space);
    // "NSpid: 4711 12": from the reader's namespace inwards.
    const std::string status = file_text(format("/proc/%d/status", pid));
    std::string_view inner = value_of(status, "NSpid:");
    inner = inner.substr(inner.find_last_of('\t') + 1);
    return std::string(1, '\0') +
           format("glckpt/%u/%s/%d", uid, space.c_str(), (int)Scanner(inner).decimal());
}

std::string tool_name(unsigned uid, int pid) {
    return std::string(1, '\0') + format("glckpt/%u/stands/%d", uid, pid);
}

unsigned abstract_address(const std::string& name, void* out) {
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    memcpy(a.sun_path, name.data(), name.size());
    memcpy(out, &a, sizeof a);
    return (unsigned)(offsetof(sockaddr_un, sun_path) + name.size());
}

Message receive_message(int fd, std::string& buffer, int timeout_ms, bool* timed_out) {
    const uint64_t until =
        clock_ns(CLOCK_MONOTONIC) + (uint64_t)std::max(timeout_ms, 0) * 1'000'000;
    for (;;) {
        const size_t end = buffer.find("\n\n");
        if (end != buffer.npos) {
            Message m = Message::parse(std::string_view(buffer).substr(0, end + 1));
            buffer.erase(0, end + 2);
            return m;
        }
        if (buffer.size() > kMaxMessage)
            return {};
        const uint64_t now = clock_ns(CLOCK_MONOTONIC);
        const int left = timeout_ms < 0 ? -1
                         : now >= until ? 0
                                        : (int)((until - now) / 1'000'000) + 1;
        pollfd p{fd, POLLIN, 0};
        const long ready = raw_syscall(SYS_poll, &p, 1, left);
        if (ready == 0 && left <= 1 && timeout_ms >= 0) {
            if (timed_out)
                *timed_out = true;
            return {};
        }
        char piece[4096];
        const long n = ready > 0 ? raw_syscall(SYS_read, fd, piece, sizeof piece) : ready;
        if (n == -EINTR || (ready == 0 && n == 0))
            continue;
        if (n <= 0)
            return {};
        buffer.append(piece, (size_t)n);
    }
}

bool send_message(int fd, const Message& m) {
    const std::string text = m.text();
    size_t sent = 0;
    while (sent < text.size()) {
        const long n =
            raw_syscall(SYS_sendto, fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL, 0, 0);
        if (n == -EINTR)
            continue;
        if (n < 0)
            return false;
        sent += (size_t)n;
    }
    return true;
}

PeerId peer_of(int fd) {
    struct {
        int pid;
        unsigned uid, gid;
    } who{0, ~0u, ~0u};
    unsigned bytes = sizeof who;
    raw_syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &who, &bytes);
    return {who.pid, who.uid};
}

} // namespace glckpt::ckpt
