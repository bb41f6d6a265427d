#include "ckpt/fd/socket_options.h"
#include "ckpt/sys.h"
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace glckpt::ckpt {
namespace {

struct Known {
    int family; // 0: any
    int type;   // 0: any
    int level, name;
    bool before_bind;
};
constexpr Known kKnown[] = {
    {0, 0, SOL_SOCKET, SO_REUSEADDR, true},
    {0, 0, SOL_SOCKET, SO_REUSEPORT, true},
    {0, 0, SOL_SOCKET, SO_SNDBUF, false},
    {0, 0, SOL_SOCKET, SO_RCVBUF, false},
    {0, 0, SOL_SOCKET, SO_RCVTIMEO, false},
    {0, 0, SOL_SOCKET, SO_SNDTIMEO, false},
    {0, 0, SOL_SOCKET, SO_RCVLOWAT, false},
    {0, 0, SOL_SOCKET, SO_PEEK_OFF, false},
    {0, 0, SOL_SOCKET, SO_BROADCAST, false},
    {0, 0, SOL_SOCKET, SO_KEEPALIVE, false},
    {0, 0, SOL_SOCKET, SO_LINGER, false},
    {0, 0, SOL_SOCKET, SO_OOBINLINE, false},
    {0, 0, SOL_SOCKET, SO_PRIORITY, false},
    {0, 0, SOL_SOCKET, SO_TIMESTAMP, false},
    {0, 0, SOL_SOCKET, SO_MARK, false},
    {0, 0, SOL_SOCKET, SO_DONTROUTE, false},
    {0, 0, SOL_SOCKET, SO_NO_CHECK, false},
    {0, 0, SOL_SOCKET, SO_DEBUG, false},
    {0, 0, SOL_SOCKET, SO_PASSSEC, false},
    {0, 0, SOL_SOCKET, SO_BINDTODEVICE, false},
    {AF_UNIX, 0, SOL_SOCKET, SO_PASSCRED, false},
    {AF_NETLINK, 0, SOL_SOCKET, SO_PASSCRED, false},
    {AF_INET, 0, IPPROTO_IP, IP_TTL, false},
    {AF_INET, 0, IPPROTO_IP, IP_TOS, false},
    {AF_INET, SOCK_DGRAM, IPPROTO_IP, IP_MULTICAST_TTL, false},
    {AF_INET, SOCK_DGRAM, IPPROTO_IP, IP_MULTICAST_LOOP, false},
    {AF_INET, SOCK_DGRAM, IPPROTO_IP, IP_PKTINFO, false},
    {AF_INET6, 0, IPPROTO_IPV6, IPV6_V6ONLY, true},
    {AF_INET6, SOCK_DGRAM, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, false},
    {AF_INET6, SOCK_DGRAM, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, false},
    {AF_INET6, SOCK_DGRAM, IPPROTO_IPV6, IPV6_MULTICAST_IF, false},
    {AF_INET, 0, IPPROTO_IP, IP_FREEBIND, true},
    {AF_INET, 0, IPPROTO_IP, IP_MTU_DISCOVER, false},
    {AF_INET, 0, IPPROTO_IP, IP_RECVERR, false},
    {AF_INET, 0, IPPROTO_IP, IP_RECVTTL, false},
    {AF_INET, 0, IPPROTO_IP, IP_RECVTOS, false},
    {AF_INET6, 0, IPPROTO_IPV6, 78 /*IPV6_FREEBIND*/, true},
    {AF_INET6, 0, IPPROTO_IPV6, IPV6_RECVPKTINFO, false},
    {AF_INET6, 0, IPPROTO_IPV6, IPV6_UNICAST_HOPS, false},
    {AF_INET6, 0, IPPROTO_IPV6, IPV6_TCLASS, false},
    {0, 0, SOL_SOCKET, 72 /*SO_BUF_LOCK*/, false}, // behind the buffers, whose setting sets it
    {0, SOCK_STREAM, IPPROTO_TCP, TCP_NODELAY, false},
    {0, SOCK_STREAM, IPPROTO_TCP, TCP_CORK, false},
    {0, SOCK_STREAM, IPPROTO_TCP, TCP_KEEPIDLE, false},
    {0, SOCK_STREAM, IPPROTO_TCP, TCP_KEEPINTVL, false},
    {0, SOCK_STREAM, IPPROTO_TCP, TCP_KEEPCNT, false},
    {0, SOCK_STREAM, IPPROTO_TCP, TCP_SYNCNT, false},
    {0, SOCK_STREAM, IPPROTO_TCP, TCP_DEFER_ACCEPT, false},
    {0, SOCK_STREAM, IPPROTO_TCP, TCP_USER_TIMEOUT, false},
    {0, SOCK_STREAM, IPPROTO_TCP, TCP_LINGER2, false},
    {0, SOCK_STREAM, IPPROTO_TCP, TCP_CONGESTION, false},
    {0, SOCK_STREAM, IPPROTO_TCP, TCP_NOTSENT_LOWAT, false},
    {0, SOCK_STREAM, IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, false},
    {0, SOCK_STREAM, IPPROTO_TCP, TCP_FASTOPEN, false},
    {0, 0, SOL_SOCKET, SO_TIMESTAMPNS, false},
    {0, 0, SOL_SOCKET, SO_TIMESTAMPING, false},
    {0, 0, SOL_SOCKET, SO_RXQ_OVFL, false},
    {0, 0, SOL_SOCKET, SO_SELECT_ERR_QUEUE, false},
    {0, 0, SOL_SOCKET, SO_BUSY_POLL, false},
    {0, 0, SOL_SOCKET, SO_MAX_PACING_RATE, false},
    {0, 0, SOL_SOCKET, SO_ZEROCOPY, false},
    {AF_UNIX, 0, SOL_SOCKET, 76 /*SO_PASSPIDFD*/, false},
    {AF_INET, 0, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, true},
    {AF_INET, 0, IPPROTO_IP, IP_TRANSPARENT, true},
    {AF_INET, 0, IPPROTO_IP, IP_MINTTL, false},
    {AF_INET, 0, IPPROTO_IP, IP_RECVOPTS, false},
    {AF_INET, 0, IPPROTO_IP, IP_RECVORIGDSTADDR, false},
    {AF_INET, 0, IPPROTO_IP, IP_MULTICAST_ALL, false},
    {AF_INET6, 0, IPPROTO_IPV6, IPV6_RECVERR, false},
    {AF_INET6, 0, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, false},
    {AF_INET6, 0, IPPROTO_IPV6, IPV6_RECVTCLASS, false},
    {AF_INET6, 0, IPPROTO_IPV6, IPV6_MTU_DISCOVER, false},
    {AF_INET6, 0, IPPROTO_IPV6, IPV6_DONTFRAG, false},
    {AF_INET6, 0, IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, false},
    {AF_INET6, 0, IPPROTO_IP, IP_TTL, false}, // of IPv4 within it
    {AF_INET6, 0, IPPROTO_IP, IP_TOS, false},
};

constexpr int kGetFilter = 26; // SO_GET_FILTER

// A classic packet filter. Its length counts instructions.
void read_filter(int fd, std::vector<SocketOption>& out) {
    unsigned count = 0;
    if (raw_syscall(SYS_getsockopt, fd, SOL_SOCKET, kGetFilter, 0, &count) < 0 || count == 0)
        return;
    std::string program(count * sizeof(sock_filter), '\0');
    if (raw_syscall(SYS_getsockopt, fd, SOL_SOCKET, kGetFilter, program.data(), &count) >= 0)
        out.push_back({SOL_SOCKET, SO_ATTACH_FILTER, std::move(program)});
}

bool is_before_bind(const SocketOption& o) {
    for (const Known& k : kKnown)
        if (k.level == o.level && k.name == o.name)
            return k.before_bind;
    return false;
}

} // namespace

std::vector<SocketOption> read_socket_options(int fd, int family, int type) {
    std::vector<SocketOption> out;
    for (const Known& k : kKnown) {
        if ((k.family && k.family != family) || (k.type && k.type != type) ||
            (k.level == IPPROTO_TCP && family != AF_INET && family != AF_INET6))
            continue;
        char value[64] = {};
        unsigned bytes = sizeof value;
        if (raw_syscall(SYS_getsockopt, fd, k.level, k.name, value, &bytes) < 0)
            continue;
        // To switch this one off switches SO_TIMESTAMP off, too.
        if (k.level == SOL_SOCKET && k.name == SO_TIMESTAMPNS && value[0] == 0)
            continue;
        // The kernel reports buffers at twice what was asked for.
        if (k.level == SOL_SOCKET && (k.name == SO_SNDBUF || k.name == SO_RCVBUF))
            *reinterpret_cast<int*>(value) /= 2;
        out.push_back({k.level, k.name, std::string(value, bytes)});
    }
    read_filter(fd, out);
    return out;
}

void set_option(int fd, const SocketOption& o) {
    if (o.level == SOL_SOCKET && o.name == SO_ATTACH_FILTER) {
        const sock_fprog program{(unsigned short)(o.value.size() / sizeof(sock_filter)),
                                 reinterpret_cast<sock_filter*>(const_cast<char*>(o.value.data()))};
        raw_syscall(SYS_setsockopt, fd, o.level, o.name, &program, sizeof program);
        return;
    }
    // More than the system allows everybody, which root may have set.
    if (o.level == SOL_SOCKET && (o.name == SO_SNDBUF || o.name == SO_RCVBUF) &&
        raw_syscall(SYS_setsockopt, fd, o.level,
                    o.name == SO_SNDBUF ? SO_SNDBUFFORCE : SO_RCVBUFFORCE, o.value.data(),
                    o.value.size()) >= 0)
        return;
    raw_syscall(SYS_setsockopt, fd, o.level, o.name, o.value.data(), (unsigned)o.value.size());
}

void set_socket_options(int fd, const std::vector<SocketOption>& options, bool before_bind) {
    for (const SocketOption& o : options)
        if (is_before_bind(o) == before_bind)
            set_option(fd, o);
}

int socket_int(int fd, int name) {
    int value = -1;
    unsigned bytes = sizeof value;
    return raw_syscall(SYS_getsockopt, fd, SOL_SOCKET, name, &value, &bytes) < 0 ? -1 : value;
}

} // namespace glckpt::ckpt
