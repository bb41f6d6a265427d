#include "ckpt/control/on_sigterm.h"
#include "base/lock.h"
#include "ckpt/control/server.h"
#include "ckpt/interpose.h"
#include "ckpt/stop/frame.h"
#include "ckpt/sys.h"
#include "ckpt/tree/discover.h"
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <new>
#include <ucontext.h>

namespace glckpt::ckpt {
namespace {

Real<int(int, const struct sigaction*, struct sigaction*)> g_sigaction("sigaction");
std::atomic<bool> g_ours{false}, g_come{false};
Mutex g_lock;
struct sigaction g_wish {}; // of the program

// The system call that it interrupts is made again, as after a stop: the image must not have an
// EINTR that no program expects.
void on_sigterm(int, siginfo_t*, void* context) {
    const int saved = errno;
    g_come.store(true);
    wake_control_server();
    ThreadSlot slot;
    slot.tid = own_tid();
    slot.frame = static_cast<ucontext_t*>(context);
    undo_interruption(slot, false);
    errno = saved;
}

} // namespace

void take_over_sigterm() {
    const char* wanted = getenv("GLCKPT_ON_SIGTERM");
    if (!wanted || *wanted != '1' || root_of_tree() != own_pid())
        return;
    struct sigaction ours {};
    ours.sa_sigaction = on_sigterm;
    ours.sa_flags = SA_SIGINFO | SA_RESTART;
    sigfillset(&ours.sa_mask);
    if (g_sigaction(SIGTERM, &ours, &g_wish) == 0)
        g_ours.store(true);
}

void give_up_sigterm() {
    new (&g_lock) Mutex();
    g_come.store(false);
    if (g_ours.exchange(false))
        (void)sigaction(SIGTERM, &g_wish, nullptr); // our own wrapper, which knows the program's
}

bool virtual_sigterm(const struct sigaction* action, struct sigaction* old) {
    if (!g_ours.load())
        return false;
    const std::lock_guard guard(g_lock);
    if (old)
        *old = g_wish;
    if (action)
        g_wish = *action;
    return true;
}

bool take_sigterm() { return g_come.exchange(false); }

void pass_sigterm_on() {
    if (!g_ours.exchange(false))
        return;
    (void)sigaction(SIGTERM, &g_wish, nullptr);
    raw_syscall(SYS_kill, own_pid(), SIGTERM);
}

} // namespace glckpt::ckpt
