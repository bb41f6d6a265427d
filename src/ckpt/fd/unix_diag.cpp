#include "ckpt/fd/unix_diag.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>

namespace glckpt::ckpt {
namespace {

struct Request {
    nlmsghdr header{};
    unix_diag_req body{};
};

void read_entry(const nlmsghdr* h, std::map<uint64_t, UnixPeer>& out) {
    const auto* m = static_cast<const unix_diag_msg*>(NLMSG_DATA(h));
    UnixPeer& entry = out[m->udiag_ino];
    auto* a = reinterpret_cast<const rtattr*>(m + 1);
    int left = (int)(h->nlmsg_len - NLMSG_LENGTH(sizeof *m));
    for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
        if (a->rta_type == UNIX_DIAG_PEER)
            entry.peer = *static_cast<const uint32_t*>(RTA_DATA(a));
        if (a->rta_type == UNIX_DIAG_VFS)
            entry.file = static_cast<const unix_diag_vfs*>(RTA_DATA(a))->udiag_vfs_ino;
        if (a->rta_type == UNIX_DIAG_SHUTDOWN)
            entry.shutdown = *static_cast<const uint8_t*>(RTA_DATA(a));
    }
}

} // namespace

Result<std::map<uint64_t, UnixPeer>> unix_peers() {
    const UniqueFd s(
        raw_syscall(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
    Request q;
    q.header.nlmsg_len = sizeof q;
    q.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    q.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    q.body.sdiag_family = AF_UNIX;
    q.body.udiag_states = ~0u;
    q.body.udiag_show = UDIAG_SHOW_PEER | UDIAG_SHOW_VFS;
    if (!s.ok() || raw_syscall(SYS_sendto, s.get(), &q, sizeof q, 0, 0, 0) < 0)
        return Status::refused("this kernel does not tell which sockets are connected "
                               "(CONFIG_UNIX_DIAG)");
    std::map<uint64_t, UnixPeer> out;
    alignas(nlmsghdr) static char buffer[32 << 10]; // the checkpoint thread's alone
    for (;;) {
        const long n = raw_syscall(SYS_recvfrom, s.get(), buffer, sizeof buffer, 0, 0, 0);
        if (n <= 0)
            return Status::refused("this kernel does not tell which sockets are connected");
        auto* h = reinterpret_cast<const nlmsghdr*>(buffer);
        for (size_t left = (size_t)n; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
            if (h->nlmsg_type == NLMSG_DONE)
                return out;
            if (h->nlmsg_type == NLMSG_ERROR)
                return Status::refused("this kernel does not tell which sockets are connected "
                                       "(CONFIG_UNIX_DIAG)");
            read_entry(h, out);
        }
    }
}

} // namespace glckpt::ckpt
