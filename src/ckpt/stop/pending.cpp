#include "ckpt/stop/pending.h"
#include "ckpt/stop/threads.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include <cstring>

namespace glckpt::ckpt {
namespace {

uint64_t waiting(const char* key) {
    const std::string status = file_text(format("/proc/self/task/%d/status", own_tid()));
    return Scanner(value_of(status, key)).hex() & ~(1ull << (kStopSignal - 1));
}

bool take(uint64_t mask, siginfo_t& info) {
    const timespec now{0, 0};
    memset(&info, 0, sizeof info);
    return raw_syscall(SYS_rt_sigtimedwait, &mask, &info, &now, 8) > 0;
}

// A thread's own come before those of the process: as long as the kernel names any, it is theirs
// that are taken.
void take_own(std::vector<siginfo_t>& out) {
    siginfo_t info;
    for (uint64_t own = waiting("SigPnd:"); own; own = waiting("SigPnd:")) {
        if (!take(own, info))
            break;
        out.push_back(info);
    }
}

} // namespace

void copy_own_queue(std::vector<siginfo_t>& out) {
    out.clear();
    take_own(out);
    queue_to_self(out);
}

void queue_to_self(const std::vector<siginfo_t>& signals) {
    for (const siginfo_t& s : signals)
        raw_syscall(SYS_rt_tgsigqueueinfo, own_pid(), own_tid(), s.si_signo, &s);
}

void copy_process_queue(std::vector<siginfo_t>& out) {
    const uint64_t shared = waiting("ShdPnd:");
    if (shared == 0)
        return;
    std::vector<siginfo_t> own;
    take_own(own);
    siginfo_t info;
    while (take(shared, info))
        out.push_back(info);
    queue_to_process(out);
    queue_to_self(own);
}

void queue_to_process(const std::vector<siginfo_t>& signals) {
    for (const siginfo_t& s : signals)
        raw_syscall(SYS_rt_sigqueueinfo, own_pid(), s.si_signo, &s);
}

} // namespace glckpt::ckpt
