// A handle of a process: one of the tree, or one that has ended and been waited for. Each process
// opens its own when all are there; what shares a description only shares its flags.
#include "ckpt/fd/kind.h"
#include "ckpt/image/archive.h"
#include "ckpt/text.h"
#include <cerrno>
#include <csignal>
#include <sys/wait.h>

namespace glckpt::ckpt {
namespace {

struct Payload {
    int32_t pid = -1; // -1: ended
    auto fields() { return std::tie(pid); }
};

bool recognize(const OpenFd& f) {
    return f.is_anonymous("[pidfd]") || f.link.starts_with("pidfd:");
}

bool in_tree(const SaveContext& ctx, int pid) {
    return pid == own_pid() || ctx.tree_pids.count(pid);
}

Status save(const OpenFd& f, SaveContext& ctx, Description& d) {
    Payload p;
    p.pid = (int32_t)Scanner(value_of(f.info, "Pid:")).number();
    if (p.pid >= 0 && !in_tree(ctx, p.pid))
        return refuse_fd(
            f, format("a handle of process %d, which does not belong to the program", p.pid));
    d.payload = encode(p);
    return {};
}

// Of a process that has been made only to end. No signal tells of it.
long open_ended() {
    const long pid = raw_syscall(SYS_clone, 0, 0, 0, 0, 0);
    if (pid == 0)
        for (;;)
            raw_syscall(SYS_exit_group, 0);
    const long fd = pid < 0 ? pid : raw_syscall(SYS_pidfd_open, pid, 0);
    while (pid > 0 && raw_syscall(SYS_wait4, pid, 0, __WCLONE, 0) == -EINTR) {
    }
    return fd;
}

Result<int> create(const Description& d, RestoreContext& ctx) {
    Payload p;
    if (!decode(d.payload, p))
        return Status::refused("damaged description of a process handle");
    return ctx.lift(p.pid < 0 ? open_ended()
                              : raw_syscall(SYS_pidfd_open, p.pid, d.flags & (O_NONBLOCK | O_EXCL)),
                    "process handle");
}

} // namespace

const FdOps kPidfd{FdKind::Pidfd, recognize, save, create, nullptr};

} // namespace glckpt::ckpt
