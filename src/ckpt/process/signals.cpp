#include "ckpt/process/attributes.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include <csignal>
#include <cstring>

namespace glckpt::ckpt {
namespace {

constexpr size_t kInfoBytes = 128;

SavedSignal saved(const siginfo_t& info) {
    return {std::string(reinterpret_cast<const char*>(&info), kInfoBytes)};
}

} // namespace

// The queue of the process can only be read by taking from it. The checkpoint thread, for which
// everything but the stop signal is blocked and nothing is ever sent, takes all and puts all back:
// same order, same values.
void save_signals(ProcessState& state) {
    for (int n = 1; n <= 64; ++n)
        raw_syscall(SYS_rt_sigaction, n, 0, &state.actions[(size_t)n - 1], 8);
    const std::string status = file_text("/proc/self/status");
    uint64_t pending = Scanner(value_of(status, "ShdPnd:")).hex();
    pending &= ~(1ull << (kStopSignal - 1));
    if (pending == 0)
        return;
    const timespec now{0, 0};
    siginfo_t info{};
    while (raw_syscall(SYS_rt_sigtimedwait, &pending, &info, &now, 8) > 0)
        state.pending.push_back(saved(info));
    for (const SavedSignal& s : state.pending) {
        memcpy(&info, s.siginfo.data(), kInfoBytes);
        raw_syscall(SYS_rt_sigqueueinfo, own_pid(), info.si_signo, &info);
    }
}

void requeue_pending(const ProcessState& state) {
    siginfo_t info;
    for (const SavedSignal& s : state.pending) {
        memcpy(&info, s.siginfo.data(), kInfoBytes);
        raw_syscall(SYS_rt_sigqueueinfo, own_pid(), info.si_signo, &info);
    }
    for (const SavedThread& t : state.threads)
        for (const SavedSignal& s : t.pending) {
            memcpy(&info, s.siginfo.data(), kInfoBytes);
            raw_syscall(SYS_rt_tgsigqueueinfo, own_pid(), t.tid, info.si_signo, &info);
        }
}

} // namespace glckpt::ckpt
