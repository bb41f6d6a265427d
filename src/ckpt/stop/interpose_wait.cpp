// Wrappers of the calls that wait for a relative time: they note the deadline (deadline.h) and
// call libc's. Finite, non-zero time-outs only; anything else goes straight through.
//
// These are cancellation points: libc's function is called, not the kernel, and this file is
// compiled with unwind tables so that a cancelled thread can be unwound through it. The note is
// put back by hand, since a thread that is unwound here never uses it again.
#include "base/descriptor_hooks.h"
#include "ckpt/interpose.h"
#include "ckpt/stop/deadline.h"
#include "ckpt/sys.h"
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/sem.h>
#include <unistd.h>

using namespace glckpt::ckpt;

namespace {

constexpr uint64_t kMs = 1'000'000;

uint64_t ns_of(const timespec* t) {
    return t->tv_sec < 0 || t->tv_sec > 1'000'000'000
               ? 0
               : (uint64_t)t->tv_sec * 1'000'000'000 + (uint64_t)t->tv_nsec;
}

template <class Call>
auto with_deadline(long nr, uint64_t timeout_ns, Call call) {
    if (timeout_ns == 0)
        return call();
    const Deadline outer = t_deadline; // of a call that a signal handler interrupted
    t_deadline.at_ns = clock_ns(CLOCK_MONOTONIC) + timeout_ns;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    t_deadline.syscall = nr;
    const auto result = call();
    t_deadline.syscall = outer.syscall;
    t_deadline.at_ns = outer.at_ns;
    return result;
}

} // namespace

extern "C" {

GLCKPT_EXPORT int nanosleep(const timespec* request, timespec* left) {
    static Real<int(const timespec*, timespec*)> real("nanosleep");
    // glibc makes it of clock_nanosleep, whose number is what the kernel sees.
    return with_deadline(SYS_clock_nanosleep, request ? ns_of(request) : 0,
                         [&] { return real(request, left); });
}

GLCKPT_EXPORT int clock_nanosleep(clockid_t clock, int flags, const timespec* request,
                                  timespec* left) {
    static Real<int(clockid_t, int, const timespec*, timespec*)> real("clock_nanosleep");
    const bool relative = !(flags & TIMER_ABSTIME) && request;
    return with_deadline(SYS_clock_nanosleep, relative ? ns_of(request) : 0,
                         [&] { return real(clock, flags, request, left); });
}

GLCKPT_EXPORT int usleep(useconds_t us) {
    static Real<int(useconds_t)> real("usleep");
    return with_deadline(SYS_clock_nanosleep, (uint64_t)us * 1000, [&] { return real(us); });
}

GLCKPT_EXPORT unsigned sleep(unsigned seconds) {
    static Real<unsigned(unsigned)> real("sleep");
    return with_deadline(SYS_clock_nanosleep, (uint64_t)seconds * 1'000'000'000,
                         [&] { return real(seconds); });
}

GLCKPT_EXPORT int poll(pollfd* fds, nfds_t n, int timeout) {
    static Real<int(pollfd*, nfds_t, int)> real("poll");
    if (int result; glckpt::hooked_poll(fds, n, timeout, &result))
        return result;
    return with_deadline(SYS_poll, timeout > 0 ? (uint64_t)timeout * kMs : 0,
                         [&] { return real(fds, n, timeout); });
}

GLCKPT_EXPORT int __poll_chk(pollfd* fds, nfds_t n, int timeout, size_t size) {
    static Real<int(pollfd*, nfds_t, int, size_t)> real("__poll_chk");
    if (int result; n <= size / sizeof *fds && glckpt::hooked_poll(fds, n, timeout, &result))
        return result;
    return with_deadline(SYS_poll, timeout > 0 ? (uint64_t)timeout * kMs : 0,
                         [&] { return real(fds, n, timeout, size); });
}

GLCKPT_EXPORT int epoll_wait(int fd, epoll_event* events, int n, int timeout) {
    static Real<int(int, epoll_event*, int, int)> real("epoll_wait");
    glckpt::hooked_other_wait(timeout != 0);
    return with_deadline(SYS_epoll_wait, timeout > 0 ? (uint64_t)timeout * kMs : 0,
                         [&] { return real(fd, events, n, timeout); });
}

GLCKPT_EXPORT int epoll_pwait(int fd, epoll_event* events, int n, int timeout,
                              const sigset_t* mask) {
    static Real<int(int, epoll_event*, int, int, const sigset_t*)> real("epoll_pwait");
    glckpt::hooked_other_wait(timeout != 0);
    return with_deadline(SYS_epoll_pwait, timeout > 0 ? (uint64_t)timeout * kMs : 0,
                         [&] { return real(fd, events, n, timeout, mask); });
}

GLCKPT_EXPORT int epoll_pwait2(int fd, epoll_event* events, int n, const timespec* timeout,
                               const sigset_t* mask) {
    static Real<int(int, epoll_event*, int, const timespec*, const sigset_t*)> real("epoll_pwait2");
    glckpt::hooked_other_wait(true);
    return with_deadline(SYS_epoll_pwait2, timeout ? ns_of(timeout) : 0,
                         [&] { return real(fd, events, n, timeout, mask); });
}

GLCKPT_EXPORT int sigtimedwait(const sigset_t* set, siginfo_t* info, const timespec* timeout) {
    static Real<int(const sigset_t*, siginfo_t*, const timespec*)> real("sigtimedwait");
    return with_deadline(SYS_rt_sigtimedwait, timeout ? ns_of(timeout) : 0,
                         [&] { return real(set, info, timeout); });
}

GLCKPT_EXPORT int semtimedop(int id, sembuf* ops, size_t n, const timespec* timeout) {
    static Real<int(int, sembuf*, size_t, const timespec*)> real("semtimedop");
    return with_deadline(SYS_semtimedop, timeout ? ns_of(timeout) : 0,
                         [&] { return real(id, ops, n, timeout); });
}
}
