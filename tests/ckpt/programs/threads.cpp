// Threads of unusual kinds: made by a raw clone() without the C library, in a handler on an
// alternate stack, with names of every length, as short-lived as can be, and the first one ended.
#include "harness.h"
#include <atomic>
#include <csignal>
#include <ctime>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <thread>

namespace {

std::atomic<long> g_raw_rounds, g_on_stack_rounds, g_rounds;
std::atomic<pid_t> g_raw_tid;
int g_gate[2];

// Its thread-local storage is the maker's: no C library call that uses any.
long raw(long nr, long a = 0, long b = 0, long c = 0) {
    long r;
    asm volatile("syscall" : "=a"(r) : "a"(nr), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return r;
}

int raw_thread(void*) {
    const timespec tick{0, 5'000'000};
    while (g_raw_tid == 0) // its maker may have been interrupted before it noted it
        raw(SYS_sched_yield);
    for (;;) {
        if (raw(SYS_nanosleep, (long)&tick) != 0 || raw(SYS_gettid) != g_raw_tid)
            g_raw_rounds = -1'000'000'000;
        ++g_raw_rounds;
    }
}

void start_raw_thread() {
    constexpr size_t kStack = 65536;
    auto* stack = static_cast<char*>(
        mmap(nullptr, kStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    const int tid = clone(
        raw_thread, stack + kStack,
        CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, nullptr);
    CHECK(tid > 0);
    g_raw_tid = tid;
}

char g_stack[65536];

// Stays within the handler, mostly in read().
void on_signal(int) {
    char here = 'h';
    for (;;) {
        char byte = 0;
        if (read(g_gate[0], &byte, 1) != 1 || byte != 'g' || here != 'h' || &here < g_stack ||
            &here >= g_stack + sizeof g_stack)
            g_on_stack_rounds = -1'000'000'000;
        stack_t now{};
        if (sigaltstack(nullptr, &now) < 0 || !(now.ss_flags & SS_ONSTACK))
            g_on_stack_rounds = -1'000'000'000;
        ++g_on_stack_rounds;
    }
}

void stand_on_alternate_stack() {
    std::thread([] {
        stack_t stack{g_stack, 0, sizeof g_stack};
        sigaltstack(&stack, nullptr);
        struct sigaction a {};
        a.sa_handler = on_signal;
        a.sa_flags = SA_ONSTACK;
        sigaction(SIGUSR1, &a, nullptr);
        pthread_kill(pthread_self(), SIGUSR1);
    }).detach();
}

void name_check(const std::string& name) {
    std::thread([name] {
        prctl(PR_SET_NAME, name.c_str());
        for (;;) {
            char now[16];
            prctl(PR_GET_NAME, now);
            CHECK(name == now);
            usleep(20'000);
        }
    }).detach();
}

// The others go on without the first.
int others() {
    return check_until_stopped([](long n) {
        ++g_rounds;
        if (n % 4 == 0)
            CHECK(write(g_gate[1], "g", 1) == 1);
        CHECK(g_raw_rounds >= 0 && g_on_stack_rounds >= 0);
        for (int i = 0; i < 8; ++i)
            std::thread([] { ++g_rounds; }).detach();
    });
}

} // namespace

int main() {
    CHECK(pipe(g_gate) == 0);
    start_raw_thread();
    stand_on_alternate_stack();
    name_check("");
    name_check("fifteen letters");
    name_check("a) b (c");
    std::thread([] {
        const int status = others();
        const long before = g_raw_rounds;
        usleep(300'000);
        CHECK(g_raw_rounds > before);
        _exit(status || g_failures);
    }).detach();
    pthread_exit(nullptr);
}
