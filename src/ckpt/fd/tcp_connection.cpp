#include "ckpt/fd/tcp_connection.h"
#include "ckpt/fd/peek_offset.h"
#include "ckpt/fd/socket_options.h"
#include "ckpt/text.h"
#include <cerrno>
#include <cstring>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

// No privilege is needed to make a connection with the numbers that it had: one end listens for a
// moment on its old address, the other binds its own and connects. Listening sockets of the
// program are made after all of this. The numbers may still be taken by what the kernel keeps of
// the killed program's connection for a minute (TIME_WAIT). Binding over that is allowed where both
// sides have SO_REUSEADDR, which is therefore set on such sockets at a checkpoint; connecting over
// it, on loopback, a second later (net.ipv4.tcp_tw_reuse): so it is tried for a while.
namespace glckpt::ckpt {
namespace {

constexpr uint64_t kPatience = 5'000'000'000;

// The states' numbers as TCP_INFO has them.
enum State {
    Established = 1,
    SynSent,
    SynReceived,
    FinWait1,
    FinWait2,
    TimeWait,
    Close,
    CloseWait,
    LastAck,
    Listen,
    Closing
};

struct Place {
    in6_addr address{};
    uint16_t port = 0; // network order
};

Place place_of(const std::string& name) {
    Place p;
    sockaddr_in6 a{};
    memcpy(&a, name.data(), std::min(name.size(), sizeof a));
    p.port = a.sin6_port; // at the same place in both
    if (a.sin6_family == AF_INET6) {
        p.address = a.sin6_addr;
    } else {
        const auto* v4 = reinterpret_cast<const sockaddr_in*>(&a);
        p.address.s6_addr[10] = p.address.s6_addr[11] = 0xff;
        memcpy(p.address.s6_addr + 12, &v4->sin_addr, 4);
    }
    return p;
}

std::string key_of(const std::string& local, const std::string& remote) {
    std::string out;
    for (const std::string* name : {&local, &remote}) {
        const Place p = place_of(*name);
        out.append(reinterpret_cast<const char*>(&p.address), 16);
        out.append(reinterpret_cast<const char*>(&p.port), 2);
    }
    return out;
}

// The same place as a socket of that family names it.
std::string name_for(int family, const std::string& name) {
    sockaddr_in6 old{};
    memcpy(&old, name.data(), std::min(name.size(), sizeof old));
    if (old.sin6_family == family)
        return name;
    const Place p = place_of(name);
    if (family == AF_INET) {
        sockaddr_in a{};
        a.sin_family = AF_INET;
        a.sin_port = p.port;
        memcpy(&a.sin_addr, p.address.s6_addr + 12, 4);
        return std::string(reinterpret_cast<const char*>(&a), sizeof a);
    }
    sockaddr_in6 a{};
    a.sin6_family = AF_INET6;
    a.sin6_port = p.port;
    a.sin6_addr = p.address;
    return std::string(reinterpret_cast<const char*>(&a), sizeof a);
}

int family_of(const std::string& name) {
    sa_family_t family = 0;
    memcpy(&family, name.data(), std::min(name.size(), sizeof family));
    return family;
}

std::string name_of(long call, int fd) {
    sockaddr_storage a{};
    unsigned bytes = sizeof a;
    if (raw_syscall(call, fd, &a, &bytes) < 0)
        return {};
    return std::string(reinterpret_cast<const char*>(&a), bytes);
}

tcp_info info_of(int fd) {
    tcp_info info{};
    unsigned bytes = sizeof info;
    raw_syscall(SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO, &info, &bytes);
    return info;
}

bool is_here(const std::string& local, const std::string& remote) {
    const Place a = place_of(local), b = place_of(remote);
    return memcmp(&a.address, &b.address, sizeof a.address) == 0 ||
           IN6_IS_ADDR_LOOPBACK(&b.address) ||
           (IN6_IS_ADDR_V4MAPPED(&b.address) && b.address.s6_addr[12] == 127);
}

// What has been sent lies, on loopback, in the other end's queue. What has not been sent, because
// that is full, nobody can read from here.
Status check_sent(const OpenFd& f) {
    int unsent = 0;
    for (int tries = 0; tries < 100; ++tries) {
        const tcp_info info = info_of(f.fd);
        raw_syscall(SYS_ioctl, f.fd, SIOCOUTQNSD, &unsent);
        if (unsent == 0 && info.tcpi_retransmits == 0 && info.tcpi_lost == 0)
            return {};
        const timespec tick{0, 1'000'000};
        raw_syscall(SYS_nanosleep, &tick, 0);
    }
    return refuse_fd(f, "a TCP connection with more under way than the reader's buffer holds; try "
                        "again");
}

Status copy_unread(const OpenFd& f, std::string& out) {
    int waiting = 0;
    raw_syscall(SYS_ioctl, f.fd, SIOCINQ, &waiting);
    if (waiting <= 0)
        return {};
    out.resize((size_t)waiting);
    const PeekOffset at(f.fd);
    const long n =
        raw_syscall(SYS_recvfrom, f.fd, out.data(), out.size(), MSG_PEEK | MSG_DONTWAIT, 0, 0);
    return n == waiting ? Status()
                        : refuse_fd(f, "a TCP connection whose unread bytes cannot be read");
}

Status set_up(long r, const char* what) {
    return r < 0 ? Status::refused(format("a TCP connection cannot be made again (%s: %s)", what,
                                          error_text((int)-r)))
                 : Status();
}

UniqueFd make_socket(int family, int buffer) {
    UniqueFd fd(raw_syscall(SYS_socket, family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int one = 1;
    raw_syscall(SYS_setsockopt, fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    // As the program's other sockets of that port may have it; put right when all are there.
    raw_syscall(SYS_setsockopt, fd.get(), SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (buffer > 0)
        for (const int name : {SO_RCVBUF, SO_RCVBUFFORCE})
            raw_syscall(SYS_setsockopt, fd.get(), SOL_SOCKET, name, &buffer, sizeof buffer);
    return fd;
}

struct Ends {
    UniqueFd here, there;
};

Status try_ends(const TcpEnd& end, const std::string& local, const std::string& remote, Ends& out) {
    // The other end's unread bytes are not known here. Most have none.
    const int buffer = end.unread.size() > 16384 ? (int)end.unread.size() : 0;
    const int peer_family = end.peer_family;
    const std::string listens = name_for(peer_family, remote);
    const UniqueFd listener = make_socket(peer_family, buffer);
    out.here = make_socket(family_of(local), buffer);
    if (!listener.ok() || !out.here.ok())
        return set_up(-EMFILE, "socket");
    if (Status s =
            set_up(raw_syscall(SYS_bind, listener.get(), listens.data(), listens.size()), "bind");
        !s)
        return s;
    if (Status s = set_up(raw_syscall(SYS_listen, listener.get(), 1), "listen"); !s)
        return s;
    if (Status s =
            set_up(raw_syscall(SYS_bind, out.here.get(), local.data(), local.size()), "bind");
        !s)
        return s;
    if (Status s = set_up(raw_syscall(SYS_connect, out.here.get(), remote.data(), remote.size()),
                          "connect");
        !s)
        return s;
    out.there = UniqueFd(raw_syscall(SYS_accept4, listener.get(), 0, 0, SOCK_CLOEXEC));
    return set_up(out.there.ok() ? 0 : -out.there.error(), "accept");
}

Status make_ends(const TcpEnd& end, const std::string& local, const std::string& remote,
                 Ends& out) {
    const uint64_t until = clock_ns(CLOCK_MONOTONIC) + kPatience;
    for (;;) {
        Status s = try_ends(end, local, remote, out);
        if (s.ok() || clock_ns(CLOCK_MONOTONIC) > until)
            return s;
        const timespec tick{0, 50'000'000};
        raw_syscall(SYS_nanosleep, &tick, 0);
    }
}

Status put_back(int from, const std::string& bytes) {
    size_t sent = 0;
    while (sent < bytes.size()) {
        const long n = raw_syscall(SYS_sendto, from, bytes.data() + sent, bytes.size() - sent,
                                   MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
        if (n > 0) {
            sent += (size_t)n;
            continue;
        }
        pollfd p{from, POLLOUT, 0};
        if (n != -EAGAIN || raw_syscall(SYS_poll, &p, 1, 2000) <= 0)
            return Status::refused("what was unread in a TCP connection does not fit any more");
    }
    return {};
}

} // namespace

std::string tcp_connection_of(int fd) {
    const int family = socket_int(fd, SO_DOMAIN);
    if ((family != AF_INET && family != AF_INET6) || socket_int(fd, SO_TYPE) != SOCK_STREAM)
        return {};
    const std::string remote = name_of(SYS_getpeername, fd);
    return remote.empty() ? std::string() : key_of(name_of(SYS_getsockname, fd), remote);
}

Status save_tcp_end(const OpenFd& f, SaveContext& ctx, const std::string& local,
                    const std::string& remote, TcpEnd& out) {
    const int state = info_of(f.fd).tcpi_state;
    const auto peer = ctx.tcp_connections.find(key_of(remote, local));
    if (peer != ctx.tcp_connections.end())
        out.inside = true;
    else if ((state == CloseWait || state == LastAck) && is_here(local, remote))
        out.peer_closed = true;
    else
        return {};
    out.shares_port = socket_int(f.fd, SO_REUSEPORT) == 1;
    out.peer_family = out.inside ? peer->second : family_of(local);
    out.sent_end = state == FinWait1 || state == FinWait2 || state == LastAck || state == Closing ||
                   state == TimeWait;
    if (ctx.dry)
        return {};
    const int one = 1;
    raw_syscall(SYS_setsockopt, f.fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (out.inside)
        if (Status s = check_sent(f); !s)
            return s;
    return copy_unread(f, out.unread);
}

Result<int> create_tcp_end(const TcpEnd& end, const std::string& local, const std::string& remote,
                           RestoreContext& ctx) {
    const std::string key = key_of(local, remote), other = key_of(remote, local);
    if (!ctx.tcp_ends.count(key)) {
        Ends ends;
        if (Status s = make_ends(end, local, remote, ends); !s)
            return s;
        auto here = ctx.lift(ends.here.release(), "TCP connection");
        auto there = ctx.lift(ends.there.release(), "TCP connection");
        if (!here || !there)
            return here ? there : here;
        ctx.tcp_ends[key] = *here;
        ctx.tcp_ends[other] = *there;
    }
    const int fd = ctx.tcp_ends[key];
    if (Status s = put_back(ctx.tcp_ends[other], end.unread); !s)
        return s;
    ctx.last.push_back([fd, shares = (int)end.shares_port] {
        raw_syscall(SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEPORT, &shares, sizeof shares);
        return Status();
    });
    const int ended = end.sent_end ? fd : end.peer_closed ? ctx.tcp_ends[other] : -1;
    if (ended >= 0)
        ctx.last.push_back([ended] {
            raw_syscall(SYS_shutdown, ended, SHUT_WR);
            return Status();
        });
    return ctx.lift(raw_syscall(SYS_dup, fd), "TCP connection");
}

} // namespace glckpt::ckpt
