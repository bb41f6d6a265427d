// The libc calls with which X libraries write, read and wait. For a connection they go the short
// way (inline.h); anything else, and whatever that does not serve, is libc's.
//
// Compiled with unwind tables: these are cancellation points.
#include "base/descriptor_hooks.h"
#include "base/syscall.h"
#include "x11/transport/inline.h"
#include "x11/transport/libc.h"
#include <asm/ioctls.h>
#include <cerrno>
#include <cstring>
#include <dlfcn.h>

using namespace glckpt;
using namespace glckpt::x11;

#define GLCKPT_EXPORT [[gnu::visibility("default")]]

namespace glckpt::x11 {
namespace {

Libc g_libc;
std::atomic<bool> g_found{false};

template <class F>
void find(F& f, const char* name) {
    f = (F)dlsym(RTLD_NEXT, name);
}

} // namespace

void find_libc() {
    Libc l;
    find(l.read, "read");
    find(l.readv, "readv");
    find(l.recv, "recv");
    find(l.recvfrom, "recvfrom");
    find(l.recvmsg, "recvmsg");
    find(l.write, "write");
    find(l.writev, "writev");
    find(l.send, "send");
    find(l.sendto, "sendto");
    find(l.sendmsg, "sendmsg");
    find(l.ioctl, "ioctl");
    find(l.ppoll, "ppoll");
    find(l.select, "select");
    find(l.pselect, "pselect");
    g_libc = l;
    g_found.store(true, std::memory_order_release);
}

const Libc& libc() {
    if (!g_found.load(std::memory_order_acquire)) [[unlikely]]
        find_libc();
    return g_libc;
}

} // namespace glckpt::x11

namespace {

ssize_t told(long result) {
    if (result >= 0)
        return result;
    if (result == -EPIPE)
        raise(SIGPIPE);
    errno = (int)-result;
    return -1;
}

int told_poll(int result) {
    if (result >= 0)
        return result;
    errno = -result;
    return -1;
}

// `m` says where to; `read` is libc's own call.
template <class Read>
ssize_t read_inline(int fd, msghdr* m, int flags, Read read) {
    long result;
    if (m->msg_name || !inline_read(fd, m, flags, &result))
        return read();
    if (result >= 0)
        return result;
    errno = (int)-result;
    return -1;
}

template <class Read>
ssize_t read_inline(int fd, void* p, size_t n, int flags, Read read) {
    if (!inline_hint(fd)) [[likely]]
        return read();
    iovec v{p, n};
    msghdr m{.msg_iov = &v, .msg_iovlen = 1};
    return read_inline(fd, &m, flags, read);
}

bool plain(const msghdr* m) { return m && !m->msg_name && m->msg_controllen == 0; }

bool hooked(pollfd* fds, nfds_t n, const timespec* timeout, const sigset_t* mask, int* result) {
    const int error = errno;
    int r;
    if (!inline_poll(fds, n, timeout, mask, &r)) {
        errno = error;
        return false;
    }
    errno = error;
    *result = told_poll(r);
    return true;
}

} // namespace

namespace glckpt::x11 {

void install_descriptor_hooks() {
    static constexpr DescriptorHooks hooks{hooked, leave_to_pump, doubt_inline_fds};
    g_descriptor_hooks.store(&hooks, std::memory_order_release);
}

} // namespace glckpt::x11

