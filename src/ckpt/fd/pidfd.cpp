// A handle of a process: one of the tree, or one that has ended and been waited for. Each process
// opens its own of the former when all are there (what shares a description only shares its flags);
// the latter are made once for all.
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

// Of a process that has been made only to end. No signal tells of it. It is waited for when all
// handles of the one it stands for are there (RestoreContext::reap_ended): since pidfs (Linux 6.9)
// the handles of one process have an inode of their own.
long open_ended(uint64_t ino, RestoreContext& ctx) {
    const auto [it, fresh] = ctx.ended.try_emplace(ino, 0);
    if (fresh)
        it->second = (int)raw_syscall(SYS_clone, 0, 0, 0, 0, 0);
    const int pid = it->second;
    if (pid == 0)
        for (;;)
            raw_syscall(SYS_exit_group, 0);
    return pid < 0 ? pid : raw_syscall(SYS_pidfd_open, pid, 0);
}

Result<int> create(const Description& d, RestoreContext& ctx) {
    Payload p;
    if (!decode(d.payload, p))
        return Status::refused("damaged description of a process handle");
    return ctx.lift(p.pid < 0 ? open_ended(d.ino, ctx)
                              : raw_syscall(SYS_pidfd_open, p.pid, d.flags & (O_NONBLOCK | O_EXCL)),
                    "process handle");
}

} // namespace

bool is_handle_of_ended(const Description& d) {
    Payload p;
    return d.kind == FdKind::Pidfd && decode(d.payload, p) && p.pid < 0;
}

void RestoreContext::reap_ended() {
    for (const auto& [ino, pid] : ended)
        while (pid > 0 && raw_syscall(SYS_wait4, pid, 0, __WCLONE, 0) == -EINTR) {
        }
    ended.clear();
}

const FdOps kPidfd{FdKind::Pidfd, recognize, save, create, nullptr};

} // namespace glckpt::ckpt
