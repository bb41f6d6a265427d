// A tree of processes that share what processes can share: pipes with bytes in them, socket pairs,
// a file's position, anonymous and System V memory, an eventfd; a child that has ended and one
// that is waited for; process groups and a session. Each checks itself; the root has the verdict.
#include "harness.h"
#include <atomic>
#include <csignal>
#include <cstdint>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/wait.h>

namespace {

struct Shared {
    std::atomic<int> failures, rounds, go_on;
    char text[64];
};
Shared* g_shared;

int child(int (*body)(void*), void* arg) {
    const pid_t pid = fork();
    if (pid != 0)
        return pid;
    g_failures = 0;
    const int status = body(arg);
    g_shared->failures += g_failures;
    _exit(status);
}

// Echoes what comes, until the end; that its parent is who it was is part of the test.
struct Echo {
    int in, out, parent, not_ours;
};
int echo(void* p) {
    const auto& e = *static_cast<Echo*>(p);
    char c;
    close(e.not_ours); // else it would never see the end
    while (read(e.in, &c, 1) == 1) {
        CHECK(getppid() == e.parent);
        CHECK(getpgrp() == getpid());
        CHECK(write(e.out, &c, 1) == 1);
    }
    return 3;
}

// Leads a session; its own child belongs to it.
int in_session(void*) {
    const pid_t self = getpid();
    CHECK(setsid() == self);
    const pid_t grandchild = fork();
    if (grandchild == 0) {
        while (g_shared->go_on && getppid() == self) {
            CHECK(getsid(0) == self);
            ++g_shared->rounds;
            usleep(2000);
        }
        _exit(g_failures ? 1 : 9);
    }
    int status = 0;
    CHECK(waitpid(grandchild, &status, 0) == grandchild); // waits throughout
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 9);
    return 4;
}

} // namespace

int main() {
    g_shared = static_cast<Shared*>(
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    g_shared->go_on = 1;
    const int segment = shmget(IPC_PRIVATE, 8192, IPC_CREAT | 0600);
    auto* sysv = static_cast<std::atomic<uint64_t>*>(shmat(segment, nullptr, 0));
    shmctl(segment, IPC_RMID, nullptr);

    int to[2], from[2], waiting[2], pair[2];
    CHECK(pipe(to) == 0 && pipe(from) == 0 && pipe(waiting) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
    const int counter = eventfd(0, 0);
    const int file = open("data", O_RDWR | O_CREAT, 0600);
    CHECK(write(file, "0123456789", 10) == 10 && lseek(file, 0, SEEK_SET) == 0);

    Echo e{to[0], from[1], getpid(), to[1]};
    const int echoer = child(
        [](void* p) {
            setpgid(0, 0);
            return echo(p);
        },
        &e);
    close(to[0]);
    close(from[1]);
    setpgid(echoer, echoer);
    const int leader = child(in_session, nullptr);
    while (getsid(leader) != leader) // it does that itself
        usleep(1000);
    struct Ends {
        int pair, counter, file;
        std::atomic<uint64_t>* sysv;
    } ends{pair[1], counter, file, sysv};
    const int partner = child(
        [](void* p) {
            const Ends& s = *static_cast<Ends*>(p);
            char text[64];
            long n;
            // One message after another, and a byte of the shared file for each.
            while ((n = read(s.pair, text, sizeof text)) > 1) {
                char c;
                const uint64_t one = 1;
                CHECK(read(s.file, &c, 1) == 1);
                CHECK(write(s.counter, &one, 8) == 8);
                ++*s.sysv;
                CHECK(write(s.pair, &c, 1) == 1);
            }
            return 5;
        },
        &ends);
    close(pair[1]);
    const int dead = child([](void*) { return 77; }, nullptr);
    const int killed = child(
        [](void*) {
            raise(SIGKILL);
            return 0;
        },
        nullptr);
    siginfo_t info;
    CHECK(waitid(P_PID, (id_t)dead, &info, WEXITED | WNOWAIT) == 0);
    CHECK(waitid(P_PID, (id_t)killed, &info, WEXITED | WNOWAIT) == 0);
    CHECK(write(waiting[1], "unread", 6) == 6);

    uint64_t count = 0;
    long seen = -1;
    const int status = check_until_stopped([&](long n) {
        char c = (char)('a' + n % 26), back = 0;
        CHECK(write(to[1], &c, 1) == 1 && read(from[0], &back, 1) == 1 && back == c);
        CHECK(getpgid(echoer) == echoer && getsid(leader) == leader);
        if (lseek(file, 0, SEEK_CUR) == 10)
            lseek(file, 0, SEEK_SET);
        const long at = lseek(file, 0, SEEK_CUR);
        CHECK(write(pair[0], "next", 4) == 4 && read(pair[0], &back, 1) == 1);
        CHECK(back == '0' + at);
        ++count;
        CHECK(sysv->load() == count);
        const int flags = fcntl(counter, F_GETFL);
        uint64_t v = 0;
        CHECK(flags >= 0 && read(counter, &v, 8) == 8 && v == 1);
        CHECK(waitid(P_PID, (id_t)dead, &info, WEXITED | WNOWAIT) == 0);
        CHECK(info.si_code == CLD_EXITED && info.si_status == 77);
        CHECK(waitid(P_PID, (id_t)killed, &info, WEXITED | WNOWAIT) == 0);
        CHECK(info.si_code == CLD_KILLED && info.si_status == SIGKILL);
        if (n % 100 == 0) {
            CHECK(g_shared->rounds != seen); // the grandchild is alive
            seen = g_shared->rounds;
        }
    });
    char text[16] = {};
    CHECK(read(waiting[0], text, sizeof text) == 6 && memcmp(text, "unread", 6) == 0);
    g_shared->go_on = 0;
    close(to[1]); // the end that the echoing child waits for: nobody else may hold it
    int s = 0;
    CHECK(waitpid(leader, &s, 0) == leader && WEXITSTATUS(s) == 4);
    CHECK(write(pair[0], "", 1) == 1 && waitpid(partner, &s, 0) == partner && WEXITSTATUS(s) == 5);
    CHECK(waitpid(dead, &s, 0) == dead && WEXITSTATUS(s) == 77);
    CHECK(waitpid(killed, &s, 0) == killed && WTERMSIG(s) == SIGKILL);
    // The others inherited the write end as well; they have ended by now.
    CHECK(waitpid(echoer, &s, 0) == echoer && WEXITSTATUS(s) == 3);
    CHECK(waitpid(-1, &s, WNOHANG) == -1 && errno == ECHILD);
    return status || g_failures || g_shared->failures ? 1 : 0;
}
