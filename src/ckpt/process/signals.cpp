#include "ckpt/process/attributes.h"
#include "ckpt/stop/pending.h"
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

void copy_queue(void* out) { copy_process_queue(*static_cast<std::vector<siginfo_t>*>(out)); }
void queue_again(void* in) { queue_to_process(*static_cast<std::vector<siginfo_t>*>(in)); }

// A process whose first thread has ended: the kernel says which wait, not with what.
std::vector<siginfo_t> guess(uint64_t pending) {
    std::vector<siginfo_t> out;
    for (int n = 1; n <= 64; ++n) {
        if (!(pending >> (n - 1) & 1))
            continue;
        siginfo_t info{};
        info.si_signo = n;
        info.si_code = SI_QUEUE; // the one that may be sent in another thread's name
        info.si_pid = own_pid();
        out.push_back(info);
    }
    return out;
}

} // namespace

void save_signals(ProcessState& state) {
    for (int n = 1; n <= 64; ++n)
        raw_syscall(SYS_rt_sigaction, n, 0, &state.actions[(size_t)n - 1], 8);
    const std::string status = file_text("/proc/thread-self/status");
    const uint64_t pending =
        Scanner(value_of(status, "ShdPnd:")).hex() & ~(1ull << (kStopSignal - 1));
    if (pending == 0)
        return;
    std::vector<siginfo_t> signals;
    if (!run_on_first_thread(copy_queue, &signals))
        signals = guess(pending);
    for (const siginfo_t& s : signals)
        state.pending.push_back(saved(s));
}

// Those of a thread, it queues itself (glckpt_restarted_thread).
void requeue_pending(const ProcessState& state) {
    std::vector<siginfo_t> signals(state.pending.size());
    for (size_t i = 0; i < signals.size(); ++i)
        memcpy(&signals[i], state.pending[i].siginfo.data(), kInfoBytes);
    if (signals.empty())
        return;
    if (!run_on_first_thread(queue_again, &signals))
        queue_to_process(signals);
}

} // namespace glckpt::ckpt
