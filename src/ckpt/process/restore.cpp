#include "ckpt/process/restore.h"
#include "ckpt/process/flags.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include <algorithm>
#include <csignal>
#include <linux/prctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace glckpt::ckpt {
namespace {

constexpr int kSsAutodisarm = (int)(1u << 31);

void restore_layout(const SavedLayout& l, int exe_fd) {
    prctl_mm_map m{};
    m.start_code = l.start_code;
    m.end_code = l.end_code;
    m.start_data = l.start_data;
    m.end_data = l.end_data;
    m.start_brk = l.start_brk;
    m.brk = l.brk;
    m.start_stack = l.start_stack;
    m.arg_start = l.arg_start;
    m.arg_end = l.arg_end;
    m.env_start = l.env_start;
    m.env_end = l.env_end;
    m.auxv = reinterpret_cast<__u64*>(const_cast<char*>(l.auxv.data()));
    m.auxv_size = (uint32_t)l.auxv.size();
    // The program file can be named only with a capability that not everybody has.
    for (const int fd : {exe_fd, -1}) {
        m.exe_fd = (uint32_t)fd;
        if (raw_syscall(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, &m, sizeof m, 0) == 0)
            break;
    }
}

} // namespace

// A hard limit can be lowered again, not raised.
void restore_limits(const ProcessState& s) {
    for (size_t i = 0; i < s.limits.size(); ++i) {
        std::array<uint64_t, 2> now{}, want = s.limits[i];
        raw_syscall(SYS_prlimit64, 0, i, 0, now.data());
        if (raw_syscall(SYS_prlimit64, 0, i, want.data(), 0) < 0) {
            want[1] = std::min(want[1], now[1]);
            want[0] = std::min(want[0], want[1]);
            raw_syscall(SYS_prlimit64, 0, i, want.data(), 0);
        }
    }
}

void restore_own_thread(const ThreadSlot& slot) {
    raw_syscall(SYS_prctl, PR_SET_NAME, slot.name, 0, 0, 0);
    // A stack in use is told so by where the thread stands, not by the flag.
    const stack_t old = slot.frame->uc_stack;
    struct {
        void* sp;
        int flags;
        size_t bytes;
    } stack{old.ss_sp, old.ss_flags & (SS_DISABLE | kSsAutodisarm), old.ss_size};
    raw_syscall(SYS_sigaltstack, &stack, 0);
    if (slot.affinity_bytes)
        raw_syscall(SYS_sched_setaffinity, 0, slot.affinity_bytes, slot.affinity);
    if (slot.policy || slot.priority)
        raw_syscall(SYS_sched_setscheduler, 0, slot.policy, &slot.priority);
    if (slot.nice)
        raw_syscall(SYS_setpriority, PRIO_PROCESS, 0, slot.nice);
    restore_thread_flags(slot.flags);
    if (slot.timer_slack)
        raw_syscall(SYS_prctl, PR_SET_TIMERSLACK, slot.timer_slack, 0, 0, 0);
}

void restore_process(const ProcessState& s, int exe_fd) {
    restore_layout(s.layout, exe_fd);
    for (int n = 1; n <= 64; ++n)
        if (n != SIGKILL && n != SIGSTOP)
            raw_syscall(SYS_rt_sigaction, n, &s.actions[(size_t)n - 1], 0, 8);
    const std::string score = format("%d", s.oom_score);
    if (file_text("/proc/thread-self/oom_score_adj") != score + "\n")
        if (const UniqueFd f = open_fd("/proc/thread-self/oom_score_adj", O_WRONLY); f.ok())
            write_all(f.get(), score.data(), score.size());
    for (const int command : {1 << 2, 1 << 4, 1 << 6, 1 << 8}) // the ones that register
        if (s.membarrier & (unsigned)command)
            raw_syscall(SYS_membarrier, command, 0, 0);
    restore_process_flags(s.flags);
    if (s.child_subreaper)
        raw_syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if (exe_fd >= 0)
        raw_syscall(SYS_close, exe_fd);
}

} // namespace glckpt::ckpt
