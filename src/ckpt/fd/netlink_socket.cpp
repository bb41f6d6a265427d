#include "ckpt/fd/kind.h"
#include "ckpt/fd/socket_options.h"
#include "ckpt/image/archive.h"
#include "ckpt/text.h"
#include <linux/netlink.h>
#include <sys/socket.h>

namespace glckpt::ckpt {
namespace {

// Conversations with the kernel: hot-plug monitors (udev) and address watchers. The groups are
// joined again; what the kernel announced while the program was away is gone, as after an
// overrun, which these programs must bear anyhow.
struct Payload {
    int32_t type = 0, protocol = 0;
    bool bound = false;
    sockaddr_nl address{}, peer{}; // peer: of connect(); all zeros: the kernel
    std::vector<SocketOption> options;
    auto fields() {
        return std::tie(type, protocol, bound, address.nl_pid, address.nl_groups, peer.nl_pid,
                        peer.nl_groups, options);
    }
};

bool recognize(const OpenFd& f) {
    return S_ISSOCK(f.st.st_mode) && !(f.flags & O_PATH) &&
           socket_int(f.fd, SO_DOMAIN) == AF_NETLINK;
}

Status save(const OpenFd& f, SaveContext&, Description& d) {
    Payload p;
    p.type = socket_int(f.fd, SO_TYPE);
    p.protocol = socket_int(f.fd, SO_PROTOCOL);
    unsigned bytes = sizeof p.address;
    raw_syscall(SYS_getsockname, f.fd, &p.address, &bytes);
    bytes = sizeof p.peer;
    raw_syscall(SYS_getpeername, f.fd, &p.peer, &bytes);
    p.bound = p.address.nl_pid != 0 || p.address.nl_groups != 0;
    p.options = read_socket_options(f.fd, AF_NETLINK, p.type);
    d.payload = encode(p);
    return {};
}

Result<int> create(const Description& d, RestoreContext& ctx) {
    Payload p;
    if (!decode(d.payload, p))
        return Status::refused("damaged description of a netlink socket");
    Result<int> fd = ctx.lift(
        raw_syscall(SYS_socket, AF_NETLINK, p.type | SOCK_CLOEXEC, p.protocol), "netlink socket");
    if (!fd)
        return fd;
    set_socket_options(*fd, p.options, false);
    p.address.nl_family = AF_NETLINK;
    if (p.bound && raw_syscall(SYS_bind, *fd, &p.address, sizeof p.address) < 0) {
        p.address.nl_pid = 0; // the number is taken: any other will do
        raw_syscall(SYS_bind, *fd, &p.address, sizeof p.address);
    }
    p.peer.nl_family = AF_NETLINK;
    if (!p.peer.nl_pid && !p.peer.nl_groups)
        return fd;
    if (const long r = raw_syscall(SYS_connect, *fd, &p.peer, sizeof p.peer); r < 0)
        return Status::refused(format("%s: a netlink socket cannot be connected again: %s",
                                      fd_name(d.first_fd).c_str(), error_text((int)-r)));
    return fd;
}

} // namespace

const FdOps kNetlinkSocket{FdKind::NetlinkSocket, recognize, save, create, nullptr};

} // namespace glckpt::ckpt
