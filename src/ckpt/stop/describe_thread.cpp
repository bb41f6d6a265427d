#include "ckpt/stop/describe_thread.h"
#include "ckpt/stop/frame.h"
#include "ckpt/stop/rseq.h"
#include "ckpt/sys.h"
#include <asm/prctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace glckpt::ckpt {
namespace {

constexpr int kPrGetTidAddress = 40; // PR_GET_TID_ADDRESS

void describe_scheduling(ThreadSlot& s) {
    s.policy = (int)raw_syscall(SYS_sched_getscheduler, 0);
    raw_syscall(SYS_sched_getparam, 0, &s.priority);
    s.nice = 20 - (int)raw_syscall(SYS_getpriority, PRIO_PROCESS, 0);
    s.timer_slack = (uint64_t)raw_syscall(SYS_prctl, PR_GET_TIMERSLACK, 0, 0, 0, 0);
    raw_syscall(SYS_prctl, PR_GET_PDEATHSIG, &s.parent_death, 0, 0, 0);
    const long n = raw_syscall(SYS_sched_getaffinity, 0, sizeof s.affinity, s.affinity);
    s.affinity_bytes = n > 0 ? (uint32_t)n : 0;
}

} // namespace

void describe_own_thread(ThreadSlot& s, ucontext_t* uc) {
    s.frame = uc;
    raw_syscall(SYS_arch_prctl, ARCH_GET_FS, &s.fs);
    raw_syscall(SYS_arch_prctl, ARCH_GET_GS, &s.gs);
    raw_syscall(SYS_prctl, kPrGetTidAddress, &s.clear_tid, 0, 0, 0);
    raw_syscall(SYS_get_robust_list, 0, &s.robust, &s.robust_bytes);
    raw_syscall(SYS_prctl, PR_GET_NAME, s.name, 0, 0, 0);
    find_rseq(s);
    describe_scheduling(s);
    read_thread_credentials(s.credentials);
    read_thread_flags(s.flags);
    note_time_left(s);
}

} // namespace glckpt::ckpt
