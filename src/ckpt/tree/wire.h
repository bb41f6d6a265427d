// Between the checkpoint threads of a tree's processes: frames over the control connection, after
// its first message. Each side waits for the other's next frame with a deadline.
#pragma once
#include "base/status.h"
#include "ckpt/sys.h"
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

namespace glckpt::ckpt {

enum class TreeOp : uint32_t {
    None,     // end of the connection, or time-out
    Joined,   // member: it listens. A descriptor sent before would be lost in its reading of text
    Prepare,  // leader: TreeOrder, with the image's descriptor. Member: ready
    Stop,     // stop and drain. Member: it stands still
    Report,   // when all do: TreeLooked. Member: MemberReport
    Describe, // TreePart. Member: described, copied (forked), and still stopped; with a
              // connection to the copy, which outlives a process that ends before its turn
    Resume,   // go on; no more from the leader
    Finish,   // instead, when the image is durable; 1: end, 0: go on
    Write,    // to the copy: TreePlace, where it may write. Its answer: TreePlace, with the end
    Failed,   // member: why
};

struct Frame {
    TreeOp op = TreeOp::None;
    std::string bytes;
    UniqueFd passed;
};

bool send_frame(int fd, TreeOp op, const std::string& bytes, int pass = -1);
Frame receive_frame(int fd, uint64_t deadline_ns);
// Is there something to receive (or the end)? Waits at most so long.
bool frame_waits(int fd, int timeout_ms);

struct TreeOrder {
    uint32_t profile = 0, external = 0, timeout_s = 10;
    std::string parent, final; // WriteJob's
    auto fields() { return std::tie(profile, external, timeout_s, parent, final); }
};
// One member after another reports, and none looks into a socket that one before it has looked
// into: a look moves the socket's peek offset, which all who share the socket share
// (fd/unix_unread.h).
struct TreeLooked {
    std::vector<uint64_t> sockets; // inodes
    auto fields() { return std::tie(sockets); }
};
struct TreePlace {
    uint64_t start = 0, end = 0;
    auto fields() { return std::tie(start, end); }
};

} // namespace glckpt::ckpt
