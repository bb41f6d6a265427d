// Processes of the program whose parents have ended: in its own session, in one whose leader has
// ended (as daemons are), and one that leads a session with a child of its own. And many children.
#include "harness.h"
#include <atomic>
#include <csignal>
#include <sys/mman.h>
#include <sys/wait.h>
#include <vector>

namespace {

constexpr int kOrphans = 4, kChildren = 70;
struct Shared {
    std::atomic<int> go_on, failures, living;
    std::atomic<long> rounds[kOrphans];
};
Shared* g_shared;
int g_pipe[2]; // each writes its number now and then; the root reads

void live(int number) {
    g_failures = 0;
    const pid_t self = getpid(), group = getpgrp(), session = getsid(0);
    ++g_shared->living;
    while (g_shared->go_on) {
        // The root's own session is its restorer's after a restart.
        CHECK(getpid() == self && (number == 0 || (getpgrp() == group && getsid(0) == session)));
        const char c = (char)('a' + number);
        CHECK(write(g_pipe[1], &c, 1) == 1);
        ++g_shared->rounds[number];
        usleep(5000);
    }
    g_shared->failures += g_failures;
    --g_shared->living;
    _exit(0);
}

template <class Body>
void in_child_that_ends(Body body) {
    const pid_t pid = fork();
    if (pid == 0) {
        body();
        _exit(0);
    }
    int status = -1;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

} // namespace

int main() {
    g_shared =
        (Shared*)mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    g_shared->go_on = 1;
    CHECK(pipe(g_pipe) == 0);
    in_child_that_ends([] {
        if (fork() == 0)
            live(0);
    });
    in_child_that_ends([] {
        setsid();
        if (fork() == 0)
            live(1);
    });
    in_child_that_ends([] {
        if (fork() == 0) {
            setsid();
            if (fork() == 0)
                live(2);
            live(3);
        }
    });
    std::vector<pid_t> children;
    for (int i = 0; i < kChildren; ++i) {
        const pid_t pid = fork();
        if (pid == 0)
            for (;;)
                pause();
        children.push_back(pid);
    }
    long before[kOrphans]{};
    const int status = check_until_stopped([&](long) {
        int seen = 0;
        for (int i = 0; i < 20'000 && seen != 15; ++i) {
            char c;
            CHECK(read(g_pipe[0], &c, 1) == 1 && c >= 'a' && c < 'a' + kOrphans);
            seen |= 1 << (c - 'a');
        }
        CHECK(seen == 15);
        for (int i = 0; i < kOrphans; ++i) {
            for (int k = 0; k < 20'000 && g_shared->rounds[i] == before[i]; ++k)
                usleep(1000);
            CHECK(g_shared->rounds[i] > before[i]);
            before[i] = g_shared->rounds[i];
        }
        int code;
        CHECK(waitpid(-1, &code, WNOHANG) == 0); // all live, and the orphans are no children
    });
    g_shared->go_on = 0;
    for (const pid_t pid : children) {
        kill(pid, SIGKILL);
        CHECK(waitpid(pid, nullptr, 0) == pid);
    }
    for (int i = 0; i < 20'000 && g_shared->living; ++i) {
        char rest[4096];
        usleep(1000);
        fcntl(g_pipe[0], F_SETFL, O_NONBLOCK);
        while (read(g_pipe[0], rest, sizeof rest) > 0) {
        }
    }
    CHECK(g_shared->living == 0 && g_shared->failures == 0);
    return status || g_failures ? 1 : 0;
}
