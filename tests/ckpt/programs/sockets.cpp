// Sockets without a peer: bound and unbound UDP, listening TCP and unix, netlink; with their
// options.
#include "harness.h"
#include <arpa/inet.h>
#include <cstddef>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace {

int bound(int type, uint16_t* port) {
    const int s = socket(AF_INET, type, 0);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(s, (sockaddr*)&a, sizeof a) == 0);
    socklen_t n = sizeof a;
    getsockname(s, (sockaddr*)&a, &n);
    *port = a.sin_port;
    return s;
}

} // namespace

int main() {
    uint16_t udp_port, tcp_port;
    const int udp = bound(SOCK_DGRAM, &udp_port);
    const int tcp = bound(SOCK_STREAM, &tcp_port);
    CHECK(listen(tcp, 5) == 0);
    const int fresh = socket(AF_INET6, SOCK_DGRAM, 0);
    const int one = 1;
    CHECK(setsockopt(fresh, SOL_SOCKET, SO_BROADCAST, &one, sizeof one) == 0);
    fcntl(fresh, F_SETFL, O_NONBLOCK);
    unlink("listener");
    const int local = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un name{AF_UNIX, "listener"};
    CHECK(bind(local, (sockaddr*)&name, sizeof name) == 0 && listen(local, 5) == 0);
    const int netlink = socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT);
    sockaddr_nl nl{};
    nl.nl_family = AF_NETLINK;
    nl.nl_groups = 1;
    bind(netlink, (sockaddr*)&nl, sizeof nl);
    // Two that talk to each other, one of them connected.
    const int hears = socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK),
              says = socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);
    const timeval while_it_waits{0, 300'000};
    setsockopt(hears, SOL_SOCKET, SO_RCVTIMEO, &while_it_waits, sizeof while_it_waits);
    sockaddr_nl heard_at{AF_NETLINK, 0, 0, 0};
    socklen_t bytes = sizeof heard_at;
    CHECK(bind(hears, (sockaddr*)&heard_at, sizeof heard_at) == 0);
    CHECK(getsockname(hears, (sockaddr*)&heard_at, &bytes) == 0);
    CHECK(connect(says, (sockaddr*)&heard_at, sizeof heard_at) == 0);
    return check_until_stopped([&](long) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        to.sin_port = udp_port;
        const int s = socket(AF_INET, SOCK_DGRAM, 0);
        char text[16];
        // A datagram of before the checkpoint may be lost; one of now may not.
        recv(udp, text, sizeof text, MSG_DONTWAIT);
        CHECK(sendto(s, "hello", 5, 0, (sockaddr*)&to, sizeof to) == 5);
        const timeval patience{0, 300'000};
        setsockopt(udp, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        const long got = recv(udp, text, sizeof text, 0);
        CHECK(got == 5 || (got < 0 && errno == EAGAIN));
        close(s);
        int value = 0;
        socklen_t n = sizeof value;
        CHECK(getsockopt(fresh, SOL_SOCKET, SO_BROADCAST, &value, &n) == 0 && value == 1);
        CHECK(recv(fresh, text, 1, 0) < 0 && errno == EAGAIN);
        CHECK(getsockopt(tcp, SOL_SOCKET, SO_ACCEPTCONN, &value, &n) == 0 && value == 1);
        sockaddr_in a{};
        n = sizeof a;
        CHECK(getsockname(tcp, (sockaddr*)&a, &n) == 0 && a.sin_port == tcp_port);
        sockaddr_nl g{};
        n = sizeof g;
        char words[16];
        recv(hears, words, sizeof words, MSG_DONTWAIT);
        CHECK(send(says, "words", 5, 0) == 5);
        const long heard = recv(hears, words, sizeof words, 0); // (lost if a restart came between)
        CHECK(heard == 5 || (heard < 0 && errno == EAGAIN));
        CHECK(getsockname(netlink, (sockaddr*)&g, &n) == 0 && g.nl_groups == 1);
    });
}
