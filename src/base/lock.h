// Locks of the guest: futex based, no libc, safe to take on any thread, including the checkpoint
// thread while the app's threads are stopped (see critical.h for why that cannot deadlock).
#pragma once
#include "base/critical.h"
#include "base/syscall.h"
#include <atomic>
#include <cstdint>
#include <ctime>

namespace glckpt {

inline long futex_wait(const std::atomic<uint32_t>& word, uint32_t expected,
                       const timespec* relative_timeout = nullptr) {
    return raw_syscall(SYS_futex, &word, 0 /*FUTEX_WAIT*/, expected, relative_timeout, 0, 0);
}
inline long futex_wake(const std::atomic<uint32_t>& word, int count) {
    return raw_syscall(SYS_futex, &word, 1 /*FUTEX_WAKE*/, count, 0, 0, 0);
}

// Not recursive. States: 0 free, 1 held, 2 held with waiters (Drepper's third mutex).
class Mutex {
  public:
    constexpr Mutex() = default;
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    void lock() {
        for (;;) {
            // The section begins before the lock is ours: between taking it and saying so there
            // must be no instruction at which a stop could park us.
            enter_critical();
            uint32_t free = 0;
            if (word_.compare_exchange_strong(free, 1, std::memory_order_acquire))
                return;
            leave_critical();
            if (wait_and_take())
                return;
        }
    }
    bool try_lock() {
        enter_critical();
        uint32_t free = 0;
        if (word_.compare_exchange_strong(free, 1, std::memory_order_acquire))
            return true;
        leave_critical();
        return false;
    }
    void unlock() {
        if (word_.exchange(0, std::memory_order_release) == 2)
            futex_wake(word_, 1);
        leave_critical();
    }

  private:
    bool wait_and_take() {
        enter_critical();
        if (word_.exchange(2, std::memory_order_acquire) == 0)
            return true;
        leave_critical();
        futex_wait(word_, 2);
        enter_critical();
        if (word_.exchange(2, std::memory_order_acquire) == 0)
            return true;
        leave_critical();
        return false;
    }
    std::atomic<uint32_t> word_{0};
};

class Locked {
  public:
    explicit Locked(Mutex& m) : m_(m) { m_.lock(); }
    ~Locked() { m_.unlock(); }
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;

  private:
    Mutex& m_;
};

} // namespace glckpt
