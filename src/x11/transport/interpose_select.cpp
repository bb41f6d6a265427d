// select and pselect, for sets with an X connection in them: waited for as a poll (inline.h).
//
// Compiled with unwind tables: these are cancellation points.
#include "x11/transport/inline.h"
#include "x11/transport/libc.h"
#include <cerrno>
#include <ctime>

using namespace glckpt::x11;

#define GLCKPT_EXPORT [[gnu::visibility("default")]]

namespace {

constexpr int kMost = 256;

struct Sets {
    fd_set *read, *write, *except;
    bool has(const fd_set* s, int fd) const { return s && FD_ISSET(fd, s); }
    bool any(int fd) const { return has(read, fd) || has(write, fd) || has(except, fd); }
};

// What poll says, as select says it (the kernel's POLLIN_SET and so on). Number of bits, or -EBADF.
int take_back(const Sets& s, const pollfd* fds, int n) {
    for (int i = 0; i < n; ++i)
        if (fds[i].revents & POLLNVAL)
            return -EBADF;
    int bits = 0;
    const auto set = [&](fd_set* into, const pollfd& p, short meaning) {
        if (!into || !FD_ISSET(p.fd, into))
            return;
        if (p.revents & meaning)
            ++bits;
        else
            FD_CLR(p.fd, into);
    };
    for (int i = 0; i < n; ++i) {
        set(s.read, fds[i], POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR);
        set(s.write, fds[i], POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR);
        set(s.except, fds[i], POLLPRI);
    }
    return bits;
}

// False: nothing here for us.
bool select_inline(int n, const Sets& s, const timespec* timeout, const sigset_t* mask,
                   int* result) {
    pollfd fds[kMost];
    int count = 0;
    bool ours = false;
    for (int fd = 0; fd < n && fd < FD_SETSIZE; ++fd) {
        if (!s.any(fd))
            continue;
        if (count == kMost)
            return false;
        const int events = (s.has(s.read, fd) ? POLLIN : 0) | (s.has(s.write, fd) ? POLLOUT : 0) |
                           (s.has(s.except, fd) ? POLLPRI : 0);
        fds[count++] = {fd, (short)events, 0};
        ours |= inline_hint(fd) != 0;
    }
    if (!ours || n > FD_SETSIZE || !inline_poll(fds, (nfds_t)count, timeout, mask, result))
        return false;
    if (*result == 0)
        for (int i = 0; i < count; ++i)
            fds[i].revents = 0;
    if (*result >= 0)
        *result = take_back(s, fds, count);
    return true;
}

int told(int result) {
    if (result >= 0)
        return result;
    errno = -result;
    return -1;
}

int64_t now_us() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1'000'000 + t.tv_nsec / 1000;
}

} // namespace

extern "C" {

GLCKPT_EXPORT int select(int n, fd_set* read, fd_set* write, fd_set* except, timeval* timeout) {
    const int error = errno;
    timespec t{};
    int64_t begin = 0;
    if (timeout) {
        t = {timeout->tv_sec, timeout->tv_usec * 1000};
        begin = now_us();
    }
    int result;
    const bool usual =
        !timeout || (timeout->tv_sec >= 0 && timeout->tv_usec >= 0 && timeout->tv_usec < 1'000'000);
    if (!usual ||
        !select_inline(n, {read, write, except}, timeout ? &t : nullptr, nullptr, &result)) {
        errno = error;
        return libc().select(n, read, write, except, timeout);
    }
    if (timeout) { // Linux tells what is left
        const int64_t whole = (int64_t)timeout->tv_sec * 1'000'000 + timeout->tv_usec;
        const int64_t passed = now_us() - begin;
        const int64_t left = passed < 0 ? whole : passed < whole ? whole - passed : 0;
        *timeout = {(time_t)(left / 1'000'000), (suseconds_t)(left % 1'000'000)};
    }
    errno = error;
    return told(result);
}

GLCKPT_EXPORT int pselect(int n, fd_set* read, fd_set* write, fd_set* except,
                          const timespec* timeout, const sigset_t* mask) {
    const int error = errno;
    int result;
    if (!select_inline(n, {read, write, except}, timeout, mask, &result)) {
        errno = error;
        return libc().pselect(n, read, write, except, timeout, mask);
    }
    errno = error;
    return told(result);
}
}
