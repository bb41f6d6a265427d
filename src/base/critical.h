// Critical sections of the guest: code in somebody's thread that must not be stopped half-way.
//
// A checkpoint stops the app's threads by a signal, at any instruction. A thread stopped while it
// holds one of *our* locks would deadlock the checkpoint thread, which needs the same locks. So a
// thread inside a critical section is not parked by the handler: the handler sets `stop_pending`
// and returns, and leaving the outermost section parks the thread (it signals itself, so that the
// frame it parks in is an ordinary signal frame).
//
// Rules: a section is short, does not wait for the app and makes no system call that can block
// for long. Waiting for a lock is done outside a section (base/lock.h).
#pragma once
#include <atomic>

namespace glckpt {

struct CriticalState {
    int depth = 0;                    // nesting of sections on this thread
    std::atomic<bool> stop_pending{}; // set by the stop handler of this very thread
};
extern thread_local CriticalState t_critical;

// Set once by the engine: parks the calling thread now. Null until the engine runs.
extern std::atomic<void (*)()> g_park_self;

inline void enter_critical() {
    ++t_critical.depth;
    std::atomic_signal_fence(std::memory_order_seq_cst);
}
inline void leave_critical() {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (--t_critical.depth == 0 && t_critical.stop_pending.load(std::memory_order_relaxed)) {
        t_critical.stop_pending.store(false, std::memory_order_relaxed);
        if (auto park = g_park_self.load(std::memory_order_acquire))
            park();
    }
}

struct Critical {
    Critical() { enter_critical(); }
    ~Critical() { leave_critical(); }
    Critical(const Critical&) = delete;
    Critical& operator=(const Critical&) = delete;
};

} // namespace glckpt
