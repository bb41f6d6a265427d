// The last piece of the restorer: it replaces the address space under its own feet, so it lives in
// a region outside every mapping of the image and uses nothing but itself and the kernel. Built
// without libc into a flat, position-independent binary that starts with blob_start.
//
// It does only what cannot be done before (the restorer's own memory is in the way) or after (the
// guest's code needs its threads): unmap, move, hand over, make the threads. Everything else a
// restart needs is done by the guest's checkpoint thread once it runs (restart.cpp).
#include "base/syscall.h"
#include "ckpt/restore/blob/plan.h"
#include <asm/prctl.h>
#include <cerrno>
#include <cstddef>
#include <linux/sched.h>
#include <linux/types.h>
#include <time.h>

using namespace glckpt;
using namespace glckpt::ckpt;

namespace {

constexpr uint64_t kLowest = 0x10000;
constexpr uint64_t kAddressEnd = 0x7fff'ffff'f000;
constexpr int kMremapMayMove = 1, kMremapFixed = 2;

[[noreturn]] void fail(const BlobPlan& plan, const char* what, uint64_t length, long error) {
    char text[128];
    uint64_t n = 0;
    for (uint64_t i = 0; i < length; ++i)
        text[n++] = what[i];
    uint64_t code = (uint64_t)(error < 0 ? -error : error);
    char digits[20];
    int d = 0;
    do
        digits[d++] = (char)('0' + code % 10);
    while (code /= 10);
    while (d)
        text[n++] = digits[--d];
    text[n++] = '\n';
    raw_syscall(SYS_write, plan.status_fd, text, n);
    for (;;)
        raw_syscall(SYS_exit_group, 1);
}
#define FAIL(plan, what, error) fail(plan, what, sizeof(what) - 1, error)

void unmap_all_but(const BlobPlan& plan) {
    uint64_t at = kLowest;
    for (uint64_t i = 0; i < plan.keep_count; ++i) {
        const BlobRange& k = plan.keep[i];
        if (k.start > at)
            raw_syscall(SYS_munmap, at, k.start - at);
        if (k.end > at)
            at = k.end;
    }
    raw_syscall(SYS_munmap, at, kAddressEnd - at);
}

// The temporary places lie outside every mapping of the image, so no move hits the source of
// another.
void move_into_place(const BlobPlan& plan) {
    for (uint64_t i = 0; i < plan.move_count; ++i) {
        const BlobMove& m = plan.moves[i];
        const long r =
            raw_syscall(SYS_mremap, m.from, m.bytes, m.bytes, kMremapMayMove | kMremapFixed, m.to);
        if (r < 0 && r > -4096)
            FAIL(plan, "failed memory cannot be moved into place: error ", r);
    }
}

// Becomes the thread: kernel-side registrations first, then its stack and the guest's code. The
// signal frame lies above; what was below it belonged to the handler that is not returned to.
[[noreturn, gnu::noinline]] void become(const BlobPlan* plan, const BlobThread* t) {
    raw_syscall(SYS_set_tid_address, t->clear_tid);
    if (t->robust)
        raw_syscall(SYS_set_robust_list, t->robust, t->robust_bytes);
    raw_syscall(SYS_arch_prctl, ARCH_SET_GS, t->gs);
    raw_syscall(SYS_arch_prctl, ARCH_SET_FS, t->fs);
    if (t->rseq_bytes) {
        // The critical section it may have been in was left by the signal.
        *reinterpret_cast<volatile uint64_t*>(t->rseq + 8) = 0;
        const long r = raw_syscall(SYS_rseq, t->rseq, t->rseq_bytes, 0, t->rseq_signature);
        if (r < 0)
            FAIL(*plan, "failed rseq cannot be registered: error ", r);
    }
    const uint64_t stack = ((t->frame - 1024) & ~63ull) - 8;
    asm volatile("mov %0, %%rsp\n xor %%ebp, %%ebp\n jmp *%1" ::"r"(stack), "r"(plan->thread_entry),
                 "D"(t->slot)
                 : "memory");
    __builtin_unreachable();
}

long start_thread(const BlobPlan* plan, const BlobThread* t) {
    int32_t tid = t->tid;
    clone_args args;
    for (size_t i = 0; i < sizeof args; ++i)
        reinterpret_cast<volatile char*>(&args)[i] = 0;
    args.flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    // clone3 wants the lowest address; the little it needs is below the top.
    args.stack = t->stack_top - 2048;
    args.stack_size = 2048;
    if (plan->set_tid) {
        args.set_tid = (uint64_t)&tid;
        args.set_tid_size = 1;
    }
    long r;
    register const BlobPlan* in_r12 asm("r12") = plan;
    register const BlobThread* in_r13 asm("r13") = t;
    register auto* in_r14 asm("r14") = become;
    asm volatile("syscall\n"
                 "test %%eax, %%eax\n"
                 "jnz 1f\n"
                 "xor %%ebp, %%ebp\n"
                 "mov %%r12, %%rdi\n"
                 "mov %%r13, %%rsi\n"
                 "and $-16, %%rsp\n"
                 "call *%%r14\n"
                 "1:"
                 : "=a"(r)
                 : "a"(SYS_clone3), "D"(&args), "S"(sizeof args), "r"(in_r12), "r"(in_r13),
                   "r"(in_r14)
                 : "rcx", "r11", "memory");
    return r;
}

// A number that nobody has any more may not be free yet: a dying thread gives it back some time
// after it can no longer be seen, in /proc or by kill(2) (kernel/exit.c, release_task: free_pids
// comes last), and where processors are busy that lasts.
long start_thread_when_free(const BlobPlan* plan, const BlobThread* t) {
    constexpr int kAttempts = 5000;
    for (int attempt = 1;; ++attempt) {
        const long r = start_thread(plan, t);
        if (r != -EEXIST || attempt == kAttempts)
            return r;
        const timespec millisecond{0, 1'000'000};
        raw_syscall(SYS_nanosleep, &millisecond, 0);
    }
}

} // namespace

extern "C" [[gnu::section(".text.start"), noreturn]] void blob_start(const BlobPlan* plan) {
    unmap_all_but(*plan);
    move_into_place(*plan);
    const auto* from = static_cast<const volatile char*>(plan->handover);
    auto* to = reinterpret_cast<volatile char*>(plan->handover_to);
    for (uint64_t i = 0; i < plan->handover_bytes; ++i)
        to[i] = from[i];
    for (uint64_t i = 0; i < plan->thread_count; ++i) {
        if (i == plan->main_thread)
            continue;
        const long r = start_thread_when_free(plan, &plan->threads[i]);
        if (r < 0)
            FAIL(*plan, "failed a thread cannot be made with its old number: error ", r);
    }
    if (plan->main_thread < plan->thread_count)
        become(plan, &plan->threads[plan->main_thread]);
    raw_syscall(SYS_set_tid_address, 0);
    raw_syscall(SYS_set_robust_list, 0, 24);
    asm volatile("jmp *%0" ::"r"(plan->ended_entry));
    __builtin_unreachable();
}
