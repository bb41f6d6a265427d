#include "ckpt/fd/kind.h"
#include "ckpt/image/archive.h"
#include "ckpt/text.h"
#include <sys/eventfd.h>

namespace glckpt::ckpt {
namespace {

struct Payload {
    uint64_t count = 0;
    bool semaphore = false;
    auto fields() { return std::tie(count, semaphore); }
};

bool recognize(const OpenFd& f) { return f.is_anonymous("[eventfd]"); }

Status save(const OpenFd& f, SaveContext&, Description& d) {
    Payload p;
    p.count = Scanner(value_of(f.info, "eventfd-count:")).hex();
    p.semaphore = Scanner(value_of(f.info, "eventfd-semaphore:")).decimal() != 0;
    d.payload = encode(p);
    return {};
}

Result<int> create(const Description& d, RestoreContext& ctx) {
    Payload p;
    if (!decode(d.payload, p))
        return Status::refused("damaged description of an eventfd");
    // The count is 64 bits wide, eventfd2's argument only 32: the rest is written.
    const int flags = (d.flags & O_NONBLOCK ? EFD_NONBLOCK : 0) | (p.semaphore ? EFD_SEMAPHORE : 0);
    Result<int> fd = ctx.lift(raw_syscall(SYS_eventfd2, 0, flags), "eventfd");
    if (fd && p.count)
        raw_syscall(SYS_write, *fd, &p.count, 8);
    return fd;
}

} // namespace

const FdOps kEventfd{FdKind::Eventfd, recognize, save, create, nullptr};

} // namespace glckpt::ckpt
