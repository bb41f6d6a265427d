// Dispositions, masks, pending signals with their values, timers, an alternate stack.
#include "harness.h"
#include <atomic>
#include <csignal>
#include <ctime>
#include <pthread.h>
#include <sys/time.h>
#include <vector>

namespace {

std::atomic<long> g_alarms, g_ticks, g_on_stack;
std::vector<char> g_stack(1 << 16);

void on_alarm(int) { ++g_alarms; }
void on_tick(int, siginfo_t* info, void*) { g_ticks += info->si_value.sival_int == 77; }
void on_stack(int) {
    char here;
    g_on_stack += &here >= g_stack.data() && &here < g_stack.data() + g_stack.size();
}

} // namespace

int main() {
    struct sigaction a {};
    a.sa_handler = on_alarm;
    a.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &a, nullptr);
    a.sa_sigaction = on_tick;
    a.sa_flags = SA_SIGINFO | SA_RESTART;
    sigaction(SIGRTMIN + 3, &a, nullptr);
    a.sa_handler = on_stack;
    a.sa_flags = SA_ONSTACK | SA_RESTART;
    sigaction(SIGUSR1, &a, nullptr);
    stack_t stack{g_stack.data(), 0, g_stack.size()};
    sigaltstack(&stack, nullptr);
    const itimerval every{{0, 10'000}, {0, 10'000}};
    setitimer(ITIMER_REAL, &every, nullptr);
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGRTMIN + 3;
    event.sigev_value.sival_int = 77;
    timer_t gap, timer;
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &gap) == 0);
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    timer_delete(gap); // so that the other is not the first
    const itimerspec interval{{0, 10'000'000}, {0, 10'000'000}};
    CHECK(timer_settime(timer, 0, &interval, nullptr) == 0);
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGRTMIN + 5);
    sigprocmask(SIG_BLOCK, &blocked, nullptr);
    for (int i = 0; i < 3; ++i) {
        sigval v;
        v.sival_int = 100 + i;
        sigqueue(getpid(), SIGRTMIN + 5, v);
    }
    signal(SIGUSR2, SIG_IGN);
    return check_until_stopped([&](long) {
        sigset_t alarm;
        sigemptyset(&alarm);
        sigaddset(&alarm, SIGALRM);
        sigprocmask(SIG_UNBLOCK, &alarm, nullptr);
        const long alarms = g_alarms, ticks = g_ticks, on = g_on_stack;
        raise(SIGUSR1);
        CHECK(g_on_stack == on + 1);
        // Long enough for the most loaded machine; on a quiet one both come within 10 ms.
        for (int i = 0; i < 30'000 && (g_alarms == alarms || g_ticks == ticks); ++i)
            usleep(1000);
        CHECK(g_alarms > alarms && g_ticks > ticks);
        // Take the three that wait, and send them again.
        for (int i = 0; i < 3; ++i) {
            siginfo_t info{};
            const timespec now{0, 0};
            CHECK(sigtimedwait(&blocked, &info, &now) == SIGRTMIN + 5);
            CHECK(info.si_value.sival_int == 100 + i && info.si_code == SI_QUEUE);
            sigqueue(getpid(), SIGRTMIN + 5, info.si_value);
        }
        struct sigaction now {};
        sigaction(SIGUSR2, nullptr, &now);
        CHECK(now.sa_handler == SIG_IGN);
        sigaction(SIGALRM, nullptr, &now);
        CHECK(now.sa_handler == on_alarm &&
              (now.sa_flags & (SA_RESTART | SA_SIGINFO)) == SA_RESTART);
        // Most of the time an alarm waits, and the timer stands still until it is taken.
        sigprocmask(SIG_BLOCK, &alarm, nullptr);
        for (int i = 0; i < 20; ++i)
            usleep(1000);
    });
}
