// IPv4 and IPv6 sockets: UDP, bound or not (and connected UDP, which is only a default address),
// listening and fresh TCP, connections within the tree (tcp_connection.h). A connection to the
// outside falls under --ext-sockets.
#include "ckpt/fd/kind.h"
#include "ckpt/fd/socket_options.h"
#include "ckpt/fd/tcp_connection.h"
#include "ckpt/fd/udp.h"
#include "ckpt/image/archive.h"
#include "ckpt/text.h"
#include <arpa/inet.h>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace glckpt::ckpt {
namespace {

struct Payload {
    int32_t family = 0, type = 0, protocol = 0;
    bool listening = false, peer_closed = false;
    std::string address, peer;
    std::vector<SocketOption> options;
    TcpEnd tcp;
    std::vector<Datagram> unread;
    uint8_t shutdown = 0; // of a connected UDP socket
    auto fields() {
        return std::tie(family, type, protocol, listening, peer_closed, address, peer, options, tcp,
                        unread, shutdown);
    }
    bool is_connection() const { return tcp.inside || tcp.peer_closed; }
};

bool recognize(const OpenFd& f) {
    if (!S_ISSOCK(f.st.st_mode) || (f.flags & O_PATH))
        return false;
    const int family = socket_int(f.fd, SO_DOMAIN);
    return family == AF_INET || family == AF_INET6;
}

std::string name_of(long call, int fd) {
    sockaddr_storage a{};
    unsigned bytes = sizeof a;
    if (raw_syscall(call, fd, &a, &bytes) < 0)
        return {};
    return std::string(reinterpret_cast<const char*>(&a), bytes);
}

std::string address_text(const std::string& address) {
    char text[INET6_ADDRSTRLEN] = "?";
    sockaddr_in6 a{};
    memcpy(&a, address.data(), std::min(address.size(), sizeof a));
    if (a.sin6_family == AF_INET6) {
        inet_ntop(AF_INET6, &a.sin6_addr, text, sizeof text);
        return format("[%s]:%d", text, ntohs(a.sin6_port));
    }
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&a);
    inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
    return format("%s:%d", text, ntohs(v4->sin_port));
}

bool has_port(const std::string& address) {
    return address.size() >= 4 && (address[2] != 0 || address[3] != 0);
}

std::pair<int, int> port_of(const Payload& p) {
    uint16_t port = 0;
    if (p.address.size() >= 4)
        memcpy(&port, p.address.data() + 2, sizeof port);
    return {p.type, port};
}

bool is_connecting(int fd) {
    tcp_info info{};
    unsigned bytes = sizeof info;
    raw_syscall(SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO, &info, &bytes);
    return info.tcpi_state == 2 || info.tcpi_state == 3; // SYN sent, SYN received
}

// Of this machine: the other end may be one that the program has not accepted yet.
bool is_loopback(const std::string& address) {
    sockaddr_in6 a{};
    memcpy(&a, address.data(), std::min(address.size(), sizeof a));
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&a);
    const auto* bytes = reinterpret_cast<const unsigned char*>(&a.sin6_addr);
    static constexpr unsigned char one[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    static constexpr unsigned char mapped[13] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127};
    if (a.sin6_family == AF_INET)
        return (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
    return a.sin6_family == AF_INET6 &&
           (memcmp(bytes, one, sizeof one) == 0 || memcmp(bytes, mapped, sizeof mapped) == 0);
}

Status save(const OpenFd& f, SaveContext& ctx, Description& d) {
    Payload p;
    p.family = socket_int(f.fd, SO_DOMAIN);
    p.type = socket_int(f.fd, SO_TYPE);
    p.protocol = socket_int(f.fd, SO_PROTOCOL);
    if (p.type != SOCK_STREAM && p.type != SOCK_DGRAM)
        return refuse_fd(f, "a raw network socket");
    p.address = name_of(SYS_getsockname, f.fd);
    p.peer = name_of(SYS_getpeername, f.fd);
    p.listening = socket_int(f.fd, SO_ACCEPTCONN) == 1;
    p.options = read_socket_options(f.fd, p.family, p.type);
    if (p.type == SOCK_STREAM && p.peer.empty() && is_connecting(f.fd))
        return refuse_fd(f, "a TCP connection that is being made; try again");
    // Ended in both directions: not a peer any more, but a stream's end to be read, where one that
    // was never connected says ENOTCONN.
    char none;
    if (p.type == SOCK_STREAM && p.peer.empty() && !p.listening &&
        raw_syscall(SYS_recvfrom, f.fd, &none, 1, MSG_PEEK | MSG_DONTWAIT, 0, 0) == 0)
        p.peer_closed = true;
    if (p.type == SOCK_STREAM && !p.peer.empty())
        if (Status s = save_tcp_end(f, ctx, p.address, p.peer, p.tcp); !s)
            return s;
    if (p.type == SOCK_STREAM && !p.peer.empty() && !p.is_connection()) {
        if (ctx.external != ExternalSockets::Close)
            return refuse_fd(f, format("a connection to tcp %s (use --ext-sockets=close to restart "
                                       "with it closed)%s",
                                       address_text(p.peer).c_str(),
                                       is_loopback(p.peer)
                                           ? "; if the program is just accepting it, try again"
                                           : ""));
        p.peer_closed = true;
    }
    if (p.type == SOCK_DGRAM && !ctx.dry) {
        p.unread = unread_datagrams(f.fd);
        p.shutdown = p.peer.empty() ? 0 : udp_shutdown(f.fd);
    }
    d.payload = encode(p);
    return {};
}

