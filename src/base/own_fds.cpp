#include "base/own_fds.h"
#include "base/lock.h"
#include <algorithm>
#include <atomic>
#include <fcntl.h>
#include <sys/resource.h>

namespace glckpt {
namespace {

// 128 numbers below the soft limit as it was at start, but at most 4096: the kernel's table grows
// with the highest number in use, and select() must not see ours.
constexpr int kSlots = 128;
std::atomic<uint8_t> g_kind[kSlots];

int compute_base() {
    rlimit lim{};
    raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &lim);
    const uint64_t top = std::clamp<uint64_t>(lim.rlim_cur, 64 + kSlots, 4096);
    return (int)top - kSlots;
}
std::atomic<int> g_base{0};

} // namespace

int own_fd_base() {
    int b = g_base.load(std::memory_order_relaxed);
    if (b == 0) {
        b = compute_base();
        g_base.store(b, std::memory_order_relaxed);
    }
    return b;
}

int own_fd_adopt(int fd, OwnFd kind) {
    const int base = own_fd_base();
    const long high = raw_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, base);
    if (high < 0)
        return (int)high;
    if (high >= base + kSlots) {
        raw_syscall(SYS_close, high);
        return -24; // EMFILE
    }
    raw_syscall(SYS_close, fd);
    g_kind[high - base].store((uint8_t)kind, std::memory_order_release);
    return (int)high;
}

int own_fd_replace(int own, int fresh) {
    const long r = raw_syscall(SYS_dup3, fresh, own, O_CLOEXEC);
    raw_syscall(SYS_close, fresh);
    return (int)r;
}

void own_fd_close(int own) {
    const int i = own - own_fd_base();
    if (i < 0 || i >= kSlots)
        return;
    g_kind[i].store((uint8_t)OwnFd::None, std::memory_order_release);
    raw_syscall(SYS_close, own);
}

OwnFd own_fd_kind(int fd) {
    const int i = fd - own_fd_base();
    if (i < 0 || i >= kSlots)
        return OwnFd::None;
    return (OwnFd)g_kind[i].load(std::memory_order_acquire);
}

} // namespace glckpt
