// A TCP connection to another process. Restarted with it closed, the program sees its end.
#include "harness.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

int main() {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(listener, (sockaddr*)&a, sizeof a) == 0 && listen(listener, 1) == 0);
    socklen_t n = sizeof a;
    getsockname(listener, (sockaddr*)&a, &n);
    const int s = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(s, (sockaddr*)&a, sizeof a) == 0); // never accepted: the peer is in the kernel
    const int status = check_until_stopped([](long) {});
    char c;
    CHECK(recv(s, &c, 1, MSG_DONTWAIT) == 0);
    return status || g_failures;
}