extern "C" {

GLCKPT_EXPORT ssize_t write(int fd, const void* p, size_t n) {
    const iovec v{const_cast<void*>(p), n};
    long result;
    if (inline_hint(fd) && inline_write(fd, &v, 1, 0, &result))
        return told(result);
    return libc().write(fd, p, n);
}

GLCKPT_EXPORT ssize_t writev(int fd, const iovec* v, int n) {
    long result;
    if (inline_hint(fd) && n >= 0 && inline_write(fd, v, n, 0, &result))
        return told(result);
    return libc().writev(fd, v, n);
}

GLCKPT_EXPORT ssize_t send(int fd, const void* p, size_t n, int flags) {
    const iovec v{const_cast<void*>(p), n};
    long result;
    if (inline_hint(fd) && inline_write(fd, &v, 1, flags, &result))
        return told(result);
    return libc().send(fd, p, n, flags);
}

GLCKPT_EXPORT ssize_t sendto(int fd, const void* p, size_t n, int flags, const sockaddr* to,
                             socklen_t length) {
    const iovec v{const_cast<void*>(p), n};
    long result;
    if (inline_hint(fd) && !to && inline_write(fd, &v, 1, flags, &result))
        return told(result);
    return libc().sendto(fd, p, n, flags, to, length);
}

GLCKPT_EXPORT ssize_t sendmsg(int fd, const msghdr* m, int flags) {
    long result;
    if (inline_hint(fd) && plain(m) &&
        inline_write(fd, m->msg_iov, (int)m->msg_iovlen, flags, &result))
        return told(result);
    return libc().sendmsg(fd, m, flags);
}

GLCKPT_EXPORT ssize_t read(int fd, void* p, size_t n) {
    return read_inline(fd, p, n, 0, [=] { return libc().read(fd, p, n); });
}

GLCKPT_EXPORT ssize_t __read_chk(int fd, void* p, size_t n, size_t room) {
    if (n > room)
        __builtin_trap();
    return read_inline(fd, p, n, 0, [=] { return libc().read(fd, p, n); });
}

GLCKPT_EXPORT ssize_t readv(int fd, const iovec* v, int n) {
    msghdr m{.msg_iov = const_cast<iovec*>(v), .msg_iovlen = (size_t)n};
    if (!inline_hint(fd) || n < 0)
        return libc().readv(fd, v, n);
    return read_inline(fd, &m, 0, [=] { return libc().readv(fd, v, n); });
}

GLCKPT_EXPORT ssize_t recv(int fd, void* p, size_t n, int flags) {
    return read_inline(fd, p, n, flags, [=] { return libc().recv(fd, p, n, flags); });
}

GLCKPT_EXPORT ssize_t __recv_chk(int fd, void* p, size_t n, size_t room, int flags) {
    if (n > room)
        __builtin_trap();
    return read_inline(fd, p, n, flags, [=] { return libc().recv(fd, p, n, flags); });
}

GLCKPT_EXPORT ssize_t recvfrom(int fd, void* p, size_t n, int flags, sockaddr* from,
                               socklen_t* length) {
    const auto read = [=] { return libc().recvfrom(fd, p, n, flags, from, length); };
    return from ? read() : read_inline(fd, p, n, flags, read);
}

GLCKPT_EXPORT ssize_t __recvfrom_chk(int fd, void* p, size_t n, size_t room, int flags,
                                     sockaddr* from, socklen_t* length) {
    if (n > room)
        __builtin_trap();
    const auto read = [=] { return libc().recvfrom(fd, p, n, flags, from, length); };
    return from ? read() : read_inline(fd, p, n, flags, read);
}

GLCKPT_EXPORT ssize_t recvmsg(int fd, msghdr* m, int flags) {
    const auto read = [=] { return libc().recvmsg(fd, m, flags); };
    return inline_hint(fd) && m ? read_inline(fd, m, flags, read) : read();
}

// How much there is to read: asked of the socketpair.
GLCKPT_EXPORT int ioctl(int fd, unsigned long request, void* argument) {
    if (request == FIONREAD && inline_hint(fd))
        inline_settle(fd);
    return libc().ioctl(fd, request, argument);
}

GLCKPT_EXPORT int ppoll(pollfd* fds, nfds_t n, const timespec* timeout, const sigset_t* mask) {
    int result;
    if (hooked(fds, n, timeout, mask, &result))
        return result;
    return libc().ppoll(fds, n, timeout, mask);
}

GLCKPT_EXPORT int __ppoll_chk(pollfd* fds, nfds_t n, const timespec* timeout, const sigset_t* mask,
                              size_t size) {
    if (n > size / sizeof *fds)
        __builtin_trap();
    return ppoll(fds, n, timeout, mask);
}
}
