#include "base/own_fds.h"
#include "base/lock.h"
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <fcntl.h>
#include <sys/resource.h>

namespace glckpt {
namespace {

// kOwnFdUsual numbers below the soft limit, but at most 4096: the kernel's table grows with the
// highest number in use, and select() must not see ours.
struct Slot {
    std::atomic<int> fd{-1};
    std::atomic<uint8_t> kind{(uint8_t)OwnFd::None};
};
Slot g_slots[kOwnFdSlots];
// No adopted number is below this: most questions are about the app's and end here.
std::atomic<int> g_lowest{INT32_MAX};

int compute_base() {
    rlimit lim{};
    raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &lim);
    const uint64_t top = std::clamp<uint64_t>(lim.rlim_cur, 64 + kOwnFdUsual, 4096);
    return (int)top - kOwnFdUsual;
}
std::atomic<int> g_base{0};

Slot* slot_of(int fd) {
    if (fd < g_lowest.load(std::memory_order_acquire))
        return nullptr;
    for (Slot& s : g_slots)
        if (s.fd.load(std::memory_order_acquire) == fd)
            return &s;
    return nullptr;
}

Slot* take_slot(int fd) {
    for (Slot& s : g_slots) {
        int none = -1;
        if (s.fd.compare_exchange_strong(none, fd))
            return &s;
    }
    return nullptr;
}

void note_lowest(int fd) {
    int low = g_lowest.load();
    while (fd < low && !g_lowest.compare_exchange_weak(low, fd)) {
    }
}

// When all our numbers are taken: beyond the soft limit, which a number stays valid beyond.
long above_the_limit(int fd) {
    rlimit lim{};
    raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &lim);
    if (lim.rlim_cur >= lim.rlim_max)
        return -24; // EMFILE
    const rlimit raised{lim.rlim_max, lim.rlim_max};
    raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &raised, 0);
    const long high = raw_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, lim.rlim_cur);
    raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &lim, 0);
    return high;
}

} // namespace

int own_fd_base() {
    int b = g_base.load(std::memory_order_relaxed);
    if (b == 0) {
        b = compute_base();
        g_base.store(b, std::memory_order_relaxed);
    }
    return b;
}

int own_fd_at(int slot) { return g_slots[slot].fd.load(std::memory_order_acquire); }

int own_fd_adopt(int fd, OwnFd kind) {
    long high = raw_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, own_fd_base());
    if (high < 0) // the program has lowered its limit since
        high = raw_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, compute_base());
    if (high < 0)
        high = above_the_limit(fd);
    if (high < 0)
        return (int)high;
    Slot* s = take_slot((int)high);
    if (!s) {
        raw_syscall(SYS_close, high);
        return -24; // EMFILE
    }
    s->kind.store((uint8_t)kind, std::memory_order_release);
    note_lowest((int)high);
    raw_syscall(SYS_close, fd);
    return (int)high;
}

int own_fd_replace(int own, int fresh) {
    const long r = raw_syscall(SYS_dup3, fresh, own, O_CLOEXEC);
    raw_syscall(SYS_close, fresh);
    return (int)r;
}

void own_fd_close(int own) {
    Slot* s = slot_of(own);
    if (!s)
        return;
    // The descriptor first: its number must not look like the app's while it is still open.
    raw_syscall(SYS_close, own);
    s->kind.store((uint8_t)OwnFd::None, std::memory_order_release);
    s->fd.store(-1, std::memory_order_release);
}

OwnFd own_fd_kind(int fd) {
    const Slot* s = fd < 0 ? nullptr : slot_of(fd);
    return s ? (OwnFd)s->kind.load(std::memory_order_acquire) : OwnFd::None;
}

} // namespace glckpt
