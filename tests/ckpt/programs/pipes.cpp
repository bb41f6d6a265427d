// Pipes and socket pairs with bytes in them that nobody has read yet.
#include "harness.h"
#include <poll.h>
#include <string>
#include <sys/socket.h>

int main() {
    int full[2], closed[2], stream[2], messages[2], half[2];
    CHECK(pipe(full) == 0 && pipe(closed) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, stream) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, messages) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, half) == 0);
    const std::string big(50'000, 'p');
    CHECK(write(full[1], big.data(), big.size()) == (long)big.size());
    CHECK(fcntl(full[0], F_SETPIPE_SZ, 1 << 18) == 1 << 18);
    CHECK(write(closed[1], "last words", 10) == 10);
    close(closed[1]);
    CHECK(write(stream[0], "to one", 6) == 6 && write(stream[1], "to nought", 9) == 9);
    CHECK(write(messages[0], "first", 5) == 5 && write(messages[0], "second", 6) == 6);
    CHECK(write(half[1], "left behind", 11) == 11);
    close(half[1]);
    return check_until_stopped([&](long) {
        char text[64] = {};
        CHECK(fcntl(full[0], F_GETPIPE_SZ) == 1 << 18);
        pollfd p{closed[0], POLLIN, 0};
        CHECK(poll(&p, 1, 0) == 1 && (p.revents & POLLHUP) && (p.revents & POLLIN));
        CHECK(recv(stream[1], text, 64, MSG_PEEK) == 6 && memcmp(text, "to one", 6) == 0);
        CHECK(recv(stream[0], text, 64, MSG_PEEK) == 9 && memcmp(text, "to nought", 9) == 0);
        CHECK(recv(messages[1], text, 64, MSG_PEEK) == 5 && memcmp(text, "first", 5) == 0);
        CHECK(recv(messages[1], text, 64, 0) == 5 && recv(messages[1], text, 64, MSG_PEEK) == 6);
        CHECK(recv(messages[1], text, 64, 0) == 6);
        CHECK(write(messages[0], "first", 5) == 5 && write(messages[0], "second", 6) == 6);
        CHECK(recv(half[0], text, 64, MSG_PEEK) == 11);
        // Through the pipe once around: what goes in comes out, in order.
        CHECK(write(full[1], "x", 1) == 1 && read(full[0], text, 1) == 1);
        CHECK(text[0] == 'p' || text[0] == 'x');
    });
}
