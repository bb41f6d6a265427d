#include "ckpt/stop/threads.h"
#include "base/critical.h"
#include "base/lock.h"
#include "base/service_thread.h"
#include "ckpt/stop/describe_thread.h"
#include "ckpt/stop/frame.h"
#include "ckpt/stop/pending.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include <cerrno>
#include <cstddef>

namespace glckpt::ckpt {
namespace {

constexpr uint64_t kSlotMagic = 0x67'6c'63'6b'70'74'53'4cull;

struct KernelAction {
    void (*handler)(int, siginfo_t*, void*);
    uint64_t flags;
    void (*restorer)();
    uint64_t mask;
};

std::vector<std::unique_ptr<ThreadSlot>> g_slots;
// Slots of stops that were given up while a signal was still on its way: it carries their address.
std::vector<std::unique_ptr<ThreadSlot>> g_cancelled;
std::atomic<uint32_t> g_generation{0}; // parked threads leave when it moves
std::atomic<uint32_t> g_call{0};       // what parked threads wait on: let go, or an errand
std::atomic<uint32_t> g_looked{0};     // have looked at their queues
struct Errand {
    void (*run)(void*) = nullptr;
    void* arg = nullptr;
    std::atomic<uint32_t> wanted{0};
};
Errand g_errand;                      // of the first thread
std::atomic<uint32_t> g_parked{0};    // counts arrivals; waited on
std::atomic<uint32_t> g_restarted{0}; // the same in a restarted process
KernelAction g_chained{};
void (*g_on_request)() = nullptr;
thread_local ThreadSlot* t_slot = nullptr; // of a stop deferred by a critical section

// The checkpoint thread's errand inside its own handler (fork_snapshot).
struct Snapshot {
    void (*child)(void*) = nullptr;
    void* arg = nullptr;
    volatile int result = 0;
    bool wanted = false;
    void (*instead)(void*) = nullptr; // if there can be no copy
};
Snapshot g_snapshot;

[[gnu::naked]] void signal_return() { asm("mov $15, %eax\n syscall"); }

void queue_stop_signal(ThreadSlot& slot, long* result) {
    // A queued signal with a pointer: that it is ours, and whose, is told by what it carries.
    siginfo_t info{};
    info.si_signo = kStopSignal;
    info.si_code = SI_QUEUE;
    info.si_pid = own_pid();
    info.si_value.sival_ptr = &slot;
    *result = raw_syscall(SYS_rt_tgsigqueueinfo, own_pid(), slot.tid, kStopSignal, &info);
}

void look_at_own_queue(ThreadSlot& slot) {
    uint64_t pending = 0;
    raw_syscall(SYS_rt_sigpending, &pending, 8);
    slot.queued.clear();
    if (pending & ~(1ull << (kStopSignal - 1)))
        copy_own_queue(slot.queued);
    slot.look.store(0);
    g_looked.fetch_add(1);
    futex_wake(g_looked, 1);
}

void await_leave(ThreadSlot& slot, uint32_t generation) {
    const bool first = own_tid() == own_pid();
    for (;;) {
        const uint32_t seen = g_call.load();
        if (g_generation.load() != generation)
            return;
        if (slot.look.load())
            look_at_own_queue(slot);
        if (first && g_errand.wanted.load() == 1) {
            g_errand.run(g_errand.arg);
            g_errand.wanted.store(0);
            futex_wake(g_errand.wanted, 1);
        }
        futex_wait(g_call, seen);
    }
}

void call_parked() {
    g_call.fetch_add(1);
    futex_wake(g_call, INT32_MAX);
}

void park(ThreadSlot& slot, ucontext_t* uc) {
    const uint32_t generation = g_generation.load();
    uint32_t expected = ThreadSlot::Signalled;
    if (!slot.state.compare_exchange_strong(expected, ThreadSlot::Arriving))
        return; // cancelled
    describe_own_thread(slot, uc);
    slot.state.store(ThreadSlot::Parked);
    g_parked.fetch_add(1);
    futex_wake(g_parked, 1);
    await_leave(slot, generation);
    undo_interruption(slot, false);
    slot.state.store(ThreadSlot::Left);
}

void take_snapshot(ThreadSlot& slot, ucontext_t* uc) {
    describe_own_thread(slot, uc);
    slot.state.store(ThreadSlot::Parked);
    // No exit signal: the app's wait() never sees the copy.
    const long pid = g_snapshot.child ? raw_syscall(SYS_clone, 0, 0, 0, 0, 0) : -EAGAIN;
    if (pid == 0) {
        g_snapshot.child(g_snapshot.arg);
        for (;;)
            raw_syscall(SYS_exit_group, 127);
    }
    g_snapshot.result = (int)pid;
    if (pid < 0 && g_snapshot.instead) {
        g_snapshot.instead(g_snapshot.arg);
        g_snapshot.result = 0;
    }
}

bool slot_is_mine(const siginfo_t* si) {
    const auto* slot = static_cast<const ThreadSlot*>(si->si_value.sival_ptr);
    return si->si_code == SI_QUEUE && si->si_pid == own_pid() && slot &&
           slot->magic == kSlotMagic && slot->tid == own_tid();
}

void handler(int signal, siginfo_t* si, void* context) {
    // Somebody else's queued signal must not make us follow its pointer: a pid of our own first.
    if (si->si_code == SI_QUEUE && si->si_pid == own_pid() && slot_is_mine(si)) {
        auto* slot = static_cast<ThreadSlot*>(si->si_value.sival_ptr);
        auto* uc = static_cast<ucontext_t*>(context);
        if (slot->checkpointer) {
            if (g_snapshot.wanted)
                take_snapshot(*slot, uc);
        } else if (t_critical.depth > 0) {
            t_slot = slot;
            t_critical.stop_pending.store(true, std::memory_order_relaxed);
        } else {
            park(*slot, uc);
        }
        return;
    }
    if (si->si_code == SI_USER || (si->si_code == SI_QUEUE && si->si_pid != own_pid())) {
        if (g_on_request)
            g_on_request();
        return;
    }
    if (reinterpret_cast<uintptr_t>(g_chained.handler) > 1)
        g_chained.handler(signal, si, context);
}

// Leaving the outermost critical section with a stop pending: the signal again, to have a frame.
void park_self() {
    if (ThreadSlot* slot = t_slot) {
        t_slot = nullptr;
        long ignored;
        queue_stop_signal(*slot, &ignored);
    }
}

// A thread entered by restart_syscall (it was stopped by SIGSTOP in mid-call before) does not tell
// what it restarts; where it sleeps does.
long number_from_wchan(const std::string& task, const ThreadSlot& s) {
    const std::string wchan = file_text(task + "/wchan");
    if (wchan.find("poll") != wchan.npos)
        return SYS_poll;
    if (wchan.find("futex") != wchan.npos)
        return SYS_futex;
    if (wchan.find("nanosleep") != wchan.npos)
        return s.args[0] < 16 ? SYS_clock_nanosleep : SYS_nanosleep; // a clock, or a pointer
    return -1;
}

void look_at_syscall(ThreadSlot& s) {
    const std::string task = format("/proc/self/task/%d", s.tid);
    const std::string text = file_text(task + "/syscall");
    Scanner in(text);
    if (text.empty() || text[0] == 'r' || text[0] == '-')
        return; // running, or stopped outside a system call
    s.syscall = (long)in.decimal();
    for (uint64_t& arg : s.args) {
        in.advance(3); // " 0x"
        arg = in.hex();
    }
    in.advance(3);
    s.sp = in.hex();
    in.advance(3);
    s.pc = in.hex();
    if (s.syscall == SYS_restart_syscall)
        s.restarted_as = number_from_wchan(task, s);
}

std::string why_not_stopped(int tid) {
    const std::string task = format("/proc/self/task/%d", tid);
    const std::string status = file_text(task + "/status");
    Scanner blocked(value_of(status, "SigBlk:"));
    const char* reason = "does not answer the stop signal";
    if (blocked.hex() >> (kStopSignal - 1) & 1)
        reason = "has blocked signal 33 by a raw system call";
    else if (value_of(status, "State:").starts_with("D"))
        reason = "is in an uninterruptible wait (of a vfork, or of a device)";
    else if (value_of(status, "State:").starts_with("T"))
        reason = "is stopped (SIGSTOP): continue it with kill -CONT first";
    return thread_text(tid) + " " + reason;
}

bool known(int tid) {
    for (const auto& s : g_slots)
        if (s->tid == tid && s->state.load() != ThreadSlot::Gone)
            return true;
    return false;
}

// A thread may still be on its way out of the stop before, in its slot.
void retire_slots() {
    for (const auto& s : g_slots)
        while (s->state.load() == ThreadSlot::Parked &&
               raw_syscall(SYS_tgkill, own_pid(), s->tid, 0) == 0)
            raw_syscall(SYS_sched_yield);
    g_slots.clear();
    g_parked.store(0);
}

// Of those signalled, one that has not parked yet; 0 if all have.
int somebody_missing() {
    for (const auto& s : g_slots)
        if (s->state.load() == ThreadSlot::Signalled || s->state.load() == ThreadSlot::Arriving)
            return s->tid;
    return 0;
}

// The first thread of a process stays listed when it has ended (pthread_exit in main()), until the
// others have.
bool has_ended(int tid) {
    if (raw_syscall(SYS_tgkill, own_pid(), tid, 0) < 0)
        return true;
    if (tid != own_pid())
        return false;
    const std::string stat = file_text(format("/proc/self/task/%d/stat", tid));
    const size_t name_end = stat.rfind(')');
    return name_end != stat.npos && name_end + 2 < stat.size() &&
           (stat[name_end + 2] == 'Z' || stat[name_end + 2] == 'X');
}

void notice_ended_threads() {
    for (const auto& s : g_slots)
        if (s->state.load() == ThreadSlot::Signalled && has_ended(s->tid))
            s->state.store(ThreadSlot::Gone);
}

Status signal_thread(int tid, Who who, uint64_t deadline_ns) {
    auto slot = std::make_unique<ThreadSlot>();
    slot->magic = kSlotMagic;
    slot->tid = tid;
    slot->service = who == Who::Service;
    look_at_syscall(*slot);
    ThreadSlot& s = *slot;
    g_slots.push_back(std::move(slot));
    for (;;) {
        long r;
        queue_stop_signal(s, &r);
        if (r == 0)
            return {};
        if (r != -EAGAIN || clock_ns(CLOCK_MONOTONIC) > deadline_ns) {
            s.state.store(ThreadSlot::Gone);
            return r == -EAGAIN ? Status::refused("no more signals can be queued for this user "
                                                  "(raise the limit: ulimit -i)")
                                : Status();
        }
        raw_syscall(SYS_sched_yield);
    }
}

Status await_signalled(uint64_t deadline_ns) {
    for (;;) {
        const uint32_t seen = g_parked.load();
        const int missing = somebody_missing();
        if (!missing)
            return {};
        const timespec tick{0, 20'000'000};
        if (futex_wait(g_parked, seen, &tick) != -ETIMEDOUT)
            continue;
        notice_ended_threads();
        if (clock_ns(CLOCK_MONOTONIC) > deadline_ns)
            return Status::timed_out(why_not_stopped(missing));
    }
}

} // namespace

std::string thread_text(int tid) {
    std::string name = file_text(format("/proc/self/task/%d/comm", tid));
    while (!name.empty() && name.back() == '\n')
        name.pop_back();
    return format("thread %d (%s)", tid, name.c_str());
}

Status Stop::stop(Who who, uint64_t deadline_ns) {
    if (!active_) {
        retire_slots();
        active_ = true;
    }
    const int self = own_tid();
    for (;;) {
        bool fresh = false;
        for (const int tid : numeric_entries("/proc/self/task")) {
            if (tid == self || is_service_thread(tid) != (who == Who::Service) || known(tid) ||
                (tid == own_pid() && has_ended(tid)))
                continue;
            fresh = true;
            if (Status s = signal_thread(tid, who, deadline_ns); !s)
                return s;
        }
        if (!fresh)
            return {};
        if (Status s = await_signalled(deadline_ns); !s)
            return s;
    }
}

Stop::~Stop() { resume(); }

void Stop::resume() {
    if (!active_)
        return;
    active_ = false;
    for (auto& s : g_slots) {
        uint32_t expected = ThreadSlot::Signalled;
        if (s->state.compare_exchange_strong(expected, ThreadSlot::Cancelled))
            g_cancelled.push_back(std::move(s));
    }
    std::erase(g_slots, nullptr);
    g_generation.fetch_add(1);
    call_parked();
}

// SigQ counts what is queued for any process of this user: mostly, nothing is.
void Stop::look_at_queues() {
    if (value_of(file_text("/proc/thread-self/status"), "SigQ:").starts_with("0/"))
        return;
    uint32_t asked = 0;
    g_looked.store(0);
    for (const auto& s : g_slots)
        if (s->state.load() == ThreadSlot::Parked && !s->service && !s->checkpointer) {
            s->look.store(1);
            ++asked;
        }
    if (asked == 0)
        return;
    call_parked();
    for (uint32_t n = g_looked.load(); n < asked; n = g_looked.load())
        futex_wait(g_looked, n);
}

bool run_on_first_thread(void (*run)(void*), void* arg) {
    for (const auto& s : g_slots) {
        if (s->tid != own_pid() || s->state.load() != ThreadSlot::Parked)
            continue;
        g_errand.run = run;
        g_errand.arg = arg;
        g_errand.wanted.store(1);
        call_parked();
        while (g_errand.wanted.load() == 1)
            futex_wait(g_errand.wanted, 1);
        return true;
    }
    return false;
}

const std::vector<std::unique_ptr<ThreadSlot>>& Stop::slots() const { return g_slots; }
int Stop::parked() const {
    int n = 0;
    for (const auto& s : g_slots)
        n += s->state.load() == ThreadSlot::Parked;
    return n;
}

int fork_snapshot(void (*child)(void*), void* arg, ThreadSlot& self, void (*instead)(void*)) {
    self.magic = kSlotMagic;
    self.tid = own_tid();
    self.checkpointer = self.service = true;
    g_snapshot.child = child;
    g_snapshot.arg = arg;
    g_snapshot.instead = instead;
    g_snapshot.wanted = true;
    long r;
    queue_stop_signal(self, &r); // delivered before this returns
    g_snapshot.wanted = false;
    return r < 0 ? (int)r : g_snapshot.result;
}

void wait_for_restarted_threads(int count) {
    for (;;) {
        const uint32_t n = g_restarted.load();
        if ((int)n >= count)
            break;
        futex_wait(g_restarted, n);
    }
    g_restarted.store(0);
}

void install_stop_handler(void (*on_request)()) {
    g_on_request = on_request;
    const KernelAction action{handler, SA_SIGINFO | SA_RESTART | 0x04000000 /*SA_RESTORER*/,
                              signal_return, ~0ull};
    KernelAction old{};
    raw_syscall(SYS_rt_sigaction, kStopSignal, &action, &old, 8);
    if (old.handler != handler)
        g_chained = old;
    const uint64_t stop = 1ull << (kStopSignal - 1);
    // One that was meant for the program this process executed before (interpose_exec.cpp): what
    // it carries leads nowhere here.
    const timespec now{0, 0};
    siginfo_t info;
    raw_syscall(SYS_rt_sigprocmask, SIG_BLOCK, &stop, 0, 8);
    while (raw_syscall(SYS_rt_sigtimedwait, &stop, &info, &now, 8) > 0) {
    }
    raw_syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &stop, 0, 8);
    g_park_self.store(park_self, std::memory_order_release);
}

