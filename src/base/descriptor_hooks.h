// What another room does about the app's descriptors, before the engine's wrappers of poll and
// epoll_wait (ckpt/stop/interpose_wait.cpp) and of the close family (ckpt/fd/interpose_close.cpp)
// go to libc.
#pragma once
#include <atomic>
#include <csignal>
#include <poll.h>

namespace glckpt {

struct DescriptorHooks {
    // True: waited, and here is what poll returns (errno is set).
    bool (*poll)(pollfd* fds, nfds_t n, const timespec* timeout, const sigset_t* mask, int* result);
    // The app is about to wait in a way that is not followed.
    void (*other_wait)();
    // These numbers are about to mean something else.
    void (*closing)(unsigned first, unsigned last);
};
// Null: none.
inline std::atomic<const DescriptorHooks*> g_descriptor_hooks{nullptr};

// Milliseconds as poll has them.
inline bool hooked_poll(pollfd* fds, nfds_t n, int timeout_ms, int* result) {
    const DescriptorHooks* hooks = g_descriptor_hooks.load(std::memory_order_acquire);
    if (!hooks)
        return false;
    const timespec t{timeout_ms / 1000, timeout_ms % 1000 * 1'000'000L};
    return hooks->poll(fds, n, timeout_ms < 0 ? nullptr : &t, nullptr, result);
}
inline void hooked_other_wait(bool blocks) {
    const DescriptorHooks* hooks =
        blocks ? g_descriptor_hooks.load(std::memory_order_acquire) : nullptr;
    if (hooks)
        hooks->other_wait();
}

inline void hooked_closing(unsigned first, unsigned last) {
    if (const DescriptorHooks* hooks = g_descriptor_hooks.load(std::memory_order_acquire))
        hooks->closing(first, last);
}

} // namespace glckpt
