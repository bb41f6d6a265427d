#include "ckpt/fd/sock_diag.h"
#include "ckpt/sys.h"
#include <cstring>
#include <linux/sock_diag.h>
#include <sys/socket.h>

namespace glckpt::ckpt {

bool dump_sockets(const void* request, size_t bytes,
                  const std::function<bool(const nlmsghdr*)>& visit) {
    const UniqueFd s(
        raw_syscall(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    alignas(nlmsghdr) static char buffer[32 << 10]; // the checkpoint thread's alone
    nlmsghdr header{};
    header.nlmsg_len = (uint32_t)(sizeof header + bytes);
    header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    memcpy(buffer, &header, sizeof header);
    memcpy(buffer + sizeof header, request, bytes);
    if (!s.ok() || raw_syscall(SYS_sendto, s.get(), buffer, header.nlmsg_len, 0, 0, 0) < 0)
        return false;
    for (;;) {
        const long n = raw_syscall(SYS_recvfrom, s.get(), buffer, sizeof buffer, 0, 0, 0);
        if (n <= 0)
            return false;
        auto* h = reinterpret_cast<const nlmsghdr*>(buffer);
        for (size_t left = (size_t)n; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
            if (h->nlmsg_type == NLMSG_ERROR)
                return false;
            if (h->nlmsg_type == NLMSG_DONE || !visit(h))
                return true;
        }
    }
}

} // namespace glckpt::ckpt
