// TCP between two processes and within one: echo without a gap, bytes that wait unread across the
// stop, an end that has been shut down, and the numbers that each end knows of the other.
#include "harness.h"
#include <arpa/inet.h>
#include <csignal>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

namespace {

sockaddr_in6 name_of(int fd, bool peer) {
    sockaddr_in6 a{};
    socklen_t bytes = sizeof a;
    CHECK((peer ? getpeername : getsockname)(fd, reinterpret_cast<sockaddr*>(&a), &bytes) == 0);
    return a;
}

int listen_on_loopback(sockaddr_in& where, bool reuse) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    if (reuse)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    where = {};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(fd, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0);
    socklen_t bytes = sizeof where;
    getsockname(fd, reinterpret_cast<sockaddr*>(&where), &bytes);
    CHECK(listen(fd, 5) == 0);
    return fd;
}

int connect_to(const sockaddr_in& where) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0);
    return fd;
}

[[noreturn]] void echo(int fd) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    char buffer[4096];
    for (;;) {
        const ssize_t n = read(fd, buffer, sizeof buffer);
        if (n <= 0 || write(fd, buffer, (size_t)n) != n)
            _exit(1);
    }
}

// In one process: `waits` has something unread, `ended` is at its end behind it, `gone` lacks its
// other end.
struct Pairs {
    int waits[2], ended[2], gone, over[2];
    sockaddr_in6 ends[2];
};

void make(Pairs& p, int listener, const sockaddr_in& where) {
    p.waits[0] = connect_to(where);
    p.waits[1] = accept(listener, nullptr, nullptr);
    const int one = 1;
    setsockopt(p.waits[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    p.ends[0] = name_of(p.waits[0], false);
    p.ends[1] = name_of(p.waits[1], false);
    CHECK(write(p.waits[0], "unread", 6) == 6);
    p.ended[0] = connect_to(where);
    p.ended[1] = accept(listener, nullptr, nullptr);
    CHECK(write(p.ended[0], "last", 4) == 4 && shutdown(p.ended[0], SHUT_WR) == 0);
    p.gone = connect_to(where);
    const int other = accept(listener, nullptr, nullptr);
    CHECK(write(other, "bye", 3) == 3);
    close(other);
    // Ended by both.
    p.over[0] = connect_to(where);
    p.over[1] = accept(listener, nullptr, nullptr);
    for (const int s : p.over)
        CHECK(shutdown(s, SHUT_WR) == 0);
}

void check(const Pairs& p) {
    char buffer[16];
    CHECK(recv(p.waits[1], buffer, sizeof buffer, MSG_PEEK) == 6 && !memcmp(buffer, "unread", 6));
    for (int i : {0, 1}) {
        const sockaddr_in6 here = name_of(p.waits[i], false), there = name_of(p.waits[1 - i], true);
        CHECK(memcmp(&here, &p.ends[i], 8) == 0 && memcmp(&there, &p.ends[i], 8) == 0);
    }
    int on = 0;
    socklen_t bytes = sizeof on;
    CHECK(getsockopt(p.waits[0], IPPROTO_TCP, TCP_NODELAY, &on, &bytes) == 0 && on == 1);
    CHECK(recv(p.ended[1], buffer, sizeof buffer, MSG_PEEK) == 4);
    pollfd ended{p.ended[1], POLLIN | POLLRDHUP, 0}, gone{p.gone, POLLIN | POLLRDHUP, 0};
    CHECK(poll(&ended, 1, 0) == 1 && ended.revents & POLLRDHUP);
    CHECK(write(p.ended[1], "x", 1) == 1 && read(p.ended[0], buffer, 1) == 1);
    CHECK(recv(p.gone, buffer, sizeof buffer, MSG_PEEK) == 3);
    CHECK(poll(&gone, 1, 0) == 1 && gone.revents & POLLRDHUP);
    for (const int s : p.over)
        CHECK(read(s, buffer, 1) == 0 && write(s, "x", 1) == -1 && errno == EPIPE);
}

} // namespace

int main() {
    signal(SIGPIPE, SIG_IGN);
    sockaddr_in where{};
    const int listener = listen_on_loopback(where, false);
    Pairs pairs{};
    make(pairs, listener, where);
    const int to_child = connect_to(where), of_child = accept(listener, nullptr, nullptr);
    const pid_t child = fork();
    if (child == 0)
        echo(of_child);
    close(of_child);
    const int status = check_until_stopped([&](long n) {
        check(pairs);
        long back = -1;
        CHECK(write(to_child, &n, sizeof n) == sizeof n);
        CHECK(recv(to_child, &back, sizeof back, MSG_WAITALL) == sizeof back && back == n);
        if (n % 16 == 0) { // the listening socket still takes connections
            const int a = connect_to(where), b = accept(listener, nullptr, nullptr);
            CHECK(a >= 0 && b >= 0);
            close(a);
            close(b);
        }
    });
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    return status;
}
