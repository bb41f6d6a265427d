#include "base/send_fd.h"
#include "base/syscall.h"
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/uio.h>

namespace glckpt {

bool send_all(int socket, const void* bytes, size_t n, int pass) {
    const char* at = static_cast<const char*>(bytes);
    while (n > 0) {
        iovec io{const_cast<char*>(at), n};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
        msghdr m{};
        m.msg_iov = &io;
        m.msg_iovlen = 1;
        if (pass >= 0) {
            m.msg_control = control;
            m.msg_controllen = sizeof control;
            cmsghdr* c = CMSG_FIRSTHDR(&m);
            c->cmsg_level = SOL_SOCKET;
            c->cmsg_type = SCM_RIGHTS;
            c->cmsg_len = CMSG_LEN(sizeof(int));
            memcpy(CMSG_DATA(c), &pass, sizeof pass);
        }
        const long sent = raw_syscall(SYS_sendmsg, socket, &m, MSG_NOSIGNAL);
        if (sent == -EINTR)
            continue;
        if (sent <= 0)
            return false;
        pass = -1; // once is enough
        at += sent;
        n -= (size_t)sent;
    }
    return true;
}

long receive_some(int socket, void* to, size_t n, int* passed) {
    iovec io{to, n};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    msghdr m{};
    long got;
    do {
        m.msg_iov = &io;
        m.msg_iovlen = 1;
        m.msg_control = control;
        m.msg_controllen = sizeof control;
        got = raw_syscall(SYS_recvmsg, socket, &m, MSG_CMSG_CLOEXEC);
    } while (got == -EINTR);
    const cmsghdr* c = got > 0 ? CMSG_FIRSTHDR(&m) : nullptr;
    if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
        return got;
    int fd;
    memcpy(&fd, CMSG_DATA(c), sizeof fd);
    if (passed && *passed >= 0)
        raw_syscall(SYS_close, *passed);
    if (passed)
        *passed = fd;
    else
        raw_syscall(SYS_close, fd);
    return got;
}

bool receive_all(int socket, void* to, size_t n, int* passed) {
    for (char* at = static_cast<char*>(to); n > 0;) {
        const long got = receive_some(socket, at, n, passed);
        if (got <= 0)
            return false;
        at += got;
        n -= (size_t)got;
    }
    return true;
}

} // namespace glckpt
