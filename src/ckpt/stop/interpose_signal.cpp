// sigaction and its relatives: the app's handlers are entered through a trampoline, which marks an
// EINTR that the app's own signal has caused, so that a stop which arrives right behind it does
// not take it back (frame.cpp). Nothing else changes: the app is shown its own handlers.
#include "ckpt/control/on_sigterm.h"
#include "ckpt/interpose.h"
#include <cerrno>
#include <csignal>
#include <ucontext.h>

using namespace glckpt::ckpt;

namespace {

constexpr int kSignals = 65;

// The last handler the app set for each signal. It stays when the app goes back to SIG_DFL: a
// signal that was delivered just before must still find it.
struct AppHandler {
    std::atomic<void*> function{nullptr};
    std::atomic<bool> wants_info{false};
};
AppHandler g_handlers[kSignals];

void trampoline(int signal, siginfo_t* info, void* context) {
    AppHandler& h = g_handlers[signal];
    void* function = h.function.load(std::memory_order_acquire);
    if (h.wants_info.load(std::memory_order_relaxed))
        reinterpret_cast<void (*)(int, siginfo_t*, void*)>(function)(signal, info, context);
    else
        reinterpret_cast<void (*)(int)>(function)(signal);
    // RCX is dead after a system call, where the kernel leaves it equal to RIP. So is a short
    // count of the app's own making marked. (A jump through RCX looks alike, but for the code.)
    greg_t* g = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    const auto* behind = reinterpret_cast<const unsigned char*>(g[REG_RIP]) - 2;
    if (g[REG_RCX] == g[REG_RIP] && behind[0] == 0x0f && behind[1] == 0x05)
        g[REG_RCX] = 0;
}

bool is_function(void (*h)(int)) { return h != SIG_DFL && h != SIG_IGN && h != SIG_ERR; }

int wrapped_sigaction(int n, const struct sigaction* action, struct sigaction* old) {
    static Real<int(int, const struct sigaction*, struct sigaction*)> real("sigaction");
    if (n < 1 || n >= kSignals)
        return real(n, action, old);
    if (n == SIGTERM && virtual_sigterm(action, old))
        return 0;
    AppHandler& h = g_handlers[n];
    void* const before = h.function.load(std::memory_order_acquire);
    const bool before_info = h.wants_info.load(std::memory_order_relaxed);
    struct sigaction ours;
    if (action && is_function(action->sa_handler)) {
        ours = *action;
        h.wants_info.store(action->sa_flags & SA_SIGINFO, std::memory_order_relaxed);
        h.function.store(reinterpret_cast<void*>(action->sa_handler), std::memory_order_release);
        ours.sa_sigaction = trampoline;
        ours.sa_flags |= SA_SIGINFO;
        action = &ours;
    }
    const int result = real(n, action, old);
    if (result == 0 && old && (old->sa_flags & SA_SIGINFO) && old->sa_sigaction == trampoline) {
        old->sa_handler = reinterpret_cast<void (*)(int)>(before);
        if (!before_info)
            old->sa_flags &= ~SA_SIGINFO;
    }
    return result;
}

// signal() in its two historic meanings, in terms of sigaction.
void (*set_signal(int n, void (*handler)(int), int flags))(int) {
    struct sigaction action {
    }, old{};
    if (handler == SIG_ERR) {
        errno = EINVAL;
        return SIG_ERR;
    }
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigemptyset(&action.sa_mask);
    if (!(flags & SA_NODEFER))
        sigaddset(&action.sa_mask, n);
    if (wrapped_sigaction(n, &action, &old) < 0)
        return SIG_ERR;
    return old.sa_handler;
}

} // namespace

extern "C" {

GLCKPT_EXPORT int sigaction(int n, const struct sigaction* action, struct sigaction* old) noexcept {
    return wrapped_sigaction(n, action, old);
}
GLCKPT_EXPORT int __sigaction(int n, const struct sigaction* action, struct sigaction* old) {
    return wrapped_sigaction(n, action, old);
}
GLCKPT_EXPORT void (*signal(int n, void (*handler)(int)) noexcept)(int) {
    return set_signal(n, handler, SA_RESTART);
}
GLCKPT_EXPORT void (*bsd_signal(int n, void (*handler)(int)))(int) {
    return set_signal(n, handler, SA_RESTART);
}
GLCKPT_EXPORT void (*ssignal(int n, void (*handler)(int)) noexcept)(int) {
    return set_signal(n, handler, SA_RESTART);
}
GLCKPT_EXPORT void (*sysv_signal(int n, void (*handler)(int)) noexcept)(int) {
    return set_signal(n, handler, SA_RESETHAND | SA_NODEFER);
}
GLCKPT_EXPORT void (*__sysv_signal(int n, void (*handler)(int)) noexcept)(int) {
    return set_signal(n, handler, SA_RESETHAND | SA_NODEFER);
}
}
