#include "ckpt/fd/kind.h"
#include "ckpt/image/archive.h"
#include "ckpt/text.h"
#include <sys/timerfd.h>

namespace glckpt::ckpt {
namespace {

// The time left is what is saved, also for a timer set to an absolute time of a clock that starts
// anew in another session; an expiration that waits to be read is put back as one that fires at
// once (the kernel's TFD_IOC_SET_TICKS needs a special build).
struct Payload {
    int32_t clock = 0;
    uint64_t ticks = 0;
    std::array<int64_t, 4> setting{};
    auto fields() { return std::tie(clock, ticks, setting); }
};

bool recognize(const OpenFd& f) { return f.is_anonymous("[timerfd]"); }

Status save(const OpenFd& f, SaveContext&, Description& d) {
    Payload p;
    p.clock = (int32_t)Scanner(value_of(f.info, "clockid:")).decimal();
    p.ticks = Scanner(value_of(f.info, "ticks:")).decimal();
    raw_syscall(SYS_timerfd_gettime, f.fd, p.setting.data());
    d.payload = encode(p);
    return {};
}

Result<int> create(const Description& d, RestoreContext& ctx) {
    Payload p;
    if (!decode(d.payload, p))
        return Status::refused("damaged description of a timerfd");
    return ctx.lift(
        raw_syscall(SYS_timerfd_create, p.clock, d.flags & O_NONBLOCK ? TFD_NONBLOCK : 0),
        "timerfd");
}

Status connect(int fd, const Description& d, RestoreContext&) {
    Payload p;
    if (!decode(d.payload, p))
        return Status::refused("damaged description of a timerfd");
    if (p.ticks && p.setting[2] == 0 && p.setting[3] == 0)
        p.setting[3] = 1; // a one-shot timer that has fired and was not read
    raw_syscall(SYS_timerfd_settime, fd, 0, p.setting.data(), 0);
    return {};
}

} // namespace

const FdOps kTimerfd{FdKind::Timerfd, recognize, save, create, connect};

} // namespace glckpt::ckpt
