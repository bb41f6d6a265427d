// Mutexes that name their owner by its thread's number: robust ones, whose owner may end, and ones
// with priority inheritance, which the kernel hands over. Held, waited for and abandoned across
// checkpoints and restarts.
#include "harness.h"
#include <atomic>
#include <ctime>
#include <pthread.h>
#include <thread>

namespace {

pthread_mutex_t make(int protocol, int robust) {
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
    CHECK(pthread_mutexattr_setprotocol(&a, protocol) == 0);
    CHECK(pthread_mutexattr_setrobust(&a, robust) == 0);
    pthread_mutex_t m;
    CHECK(pthread_mutex_init(&m, &a) == 0);
    return m;
}

struct Subject {
    const char* name;
    pthread_mutex_t mutex;
    bool robust;
};
Subject g_subjects[] = {
    {"inherits", make(PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_STALLED), false},
    {"robust", make(PTHREAD_PRIO_NONE, PTHREAD_MUTEX_ROBUST), true},
    {"both", make(PTHREAD_PRIO_INHERIT, PTHREAD_MUTEX_ROBUST), true},
};

// One holds it for a while, and lets go or ends with it; another waits meanwhile.
void hand_over(Subject& s, bool abandon) {
    std::atomic<bool> held{false};
    std::thread holder([&] {
        pthread_setname_np(pthread_self(), s.name);
        CHECK(pthread_mutex_lock(&s.mutex) == 0);
        CHECK(pthread_mutex_lock(&s.mutex) == EDEADLK); // it knows that it is the owner
        held = true;
        usleep(150'000);
        if (!abandon)
            CHECK(pthread_mutex_unlock(&s.mutex) == 0);
    });
    while (!held)
        usleep(100);
    CHECK(pthread_mutex_trylock(&s.mutex) == EBUSY);
    const int r = pthread_mutex_lock(&s.mutex);
    CHECK(r == (abandon ? EOWNERDEAD : 0));
    if (r == EOWNERDEAD)
        CHECK(pthread_mutex_consistent(&s.mutex) == 0);
    CHECK(pthread_mutex_unlock(&s.mutex) == 0);
    holder.join();
}

} // namespace

int main() {
    for (Subject& s : g_subjects)
        std::thread([&s] {
            for (long n = 0;; ++n)
                hand_over(s, s.robust && n % 2);
        }).detach();
    _exit(check_until_stopped([](long) {}));
}
