// eventfd, timerfd, signalfd and epoll: counts, intervals, masks, interests with their data.
#include "harness.h"
#include <csignal>
#include <cstdint>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

int main() {
    const int counter = eventfd(7, EFD_NONBLOCK), semaphore = eventfd(3, EFD_SEMAPHORE);
    const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    const itimerspec every{{0, 20'000'000}, {0, 20'000'000}};
    CHECK(timerfd_settime(timer, 0, &every, nullptr) == 0);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    const int signals = signalfd(-1, &set, SFD_NONBLOCK);
    const int inner = epoll_create1(0), outer = epoll_create1(EPOLL_CLOEXEC);
    epoll_event e{EPOLLIN | EPOLLET, {.u64 = 0x1234'5678'9abc'def0}};
    CHECK(epoll_ctl(inner, EPOLL_CTL_ADD, counter, &e) == 0);
    e = {EPOLLIN, {.u64 = 42}};
    CHECK(epoll_ctl(outer, EPOLL_CTL_ADD, inner, &e) == 0); // one set watches another
    e = {EPOLLIN, {.u64 = 43}};
    CHECK(epoll_ctl(outer, EPOLL_CTL_ADD, signals, &e) == 0);
    uint64_t seen = 7;
    return check_until_stopped([&](long) {
        uint64_t v = 0;
        CHECK(read(counter, &v, 8) == 8 && v == seen);
        seen = seen % 1000 + 1;
        CHECK(write(counter, &seen, 8) == 8);
        epoll_event got[4];
        CHECK(epoll_wait(inner, got, 4, 0) == 1 && got[0].data.u64 == 0x1234'5678'9abc'def0);
        CHECK(read(semaphore, &v, 8) == 8 && v == 1);
        v = 1;
        CHECK(write(semaphore, &v, 8) == 8);
        kill(getpid(), SIGUSR1);
        bool by_signal = false;
        for (int i = 0, n = epoll_wait(outer, got, 4, 100); i < n; ++i)
            by_signal |= got[i].data.u64 == 43;
        CHECK(by_signal);
        signalfd_siginfo info;
        CHECK(read(signals, &info, sizeof info) == sizeof info && info.ssi_signo == SIGUSR1);
        itimerspec left{};
        CHECK(timerfd_gettime(timer, &left) == 0 && left.it_interval.tv_nsec == 20'000'000);
        for (int i = 0; i < 100 && read(timer, &v, 8) != 8; ++i)
            usleep(1000);
        CHECK(v >= 1);
        CHECK(fcntl(outer, F_GETFD) == FD_CLOEXEC);
    });
}
