#include "ckpt/fd/kind.h"
#include "ckpt/image/archive.h"
#include "ckpt/text.h"
#include <sys/signalfd.h>

namespace glckpt::ckpt {
namespace {

struct Payload {
    uint64_t mask = 0;
    auto fields() { return std::tie(mask); }
};

bool recognize(const OpenFd& f) { return f.is_anonymous("[signalfd]"); }

Status save(const OpenFd& f, SaveContext&, Description& d) {
    d.payload = encode(Payload{Scanner(value_of(f.info, "sigmask:")).hex()});
    return {};
}

Result<int> create(const Description& d, RestoreContext& ctx) {
    Payload p;
    if (!decode(d.payload, p))
        return Status::refused("damaged description of a signalfd");
    const int flags = d.flags & O_NONBLOCK ? SFD_NONBLOCK : 0;
    return ctx.lift(raw_syscall(SYS_signalfd4, -1, &p.mask, 8, flags), "signalfd");
}

} // namespace

const FdOps kSignalfd{FdKind::Signalfd, recognize, save, create, nullptr};

} // namespace glckpt::ckpt
