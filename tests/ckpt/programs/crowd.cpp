// Processes that share sockets: whoever comes first takes a message, notes it and sends it on, so
// that some are always under way while others lie unread. One that a checkpoint loses or doubles
// has a number that is not its turn. A peek offset, which belongs to the socket, stays as it is.
#include "harness.h"
#include <atomic>
#include <cstdint>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

namespace {

constexpr int kWorkers = 5, kTokens = 48, kPending = 200;

struct Shared {
    std::atomic<int> failures, go_on;
    std::atomic<uint64_t> turn[kTokens];
};
struct Message {
    uint64_t token, number;
};
Shared* g_shared;
int g_messages[2], g_stream[2]; // read at 0, written at 1

bool take(int fd, Message& m) { return recv(fd, &m, sizeof m, MSG_DONTWAIT) == sizeof m; }

void pass_on(int from, int to) {
    Message m;
    if (!take(from, m))
        return;
    CHECK(m.token < kTokens && g_shared->turn[m.token].fetch_add(1) == m.number);
    ++m.number;
    CHECK(write(to, &m, sizeof m) == sizeof m);
}

void work() {
    g_failures = 0;
    while (g_shared->go_on) {
        pollfd waits[2] = {{g_messages[0], POLLIN, 0}, {g_stream[0], POLLIN, 0}};
        poll(waits, 2, 20);
        pass_on(g_messages[0], g_stream[1]);
        pass_on(g_stream[0], g_messages[1]);
    }
    g_shared->failures += g_failures;
    _exit(0);
}

int drain(int fd) {
    int n = 0;
    for (Message m; take(fd, m); ++n)
        CHECK(m.token < kTokens && g_shared->turn[m.token] == m.number);
    return n;
}

} // namespace

int main() {
    g_shared = static_cast<Shared*>(
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    g_shared->go_on = 1;
    int pending[2], peeked[2];
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, g_messages) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, g_stream) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pending) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, peeked) == 0);
    int size = 1 << 20;
    setsockopt(pending[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    int sent = 0;
    for (char text[512] = {}; sent < kPending; ++sent) {
        text[0] = (char)sent;
        if (send(pending[1], text, sizeof text, MSG_DONTWAIT) != sizeof text)
            break; // net.unix.max_dgram_qlen
    }
    for (uint64_t t = 0; t < kTokens; ++t) {
        const Message m{t, 0};
        CHECK(write(g_messages[1], &m, sizeof m) == sizeof m);
    }
    int offset = 3;
    CHECK(write(peeked[1], "abcdef", 6) == 6);
    CHECK(setsockopt(peeked[0], SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof offset) == 0);
    pid_t workers[kWorkers];
    for (pid_t& w : workers)
        if ((w = fork()) == 0)
            work();
    uint64_t seen[kTokens] = {};
    const int status = check_until_stopped([&](long n) {
        int value = -1;
        socklen_t bytes = sizeof value;
        CHECK(getsockopt(peeked[0], SOL_SOCKET, SO_PEEK_OFF, &value, &bytes) == 0 && value == 3);
        if (n % 200 == 199) // none is stuck, or lost
            for (int t = 0; t < kTokens; ++t) {
                CHECK(g_shared->turn[t] != seen[t]);
                seen[t] = g_shared->turn[t];
            }
    });
    g_shared->go_on = 0;
    for (const pid_t w : workers) {
        int s = -1;
        CHECK(waitpid(w, &s, 0) == w && s == 0);
    }
    char c = 0, text[512];
    CHECK(recv(peeked[0], &c, 1, MSG_PEEK) == 1 && c == 'd');
    CHECK(drain(g_messages[0]) + drain(g_stream[0]) == kTokens);
    for (int i = 0; i < sent; ++i)
        CHECK(recv(pending[0], text, sizeof text, MSG_DONTWAIT) == sizeof text &&
              text[0] == (char)i);
    CHECK(recv(pending[0], text, sizeof text, MSG_DONTWAIT) < 0 && errno == EAGAIN);
    return status || g_failures || g_shared->failures ? 1 : 0;
}
