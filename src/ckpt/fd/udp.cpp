#include "ckpt/fd/udp.h"
#include "ckpt/fd/peek_offset.h"
#include "ckpt/fd/sock_diag.h"
#include "ckpt/fd/socket_options.h"
#include "ckpt/text.h"
#include <cstring>
#include <linux/inet_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace glckpt::ckpt {
namespace {

// All UDP sockets are listed: a question for one alone takes an address that may be shared.
int shutdown_of_inode(int family, int protocol, uint32_t inode) {
    inet_diag_req_v2 q{};
    q.sdiag_family = (uint8_t)family;
    q.sdiag_protocol = (uint8_t)protocol;
    q.idiag_states = ~0u;
    int found = 0;
    dump_sockets(&q, sizeof q, [&](const nlmsghdr* h) {
        if (static_cast<const inet_diag_msg*>(NLMSG_DATA(h))->idiag_inode != inode)
            return true;
        for_each_attribute<inet_diag_msg>(h, [&](int type, const char* data, size_t) {
            if (type == INET_DIAG_SHUTDOWN)
                found = (uint8_t)*data;
        });
        return false;
    });
    return found;
}

// An address that anybody's is, as one that can be sent to.
std::string reachable(std::string address) {
    if (address.size() >= sizeof(sockaddr_in6) && address[0] == AF_INET6) {
        auto* a = reinterpret_cast<sockaddr_in6*>(address.data());
        if (IN6_IS_ADDR_UNSPECIFIED(&a->sin6_addr))
            a->sin6_addr = in6addr_loopback;
    } else if (address.size() >= sizeof(sockaddr_in)) {
        auto* a = reinterpret_cast<sockaddr_in*>(address.data());
        if (a->sin_addr.s_addr == INADDR_ANY)
            a->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    return address;
}

// Somebody's for the moment who has that address.
UniqueFd stand_in(const std::string& address) {
    UniqueFd fd(raw_syscall(SYS_socket, ((const sockaddr*)address.data())->sa_family,
                            SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const int one = 1;
    raw_syscall(SYS_setsockopt, fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (raw_syscall(SYS_bind, fd.get(), address.data(), (unsigned)address.size()) < 0)
        return UniqueFd();
    return fd;
}

// The same host and port, however the program's socket was bound.
int sender_of_tree(const std::string& sender, const RestoreContext& ctx) {
    for (const auto& [address, fd] : ctx.udp_names)
        if (reachable(address) == sender)
            return fd;
    return -1;
}

} // namespace

std::vector<Datagram> unread_datagrams(int fd) {
    std::vector<Datagram> out;
    const PeekOffset at(fd);
    for (;;) {
        Datagram d;
        d.bytes.resize(64 << 10); // as large as one can be
        iovec io{d.bytes.data(), d.bytes.size()};
        sockaddr_storage from{};
        msghdr m{};
        m.msg_iov = &io;
        m.msg_iovlen = 1;
        m.msg_name = &from;
        m.msg_namelen = sizeof from;
        const long n = raw_syscall(SYS_recvmsg, fd, &m, MSG_PEEK | MSG_DONTWAIT);
        if (n < 0)
            break;
        d.bytes.resize((size_t)n);
        d.sender.assign(reinterpret_cast<const char*>(&from), m.msg_namelen);
        out.push_back(std::move(d));
        if (n == 0)
            break; // an empty one does not move the offset
    }
    return out;
}

uint8_t udp_shutdown(int fd) {
    struct stat st {};
    raw_syscall(SYS_fstat, fd, &st);
    return (uint8_t)(shutdown_of_inode(socket_int(fd, SO_DOMAIN), socket_int(fd, SO_PROTOCOL),
                                       (uint32_t)st.st_ino) &
                     3);
}

void put_back_datagrams(int fd, int shown_fd, const std::string& address,
                        const std::vector<Datagram>& unread, RestoreContext& ctx) {
    int wanted = 0;
    for (const Datagram& d : unread)
        wanted += (int)d.bytes.size() + 2048;
    for (const int name : {SO_RCVBUF, SO_RCVBUFFORCE})
        raw_syscall(SYS_setsockopt, fd, SOL_SOCKET, name, &wanted, sizeof wanted);
    const std::string to = reachable(address);
    size_t lost = 0;
    for (const Datagram& d : unread) {
        const bool known = d.sender.size() >= sizeof(sockaddr_in);
        const int of_tree = known ? sender_of_tree(d.sender, ctx) : -1;
        const UniqueFd other = known && of_tree < 0 ? stand_in(d.sender) : UniqueFd();
        const long n =
            raw_syscall(SYS_sendto, of_tree >= 0 ? of_tree : other.get(), d.bytes.data(),
                        d.bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL, to.data(), to.size());
        lost += n != (long)d.bytes.size();
    }
    if (lost)
        ctx.warnings.push_back(format("%s: %zu unread datagrams from elsewhere are lost",
                                      fd_name(shown_fd).c_str(), lost));
}

} // namespace glckpt::ckpt