void forget_stop_after_fork() {
    g_errand.wanted.store(0);
    g_slots.clear();
    g_parked.store(0);
}

// Where the first thread of a restarted process enters that had ended: others count on its being
// listed as the process, and as ended. Whoever has counted it takes the memory away in which it
// stood until here: no stack.
extern "C" [[gnu::naked, gnu::used]] void glckpt_restarted_ended_thread() {
    asm("lea %0, %%rdi\n"
        "lock incl (%%rdi)\n"
        "mov $1, %%esi\n" // FUTEX_WAKE
        "mov $1, %%edx\n"
        "mov $202, %%eax\n"
        "syscall\n"
        "xor %%edi, %%edi\n"
        "mov $60, %%eax\n" // exit
        "syscall\n"
        "hlt" ::"m"(g_restarted));
}

// Where a thread of a restarted process enters: the kernel objects are its own again, its frame is
// as the stop left it.
void (*g_restore_thread)(const ThreadSlot&) = nullptr;

extern "C" [[gnu::used]] void glckpt_restarted_thread(ThreadSlot* slot) {
    g_restore_thread(*slot);
    if (slot->checkpointer) {
        g_snapshot.result = kRestarted;
    } else {
        const uint32_t generation = g_generation.load();
        queue_to_self(slot->queued); // before anybody runs who could send more
        g_restarted.fetch_add(1);
        futex_wake(g_restarted, 1);
        await_leave(*slot, generation);
        undo_interruption(*slot, true);
        slot->state.store(ThreadSlot::Left);
    }
    // The frame starts with the return address below the ucontext, which the real return of a
    // handler would have taken off the stack.
    asm volatile("mov %0, %%rsp\n mov $15, %%eax\n syscall\n hlt" ::"r"(slot->frame) : "memory");
    __builtin_unreachable();
}

} // namespace glckpt::ckpt
