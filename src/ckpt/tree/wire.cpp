#include "ckpt/tree/wire.h"
#include "base/send_fd.h"
#include <algorithm>
#include <cerrno>
#include <climits>
#include <poll.h>

namespace glckpt::ckpt {
namespace {

constexpr uint32_t kLargest = 64 << 20;
constexpr size_t kPiece = 256 << 10;

struct Head {
    uint32_t op, bytes;
};

int ms_until(uint64_t deadline_ns) {
    const uint64_t now = clock_ns(CLOCK_MONOTONIC);
    const uint64_t ms = deadline_ns <= now ? 0 : (deadline_ns - now) / 1'000'000 + 1;
    return (int)std::min<uint64_t>(ms, INT_MAX);
}

bool read_some(int fd, void* out, size_t bytes, uint64_t deadline_ns, UniqueFd* passed) {
    auto* to = static_cast<char*>(out);
    while (bytes) {
        const int left = ms_until(deadline_ns);
        if (left == 0 || !frame_waits(fd, left))
            return false;
        int along = -1;
        const long n = receive_some(fd, to, bytes, passed ? &along : nullptr);
        if (along >= 0)
            *passed = UniqueFd(along);
        if (n == -EAGAIN)
            continue;
        if (n <= 0)
            return false;
        to += n;
        bytes -= (size_t)n;
    }
    return true;
}

} // namespace

bool frame_waits(int fd, int timeout_ms) {
    pollfd p{fd, POLLIN, 0};
    return raw_syscall(SYS_poll, &p, 1, timeout_ms) > 0;
}

bool send_frame(int fd, TreeOp op, const std::string& bytes, int pass) {
    const Head head{(uint32_t)op, (uint32_t)bytes.size()};
    std::string all(reinterpret_cast<const char*>(&head), sizeof head);
    all += bytes;
    return send_all(fd, all.data(), all.size(), pass);
}

Frame receive_frame(int fd, uint64_t deadline_ns) {
    Frame f;
    Head head{};
    if (!read_some(fd, &head, sizeof head, deadline_ns, &f.passed) || head.bytes > kLargest)
        return {};
    // As it comes: a length alone makes nobody give so much memory.
    while (f.bytes.size() < head.bytes) {
        const size_t have = f.bytes.size(), piece = std::min(head.bytes - have, kPiece);
        f.bytes.resize(have + piece);
        if (!read_some(fd, f.bytes.data() + have, piece, deadline_ns, nullptr))
            return {};
    }
    f.op = (TreeOp)head.op;
    return f;
}

} // namespace glckpt::ckpt
