#include "ckpt/process/attributes.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include <csignal>
#include <sys/time.h>

namespace glckpt::ckpt {
namespace {

// ID: 1
// signal: 14/0000000000000000
// notify: signal/pid.4711
// ClockID: 1
SavedTimer read_timer(Scanner& lines, std::string_view first) {
    SavedTimer t;
    t.id = (int32_t)Scanner(first.substr(4)).decimal();
    Scanner signal(lines.line());
    signal.until(' ');
    t.signal = (int32_t)signal.decimal();
    signal.advance(1);
    t.value = signal.hex();
    Scanner notify(lines.line());
    notify.until(' ');
    const std::string_view how = notify.until('/');
    t.notify = how == "signal" ? SIGEV_SIGNAL : how == "none" ? SIGEV_NONE : SIGEV_THREAD;
    if (notify.until('.') == "tid")
        t.notify |= SIGEV_THREAD_ID;
    t.tid = (int32_t)notify.decimal();
    Scanner clock(lines.line());
    clock.until(' ');
    t.clock = (int32_t)clock.number();
    return t;
}

} // namespace

void save_timers(ProcessState& state) {
    for (size_t i = 0; i < state.itimers.size(); ++i)
        raw_syscall(SYS_getitimer, i, state.itimers[i].data());
    const std::string text = file_text("/proc/self/timers");
    for (Scanner lines(text); !lines.done();) {
        const std::string_view first = lines.line();
        if (!first.starts_with("ID: "))
            continue;
        SavedTimer t = read_timer(lines, first);
        raw_syscall(SYS_timer_gettime, t.id, t.setting.data());
        state.timers.push_back(t);
    }
}

namespace {

constexpr int kPrTimerCreateRestoreIds = 77; // kernel 6.15

struct KernelSigevent { // struct sigevent as the kernel reads it
    uint64_t value;
    int signal, notify, tid, pad[11];
};

// Timers are known to the program by number. Where the kernel does not take a number, it counts
// up: ask until it comes to ours.
void create_timer(const SavedTimer& t) {
    KernelSigevent e{t.value, t.signal, t.notify, t.tid, {}};
    const bool exact = raw_syscall(SYS_prctl, kPrTimerCreateRestoreIds, 1, 0, 0, 0) == 0;
    int id = t.id;
    for (int tries = 0; tries < 100'000; ++tries) {
        const long r = raw_syscall(SYS_timer_create, t.clock, &e, &id);
        if (r < 0 || id == t.id)
            break;
        raw_syscall(SYS_timer_delete, id);
    }
    if (exact)
        raw_syscall(SYS_prctl, kPrTimerCreateRestoreIds, 0, 0, 0, 0);
}

} // namespace

// A periodic timer whose signal still waited to be taken when it was asked says that nothing is
// left, since the kernel starts it anew only when the signal is taken (itimer_get_remtime). Setting
// it like that would turn it off.
static std::array<int64_t, 4> armed(std::array<int64_t, 4> setting) {
    if (setting[2] == 0 && setting[3] == 0) {
        setting[2] = setting[0];
        setting[3] = setting[1];
    }
    return setting;
}

void arm_itimers(const ProcessState& state) {
    for (const SavedTimer& t : state.timers)
        create_timer(t);
    for (size_t i = 0; i < state.itimers.size(); ++i)
        if (const auto setting = armed(state.itimers[i]); setting[2] | setting[3])
            raw_syscall(SYS_setitimer, i, setting.data(), 0);
    for (const SavedTimer& t : state.timers)
        if (const auto setting = armed(t.setting); setting[2] | setting[3])
            raw_syscall(SYS_timer_settime, t.id, 0, setting.data(), 0);
}

} // namespace glckpt::ckpt