// Whoever restores right after a kill -9 comes before the kernel has taken the old process, and its
// sockets, apart: a large one takes a second.
long bind_when_free(int fd, const std::string& address) {
    for (int tries = 0;; ++tries) {
        const long r = raw_syscall(SYS_bind, fd, address.data(), (unsigned)address.size());
        if (r != -EADDRINUSE || tries == 150)
            return r;
        const timespec nap{0, 20'000'000};
        raw_syscall(SYS_nanosleep, &nap, nullptr);
    }
}

// A connection whose peer has gone: what robust programs are ready for.
Result<int> create_closed(RestoreContext& ctx) {
    int ends[2];
    const long r = raw_syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
    if (r < 0)
        return Status::refused(format("cannot make a socket: %s", error_text((int)-r)));
    raw_syscall(SYS_close, ends[1]);
    return ctx.lift(ends[0], "socket");
}

Result<int> create(const Description& d, RestoreContext& ctx) {
    Payload p;
    if (!decode(d.payload, p))
        return Status::refused("damaged description of a network socket");
    if (p.peer_closed)
        return create_closed(ctx);
    if (p.is_connection())
        return create_tcp_end(p.tcp, p.address, p.peer, ctx);
    Result<int> fd = ctx.lift(raw_syscall(SYS_socket, p.family, p.type | SOCK_CLOEXEC, p.protocol),
                              "network socket");
    if (!fd)
        return fd;
    set_socket_options(*fd, p.options, true);
    // Others with the same port were bound when the program let them, which it may not any more:
    // connect() gives the options back.
    if (p.listening ||
        ctx.ports[port_of(p)] > 1) { // the old listener may have left connections in TIME_WAIT
        const int one = 1;
        raw_syscall(SYS_setsockopt, *fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (ctx.ports[port_of(p)] > 1)
            raw_syscall(SYS_setsockopt, *fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    }
    if (has_port(p.address)) {
        long r = bind_when_free(*fd, p.address);
        if (r == -EADDRNOTAVAIL) {
            ctx.warnings.push_back(fd_name(d.first_fd) + " is bound to " + address_text(p.address) +
                                   ", which is no address of this machine");
            const int one = 1;
            raw_syscall(SYS_setsockopt, *fd, p.family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP,
                        p.family == AF_INET6 ? 78 /*IPV6_FREEBIND*/ : IP_FREEBIND, &one,
                        sizeof one);
            r = bind_when_free(*fd, p.address);
        }
        if (r < 0)
            return Status::refused(format("%s: cannot bind %s %s again: %s",
                                          fd_name(d.first_fd).c_str(),
                                          p.type == SOCK_STREAM ? "tcp" : "udp",
                                          address_text(p.address).c_str(), error_text((int)-r)));
    }
    if (p.listening)
        raw_syscall(SYS_listen, *fd, 4096);
    else if (!p.peer.empty())
        raw_syscall(SYS_connect, *fd, p.peer.data(), (unsigned)p.peer.size());
    if (p.type == SOCK_DGRAM && has_port(p.address))
        ctx.udp_names[p.address] = *fd;
    if (!p.unread.empty())
        ctx.later.push_back([p, fd = *fd, d_fd = d.first_fd, &ctx] {
            put_back_datagrams(fd, d_fd, p.address, p.unread, ctx);
            return Status();
        });
    if (p.shutdown)
        ctx.last.push_back([fd = *fd, how = p.shutdown - 1] {
            raw_syscall(SYS_shutdown, fd, how);
            return Status();
        });
    return fd;
}

Status connect(int fd, const Description& d, RestoreContext&) {
    Payload p;
    if (!decode(d.payload, p))
        return Status::refused("damaged description of a network socket");
    if (p.peer_closed)
        return {};
    set_socket_options(fd, p.options, false);
    if (!p.is_connection()) // see create
        set_socket_options(fd, p.options, true);
    return {};
}

} // namespace

void note_port(const Description& d, RestoreContext& ctx) {
    Payload p;
    if (d.kind == FdKind::InetSocket && !d.elsewhere && decode(d.payload, p) && has_port(p.address))
        ++ctx.ports[port_of(p)];
}

bool is_tcp_connection(const Description& d) {
    Payload p;
    return d.kind == FdKind::InetSocket && !d.elsewhere && decode(d.payload, p) &&
           p.is_connection();
}

const FdOps kInetSocket{FdKind::InetSocket, recognize, save, create, connect};

} // namespace glckpt::ckpt
