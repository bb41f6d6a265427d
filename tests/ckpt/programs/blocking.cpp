// A thread in each kind of blocking call. None may ever see EINTR, a short write or a time-out
// that comes much too late; an EINTR of the program's own signals must come through.
#include "harness.h"
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <ctime>
#include <linux/futex.h>
#include <mutex>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <thread>
#include <vector>

namespace {

constexpr timespec kWait{0, 250'000'000};
// A loaded machine is late too; what must not happen is that every checkpoint starts it anew.
constexpr double kLatest = 1.5;
int g_silent[2]; // a pipe that nobody writes to

double monotonic() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// Calls again and again; each must take its time and give `wanted`.
template <class Call>
void forever(const char* name, long wanted, Call call) {
    std::thread([=] {
        pthread_setname_np(pthread_self(), name);
        for (;;) {
            const double start = monotonic();
            errno = 0;
            const long r = call();
            const double took = monotonic() - start;
            if (r != wanted || took < 0.24 || took > kLatest) {
                ++g_failures;
                fprintf(stderr, "%s: %ld (errno %d) after %.3f s\n", name, r, errno, took);
            }
        }
    }).detach();
}

template <class Call>
void never_returns(const char* name, Call call) {
    std::thread([=] {
        pthread_setname_np(pthread_self(), name);
        errno = 0;
        const long r = call();
        ++g_failures;
        fprintf(stderr, "%s returned %ld (errno %d)\n", name, r, errno);
    }).detach();
}

void large_writes() {
    static int ends[2];
    CHECK(pipe(ends) == 0);
    std::thread([] {
        std::vector<char> data(300'000, 'z');
        for (;;)
            CHECK(write(ends[1], data.data(), data.size()) == (long)data.size());
    }).detach();
    std::thread([] {
        char piece[8192];
        for (;;) {
            CHECK(read(ends[0], piece, sizeof piece) > 0);
            usleep(2000);
        }
    }).detach();
}

// Each signal must end one sigsuspend: neither lost nor swallowed.
std::atomic<long> g_handled, g_woken;
void own_signals() {
    struct sigaction a {};
    a.sa_handler = [](int) { ++g_handled; };
    sigaction(SIGUSR1, &a, nullptr);
    static std::thread sleeper([] {
        sigset_t none;
        sigemptyset(&none);
        for (;;) {
            const long before = g_handled;
            CHECK(sigsuspend(&none) == -1 && errno == EINTR);
            CHECK(g_handled != before);
            ++g_woken;
        }
    });
    const pthread_t target = sleeper.native_handle();
    std::thread([target] {
        for (;;) {
            const long before = g_woken;
            pthread_kill(target, SIGUSR1);
            for (int i = 0; g_woken == before; ++i) {
                usleep(100);
                if (i == 30'000) {
                    ++g_failures;
                    fprintf(stderr, "a signal did not wake sigsuspend\n");
                }
            }
        }
    }).detach();
}

} // namespace

int main() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    CHECK(pipe(g_silent) == 0);
    forever("nanosleep", 0, [] { return nanosleep(&kWait, nullptr); });
    forever("clock_nanosleep", 0,
            [] { return clock_nanosleep(CLOCK_MONOTONIC, 0, &kWait, nullptr); });
    forever("usleep", 0, [] { return usleep(250'000); });
    forever("poll", 0, [] {
        pollfd p{g_silent[0], POLLIN, 0};
        return poll(&p, 1, 250);
    });
    forever("ppoll", 0, [] {
        pollfd p{g_silent[0], POLLIN, 0};
        return ppoll(&p, 1, &kWait, nullptr);
    });
    forever("select", 0, [] {
        fd_set f;
        FD_ZERO(&f);
        FD_SET(g_silent[0], &f);
        timeval t{0, 250'000};
        return select(g_silent[0] + 1, &f, nullptr, nullptr, &t);
    });
    forever("epoll_wait", 0, [] {
        static const int e = epoll_create1(0);
        epoll_event got;
        return epoll_wait(e, &got, 1, 250);
    });
    forever("sigtimedwait", -EAGAIN, [] {
        sigset_t s;
        sigemptyset(&s);
        sigaddset(&s, SIGUSR2);
        return sigtimedwait(&s, nullptr, &kWait) < 0 ? -errno : 0;
    });
    forever("cond_wait_for", 1, [] {
        static std::mutex m;
        static std::condition_variable c;
        std::unique_lock<std::mutex> hold(m);
        return (long)(c.wait_for(hold, std::chrono::milliseconds(250)) == std::cv_status::timeout);
    });
    forever("sem_clockwait", -ETIMEDOUT, [] {
        static sem_t s;
        timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        t.tv_nsec += 250'000'000;
        t.tv_sec += t.tv_nsec / 1'000'000'000;
        t.tv_nsec %= 1'000'000'000;
        return sem_clockwait(&s, CLOCK_MONOTONIC, &t) < 0 ? -errno : 0;
    });
    never_returns("pause", [] { return pause(); });
    never_returns("read", [] {
        char c;
        return read(g_silent[0], &c, 1);
    });
    never_returns("futex", [] {
        static int word;
        return syscall(SYS_futex, &word, FUTEX_WAIT, 0, nullptr);
    });
    large_writes();
    own_signals();
    std::thread([] {
        for (;;) {
            std::thread([] { usleep(2000); }).join();
            usleep(1000);
        }
    }).detach();
    _exit(check_until_stopped([](long) {})); // past the threads, which never end
}
