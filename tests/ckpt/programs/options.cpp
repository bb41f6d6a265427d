// What has been set on sockets of every kind: read once, and the same ever after.
#include "harness.h"
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <vector>

namespace {

struct Setting {
    std::string socket;
    int fd, level, name;
    const char* what;
    std::string value;
};
std::vector<Setting> g_settings;

std::string read_setting(int fd, int level, int name) {
    char value[64] = {};
    socklen_t n = sizeof value;
    return getsockopt(fd, level, name, value, &n) < 0 ? "?" : std::string(value, n);
}

template <class T>
void set(const char* socket, int fd, int level, int name, const char* what, T value) {
    if (setsockopt(fd, level, name, &value, sizeof value) == 0)
        g_settings.push_back({socket, fd, level, name, what, {}});
    else if (errno != EPERM && errno != ENOPROTOOPT)
        CHECK(!what);
}
#define SET(level, name, value) set(kind, fd, level, name, #name, value)

void set_common(const char* kind, int fd) {
    SET(SOL_SOCKET, SO_RCVTIMEO, (timeval{2, 250'000}));
    SET(SOL_SOCKET, SO_SNDTIMEO, (timeval{3, 500'000}));
    SET(SOL_SOCKET, SO_RCVBUF, 50'000);
    SET(SOL_SOCKET, SO_SNDBUF, 60'000);
    SET(SOL_SOCKET, SO_PRIORITY, 3);
    SET(SOL_SOCKET, SO_TIMESTAMP, 1);
}

void set_stream(const char* kind, int fd) {
    SET(SOL_SOCKET, SO_KEEPALIVE, 1);
    SET(SOL_SOCKET, SO_LINGER, (linger{1, 4}));
    SET(SOL_SOCKET, SO_OOBINLINE, 1);
    SET(IPPROTO_TCP, TCP_NODELAY, 1);
    SET(IPPROTO_TCP, TCP_KEEPIDLE, 77);
    SET(IPPROTO_TCP, TCP_KEEPINTVL, 17);
    SET(IPPROTO_TCP, TCP_KEEPCNT, 5);
    SET(IPPROTO_TCP, TCP_USER_TIMEOUT, 60'000);
    SET(IPPROTO_IP, IP_TOS, 0x10);
    SET(IPPROTO_IP, IP_TTL, 33);
}

void set_datagram(const char* kind, int fd) {
    SET(SOL_SOCKET, SO_BROADCAST, 1);
    SET(SOL_SOCKET, SO_REUSEADDR, 1);
    SET(SOL_SOCKET, SO_REUSEPORT, 1);
    SET(IPPROTO_IP, IP_MULTICAST_TTL, 9);
    SET(IPPROTO_IP, IP_MULTICAST_LOOP, 0);
    SET(IPPROTO_IP, IP_PKTINFO, 1);
    SET(IPPROTO_IP, IP_RECVTTL, 1);
    SET(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
}

void set_six(const char* kind, int fd) {
    SET(IPPROTO_IPV6, IPV6_V6ONLY, 1);
    SET(IPPROTO_IPV6, IPV6_UNICAST_HOPS, 21);
    SET(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    SET(IPPROTO_IPV6, IPV6_TCLASS, 0x20);
}

int listening() {
    const int s = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(s, (sockaddr*)&a, sizeof a) == 0 && listen(s, 3) == 0);
    return s;
}

int connected(int listener, int* accepted) {
    sockaddr_in a{};
    socklen_t n = sizeof a;
    getsockname(listener, (sockaddr*)&a, &n);
    const int s = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(s, (sockaddr*)&a, sizeof a) == 0);
    *accepted = accept(listener, nullptr, nullptr);
    CHECK(*accepted >= 0);
    return s;
}

} // namespace

int main() {
    const int listener = listening();
    int accepted = -1, pair[2];
    const int client = connected(listener, &accepted);
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
    const int udp = socket(AF_INET, SOCK_DGRAM, 0), fresh = socket(AF_INET, SOCK_STREAM, 0);
    const int six = socket(AF_INET6, SOCK_DGRAM, 0);
    const int netlink = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    for (const auto& [kind, fd] :
         std::initializer_list<std::pair<const char*, int>>{{"listener", listener},
                                                            {"client", client},
                                                            {"accepted", accepted},
                                                            {"fresh", fresh}}) {
        set_common(kind, fd);
        set_stream(kind, fd);
    }
    set_common("udp", udp);
    set_datagram("udp", udp);
    set_common("six", six);
    set_six("six", six);
    set_common("pair", pair[0]);
    set("pair", pair[1], SOL_SOCKET, SO_PASSCRED, "SO_PASSCRED", 1);
    set_common("netlink", netlink);
    for (Setting& s : g_settings)
        s.value = read_setting(s.fd, s.level, s.name);
    return check_until_stopped([&](long) {
        for (const Setting& s : g_settings)
            if (read_setting(s.fd, s.level, s.name) != s.value) {
                CHECK(!"an option has changed");
                fprintf(stderr, "%s: %s\n", s.socket.c_str(), s.what);
            }
        CHECK(write(client, "?", 1) == 1);
        char byte[2] = "";
        CHECK(recv(accepted, byte, 1, 0) == 1 && byte[0] == '?');
    });
}
