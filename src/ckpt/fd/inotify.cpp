#include "ckpt/fd/kind.h"
#include <sys/inotify.h>
#include <sys/ioctl.h>

namespace glckpt::ckpt {
namespace {

bool recognize(const OpenFd& f) { return f.is_anonymous("inotify"); }

// The kernel names a watched inode, not its path. What the wrapper of inotify_add_watch would
// have to remember is not there yet, so only a set without watches can be restored.
Status save(const OpenFd& f, SaveContext&, Description&) {
    if (f.info.find("inotify wd:") != f.info.npos)
        return refuse_fd(f, "an inotify set with watches, whose paths the kernel does not tell");
    int waiting = 0;
    raw_syscall(SYS_ioctl, f.fd, FIONREAD, &waiting);
    if (waiting)
        return refuse_fd(f, "an inotify set with unread events");
    return {};
}

Result<int> create(const Description& d, RestoreContext& ctx) {
    return ctx.lift(raw_syscall(SYS_inotify_init1, d.flags & O_NONBLOCK ? IN_NONBLOCK : 0),
                    "inotify");
}

} // namespace

const FdOps kInotify{FdKind::Inotify, recognize, save, create, nullptr};

} // namespace glckpt::ckpt
