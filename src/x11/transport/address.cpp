#include "x11/transport/address.h"
#include "base/syscall.h"
#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>

namespace glckpt::x11 {
namespace {

constexpr std::string_view kSocketPrefix = "/tmp/.X11-unix/X";
constexpr unsigned kFirstPort = 6000, kPorts = 64;

std::optional<unsigned> parse_number(std::string_view s) {
    unsigned n = 0;
    const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), n);
    if (error != std::errc{} || end != s.data() + s.size() || s.empty())
        return {};
    return n;
}

std::optional<Address> unix_address(const sockaddr_un* a, socklen_t length) {
    const size_t path = length - offsetof(sockaddr_un, sun_path);
    if (length <= offsetof(sockaddr_un, sun_path) || path > sizeof a->sun_path)
        return {};
    const bool abstract = a->sun_path[0] == 0;
    std::string_view name(a->sun_path + abstract, path - abstract);
    name = name.substr(0, name.find('\0'));
    if (!name.starts_with(kSocketPrefix))
        return {};
    const auto n = parse_number(name.substr(kSocketPrefix.size()));
    if (!n)
        return {};
    return Address{abstract ? Address::Via::Abstract : Address::Via::Unix, {}, false, *n};
}

std::optional<Address> tcp_address(bool ipv6, unsigned port, const void* ip) {
    if (port < kFirstPort || port >= kFirstPort + kPorts)
        return {};
    char text[INET6_ADDRSTRLEN];
    inet_ntop(ipv6 ? AF_INET6 : AF_INET, ip, text, sizeof text);
    return Address{Address::Via::Tcp, text, ipv6, port - kFirstPort};
}

int connect_socket(int family, const void* address, socklen_t length) {
    const int s = (int)raw_syscall(SYS_socket, family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        return s;
    long r;
    do
        r = raw_syscall(SYS_connect, s, address, length);
    while (r == -EINTR);
    if (r < 0) {
        raw_syscall(SYS_close, s);
        return (int)r;
    }
    // Room for half a large image (the kernel doubles the number): what the endpoint costs such a
    // one is won back by fewer turns of writer and server.
    constexpr int kRoom = 256 << 10;
    raw_syscall(SYS_setsockopt, s, SOL_SOCKET, SO_SNDBUF, &kRoom, sizeof kRoom);
    return s;
}

int connect_unix(unsigned number, bool abstract) {
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    const std::string path = std::string(kSocketPrefix) + std::to_string(number);
    memcpy(a.sun_path + abstract, path.data(), path.size());
    const size_t length = offsetof(sockaddr_un, sun_path) + path.size() + 1;
    return connect_socket(AF_UNIX, &a, (socklen_t)length);
}

int connect_tcp(const Address& to) {
    sockaddr_in6 a6{};
    sockaddr_in a4{};
    a6.sin6_family = AF_INET6;
    a4.sin_family = AF_INET;
    a6.sin6_port = a4.sin_port = htons((uint16_t)(kFirstPort + to.number));
    const bool ok = to.ipv6 ? inet_pton(AF_INET6, to.host.c_str(), &a6.sin6_addr) == 1
                            : inet_pton(AF_INET, to.host.c_str(), &a4.sin_addr) == 1;
    if (!ok)
        return -EINVAL;
    const int s = to.ipv6 ? connect_socket(AF_INET6, &a6, sizeof a6)
                          : connect_socket(AF_INET, &a4, sizeof a4);
    const int one = 1;
    if (s >= 0)
        raw_syscall(SYS_setsockopt, s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return s;
}

} // namespace

std::string Address::display_name() const {
    std::string n = ":" + std::to_string(number);
    if (via != Via::Tcp)
        return n;
    return ipv6 ? "[" + host + "]" + n : host + n;
}

std::optional<Address> x_address(const sockaddr* a, socklen_t length) {
    if (!a || length < sizeof(sa_family_t))
        return {};
    if (a->sa_family == AF_UNIX)
        return unix_address((const sockaddr_un*)a, length);
    if (a->sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
        const auto* in = (const sockaddr_in*)a;
        return tcp_address(false, ntohs(in->sin_port), &in->sin_addr);
    }
    if (a->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
        const auto* in = (const sockaddr_in6*)a;
        return tcp_address(true, ntohs(in->sin6_port), &in->sin6_addr);
    }
    return {};
}

std::optional<Address> parse_display_name(std::string_view name) {
    const size_t colon = name.rfind(':');
    if (colon == std::string_view::npos)
        return {};
    std::string_view host = name.substr(0, colon), number = name.substr(colon + 1);
    number = number.substr(0, number.find('.'));
    const auto n = parse_number(number);
    if (!n)
        return {};
    if (host.empty() || host == "unix")
        return Address{Address::Via::Unix, {}, false, *n};
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    if (host == "localhost")
        host = "127.0.0.1";
    const bool ipv6 = host.find(':') != std::string_view::npos;
    return Address{Address::Via::Tcp, std::string(host), ipv6, *n};
}

int peer_pid(int fd) {
    ucred peer{};
    socklen_t size = sizeof peer;
    return raw_syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid
                                                                                       : 0;
}

int connect_to(const Address& to) {
    if (to.via == Address::Via::Tcp)
        return connect_tcp(to);
    const bool abstract_first = to.via == Address::Via::Abstract;
    const int s = connect_unix(to.number, abstract_first);
    return s >= 0 ? s : connect_unix(to.number, !abstract_first);
}

} // namespace glckpt::x11
