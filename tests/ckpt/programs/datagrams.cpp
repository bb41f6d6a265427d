// UDP: datagrams that were not read yet, with their senders; what was shut down; sockets that share
// a port; a socket that was bound to an address that is not this machine's.
#include "harness.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace {

sockaddr_in loopback(uint16_t port) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.sin_port = port;
    return a;
}

int udp(uint16_t port, bool shares) {
    const int s = socket(AF_INET, SOCK_DGRAM, 0), yes = 1, no = 0;
    if (shares)
        setsockopt(s, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
    const sockaddr_in a = loopback(port);
    CHECK(bind(s, (const sockaddr*)&a, sizeof a) == 0);
    setsockopt(s, SOL_SOCKET, SO_REUSEPORT, &no, sizeof no);
    return s;
}

sockaddr_in name(int s) {
    sockaddr_in a{};
    socklen_t n = sizeof a;
    CHECK(getsockname(s, (sockaddr*)&a, &n) == 0);
    return a;
}

} // namespace

int main() {
    const int reader = udp(0, false), writer = udp(0, false);
    const sockaddr_in to = name(reader), from = name(writer);
    // Two of one port, which no third may join.
    const int first = udp(0, true);
    const uint16_t shared = name(first).sin_port;
    const int yes = 1;
    setsockopt(first, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
    const int second = udp(shared, true);
    const int no = 0;
    setsockopt(first, SOL_SOCKET, SO_REUSEPORT, &no, sizeof no);
    // Somebody else's address (TEST-NET-1).
    const int foreign = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(foreign, IPPROTO_IP, IP_FREEBIND, &yes, sizeof yes);
    sockaddr_in elsewhere = loopback(0);
    inet_pton(AF_INET, "192.0.2.1", &elsewhere.sin_addr);
    CHECK(bind(foreign, (sockaddr*)&elsewhere, sizeof elsewhere) == 0);
    setsockopt(foreign, IPPROTO_IP, IP_FREEBIND, &no, sizeof no);
    // Shut down for reading.
    const int closed = udp(0, false);
    CHECK(connect(closed, (const sockaddr*)&to, sizeof to) == 0 && shutdown(closed, SHUT_RD) == 0);
    return check_until_stopped([&](long n) {
        long sent[3] = {n, n + 1, n + 2};
        CHECK(sendto(writer, sent, 8, 0, (const sockaddr*)&to, sizeof to) == 8);
        CHECK(sendto(writer, sent, 24, 0, (const sockaddr*)&to, sizeof to) == 24);
        const int passing = socket(AF_INET, SOCK_DGRAM, 0); // gone when it is read
        CHECK(sendto(passing, sent, 16, 0, (const sockaddr*)&to, sizeof to) == 16);
        const sockaddr_in gone = name(passing);
        close(passing);
        usleep(20'000);
        for (const ssize_t bytes : {8, 24, 16}) {
            long got[8]{};
            sockaddr_in sender{};
            socklen_t size = sizeof sender;
            CHECK(recvfrom(reader, got, sizeof got, MSG_DONTWAIT, (sockaddr*)&sender, &size) ==
                  bytes);
            CHECK(got[0] == n && (bytes < 16 || got[1] == n + 1));
            CHECK(sender.sin_port == (bytes == 16 ? gone.sin_port : from.sin_port));
        }
        int value = 1;
        socklen_t size = sizeof value;
        for (const int s : {first, second}) {
            CHECK(name(s).sin_port == shared);
            CHECK(getsockopt(s, SOL_SOCKET, SO_REUSEPORT, &value, &size) == 0 && value == 0);
        }
        CHECK(name(foreign).sin_addr.s_addr == elsewhere.sin_addr.s_addr);
        pollfd p{closed, POLLRDHUP, 0};
        CHECK(poll(&p, 1, 0) == 1 && (p.revents & POLLRDHUP));
    });
}
