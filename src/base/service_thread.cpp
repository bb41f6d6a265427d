#include "base/service_thread.h"
#include "base/lock.h"
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <pthread.h>
#include <sys/prctl.h>

namespace glckpt {
namespace {

constexpr int kMax = 64;
std::atomic<int> g_tids[kMax];

struct Start {
    void (*entry)(void*);
    void* arg;
    char name[16];
    std::atomic<uint32_t> registered{0};
};

void forget(int tid) {
    for (auto& t : g_tids) {
        int v = tid;
        if (t.compare_exchange_strong(v, 0))
            return;
    }
}

void* trampoline(void* p) {
    auto* s = static_cast<Start*>(p);
    const int tid = (int)raw_syscall(SYS_gettid);
    for (auto& t : g_tids) {
        int zero = 0;
        if (t.compare_exchange_strong(zero, tid))
            break;
    }
    raw_syscall(SYS_prctl, PR_SET_NAME, s->name, 0, 0, 0);
    auto* entry = s->entry;
    void* arg = s->arg;
    s->registered.store(1, std::memory_order_release); // `s` is gone from here on
    futex_wake(s->registered, 1);
    entry(arg);
    forget(tid);
    return nullptr;
}

} // namespace

int start_service_thread(const char* name, void (*entry)(void*), void* arg) {
    // Raw masks: libc's would leave out its own signals 32 and 33. 33 stays open (the stop
    // signal), 32 is blocked (nobody cancels our threads).
    const uint64_t all_but_stop = ~(1ull << (33 - 1));
    uint64_t old = 0;
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all_but_stop, &old, 8);
    Start s{entry, arg, {}, {}};
    strncpy(s.name, name, sizeof s.name - 1);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, 512 << 10);
    pthread_t thread;
    const int err = pthread_create(&thread, &attr, trampoline, &s);
    pthread_attr_destroy(&attr);
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, &old, 0, 8);
    if (err)
        return -err;
    while (s.registered.load(std::memory_order_acquire) == 0)
        futex_wait(s.registered, 0);
    return 0;
}

bool is_service_thread(int tid) {
    for (auto& t : g_tids)
        if (t.load(std::memory_order_relaxed) == tid)
            return true;
    return false;
}

void forget_service_threads_after_fork() {
    for (auto& t : g_tids)
        t.store(0, std::memory_order_relaxed);
}

} // namespace glckpt
