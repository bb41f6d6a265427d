#include "ckpt/restore/descriptors.h"
#include "ckpt/fd/table.h"
#include "ckpt/text.h"
#include <algorithm>

namespace glckpt::ckpt {
namespace {

constexpr int kSettable = O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME;

Status create_all(RestoreContext& ctx, std::vector<int>& made) {
    for (const Description& d : ctx.state->descriptions) {
        const FdOps* ops = ops_for(d.kind);
        if (!ops)
            return Status::refused("the image is damaged (descriptors)");
        auto fd = ops->create(d, ctx);
        if (!fd)
            return fd.status();
        made.push_back(*fd);
    }
    return {};
}

Status put_in_place(const RestoreContext& ctx, const std::vector<int>& made) {
    raw_syscall(SYS_close_range, 0, ctx.scratch - 1, 0);
    for (const Descriptor& d : ctx.state->descriptors) {
        int from = made[d.description];
        if (d.fd <= 2 && ctx.by_number.count(&ctx.state->descriptions[d.description]) &&
            ctx.stdio[(size_t)d.fd] >= 0)
            from = ctx.stdio[(size_t)d.fd];
        const long r = raw_syscall(SYS_dup3, from, d.fd, d.cloexec ? O_CLOEXEC : 0);
        if (r < 0)
            return Status::refused(format("cannot give %s its number: %s", fd_name(d.fd).c_str(),
                                          error_text((int)-r)));
    }
    return {};
}

void set_owner(const Description& d) {
    if (!(d.flags & O_ASYNC))
        return;
    const struct { int type, pid; } owner{d.owner_type, d.owner};
    raw_syscall(SYS_fcntl, d.first_fd, 15 /*F_SETOWN_EX*/, &owner);
    raw_syscall(SYS_fcntl, d.first_fd, 10 /*F_SETSIG*/, d.owner_signal);
}

} // namespace

int first_scratch_fd(const ProcessState& state) {
    int top = 2;
    for (const Descriptor& d : state.descriptors)
        top = std::max(top, d.fd);
    for (const int32_t fd : state.own_fds)
        top = std::max(top, fd);
    return top + 1;
}

int lift_fd(int fd, int scratch) {
    if (fd >= scratch)
        return fd;
    const long high = raw_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, scratch);
    raw_syscall(SYS_close, fd);
    return (int)high;
}

Status restore_descriptors(RestoreContext& ctx) {
    std::vector<int> made;
    if (Status s = create_all(ctx, made); !s)
        return s;
    if (Status s = put_in_place(ctx, made); !s)
        return s;
    // Epoll sets last: what they watch must be complete, and nested sets be there.
    for (const bool epolls : {false, true})
        for (const Description& d : ctx.state->descriptions) {
            if ((d.kind == FdKind::Epoll) != epolls)
                continue;
            const FdOps* ops = ops_for(d.kind);
            if (ops->connect)
                if (Status s = ops->connect(d.first_fd, d, ctx); !s)
                    return s;
            if (d.kind != FdKind::Inherited && d.kind != FdKind::Terminal && !(d.flags & O_PATH))
                raw_syscall(SYS_fcntl, d.first_fd, F_SETFL, d.flags & kSettable);
            set_owner(d);
        }
    for (const int fd : made)
        raw_syscall(SYS_close, fd);
    for (const auto& [ino, ends] : ctx.pairs)
        for (const int fd : ends)
            raw_syscall(SYS_close, fd);
    for (size_t i = 0; i < ctx.object_fds.size(); ++i)
        if (ctx.state->objects[i].kind != SharedKind::SysV)
            raw_syscall(SYS_close, ctx.object_fds[i]);
    for (const int fd : ctx.stdio)
        if (fd >= 0)
            raw_syscall(SYS_close, fd);
    return {};
}

} // namespace glckpt::ckpt
