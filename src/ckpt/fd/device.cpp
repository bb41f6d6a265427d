#include "ckpt/fd/kind.h"
#include "ckpt/text.h"
#include <sys/sysmacros.h>

namespace glckpt::ckpt {
namespace {

// Memory devices without any state: null, zero, full, random, urandom, kmsg is not one of them.
bool recognize(const OpenFd& f) {
    if (!S_ISCHR(f.st.st_mode) || major(f.st.st_rdev) != 1)
        return false;
    switch (minor(f.st.st_rdev)) {
    case 3:
    case 5:
    case 7:
    case 8:
    case 9:
        return true;
    default:
        return false;
    }
}

Status save(const OpenFd& f, SaveContext&, Description&) {
    if (name_is_deleted(f.link))
        return refuse_fd(f, "a device whose node was deleted: " + f.link);
    return {};
}

Result<int> create(const Description& d, RestoreContext& ctx) {
    return ctx.lift(open_fd(d.link.c_str(), d.flags & ~(O_CREAT | O_EXCL | O_TRUNC)).release(),
                    d.link.c_str());
}

} // namespace

const FdOps kDevice{FdKind::Device, recognize, save, create, nullptr};

} // namespace glckpt::ckpt
