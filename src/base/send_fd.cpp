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

} // namespace glckpt
