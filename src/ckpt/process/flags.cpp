#include "ckpt/process/flags.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include <linux/prctl.h>
#include <sys/mman.h>

namespace glckpt::ckpt {
namespace {

// Younger than Debian 12's headers.
constexpr int kSetIoFlusher = 57, kGetIoFlusher = 58, kSetMdwe = 65, kGetMdwe = 66,
              kSetMemoryMerge = 67, kGetMemoryMerge = 68;
constexpr int kGetXcompPermissions = 0x1022, kAskXcompPermission = 0x1023;
constexpr int kThisThread = 1; // IOPRIO_WHO_PROCESS, which means a thread

int32_t ask(int what, int which = 0) {
    return (int32_t)raw_syscall(SYS_prctl, what, which, 0, 0, 0);
}

uint64_t locked_kib() {
    return Scanner(value_of(file_text("/proc/thread-self/status"), "VmLck:")).decimal();
}

// mlockall(MCL_FUTURE) cannot be asked for; what is mapped next tells. As nothing can be read
// there, nothing is loaded.
uint32_t locks_future_memory() {
    const uint64_t before = locked_kib();
    if (before == 0) // glckpt's own mappings would be
        return 0;
    const long page = raw_syscall(SYS_mmap, 0, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page < 0 && page > -4096)
        return 0;
    const bool locked = locked_kib() > before;
    raw_syscall(SYS_munmap, page, 4096);
    return locked ? MCL_FUTURE : 0;
}

} // namespace

void read_thread_flags(ThreadFlags& out) {
    out.personality = (uint32_t)raw_syscall(SYS_personality, 0xffffffff);
    out.io_priority = (int32_t)raw_syscall(SYS_ioprio_get, kThisThread, 0);
    out.mce_kill = ask(PR_MCE_KILL_GET);
    raw_syscall(SYS_prctl, PR_GET_TSC, &out.time_stamps, 0, 0, 0);
    out.io_flusher = ask(kGetIoFlusher);
    for (int kind = 0; kind < 3; ++kind)
        out.speculation[kind] = ask(PR_GET_SPECULATION_CTRL, kind);
}

void restore_thread_flags(const ThreadFlags& f) {
    ThreadFlags now;
    read_thread_flags(now);
    if (f.personality != now.personality)
        raw_syscall(SYS_personality, f.personality);
    if (f.io_priority > 0 && f.io_priority != now.io_priority)
        raw_syscall(SYS_ioprio_set, kThisThread, 0, f.io_priority);
    if (f.mce_kill >= 0 && f.mce_kill != now.mce_kill)
        raw_syscall(SYS_prctl, PR_MCE_KILL, PR_MCE_KILL_SET, f.mce_kill, 0, 0);
    if (f.time_stamps && f.time_stamps != now.time_stamps)
        raw_syscall(SYS_prctl, PR_SET_TSC, f.time_stamps, 0, 0, 0);
    if (f.io_flusher == 1 && now.io_flusher == 0)
        raw_syscall(SYS_prctl, kSetIoFlusher, 1, 0, 0, 0);
    // The lowest bit says that it may be set for each thread; the others are what to set.
    for (int kind = 0; kind < 3; ++kind)
        if (const int s = f.speculation[kind];
            s > 0 && s != now.speculation[kind] && (s & 1) && (s & ~1) != 0)
            raw_syscall(SYS_prctl, PR_SET_SPECULATION_CTRL, kind, s & ~1, 0, 0);
}

void save_process_flags(ProcessFlags& out) {
    out.no_huge_pages = ask(PR_GET_THP_DISABLE) == 1;
    out.mergeable = ask(kGetMemoryMerge) == 1;
    const int32_t mdwe = ask(kGetMdwe);
    out.write_xor_execute = mdwe > 0 ? (uint32_t)mdwe : 0;
    out.lock_future = locks_future_memory();
    uint64_t permitted = 0;
    if (raw_syscall(SYS_arch_prctl, kGetXcompPermissions, &permitted) == 0)
        out.processor_state = permitted;
}

// Memory is there and protected as it was by now.
void restore_process_flags(const ProcessFlags& f) {
    if (f.no_huge_pages)
        raw_syscall(SYS_prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0);
    if (f.mergeable)
        raw_syscall(SYS_prctl, kSetMemoryMerge, 1, 0, 0, 0);
    if (f.write_xor_execute)
        raw_syscall(SYS_prctl, kSetMdwe, f.write_xor_execute, 0, 0, 0);
    if (f.lock_future) // alone it locks nothing that is there already
        raw_syscall(SYS_mlockall, f.lock_future);
}

bool allow_processor_state(uint64_t wanted) {
    uint64_t here = 0;
    if (raw_syscall(SYS_arch_prctl, kGetXcompPermissions, &here) != 0)
        return true; // a kernel before AMX: the check of features has said what is missing
    for (uint64_t left = wanted & ~here; left; left &= left - 1)
        if (raw_syscall(SYS_arch_prctl, kAskXcompPermission, __builtin_ctzll(left)) != 0)
            return false;
    return true;
}

} // namespace glckpt::ckpt
