#include "ckpt/restore/descriptors.h"
#include "ckpt/fd/locks.h"
#include "ckpt/fd/table.h"
#include "ckpt/fd/tcp_connection.h"
#include "ckpt/text.h"
#include <algorithm>

namespace glckpt::ckpt {
namespace {

constexpr int kSettable = O_APPEND | O_NONBLOCK | O_ASYNC | O_DIRECT | O_NOATIME;

// By name below /proc, or by a process's number: where that must be there before.
bool made_by_each(const Description& d) {
    return d.kind == FdKind::ProcFile || (d.kind == FdKind::Pidfd && !is_handle_of_ended(d));
}

Result<int> create(const Description& d, RestoreContext& ctx) {
    const FdOps* ops = ops_for(d.kind);
    if (!ops)
        return Status::refused("the image is damaged (descriptors)");
    return ops->create(d, ctx);
}

Status put_in_place(const ProcessState& state, RestoreContext& ctx, OpenFiles& made) {
    for (const Description& d : state.descriptions) {
        int& fd = made.descriptions[(size_t)d.tree_id];
        if (fd >= 0 || !made_by_each(d))
            continue;
        const auto told = ctx.made_by_each.find(d.tree_id);
        auto own = create(told == ctx.made_by_each.end() ? d : *told->second, ctx);
        if (!own)
            return own.status();
        fd = *own;
    }
    raw_syscall(SYS_close_range, 0, ctx.scratch - 1, 0);
    for (const Descriptor& d : state.descriptors) {
        const int id = state.descriptions[d.description].tree_id;
        int from = made.descriptions[(size_t)id];
        if (d.fd <= 2 && ctx.by_number.count(id) && ctx.stdio[(size_t)d.fd] >= 0)
            from = ctx.stdio[(size_t)d.fd];
        const long r = raw_syscall(SYS_dup3, from, d.fd, d.cloexec ? O_CLOEXEC : 0);
        if (r < 0)
            return Status::refused(format("cannot give %s its number: %s", fd_name(d.fd).c_str(),
                                          error_text((int)-r)));
    }
    return {};
}

void set_owner(const Description& d) {
    if (d.owner == 0 && d.owner_signal == 0)
        return;
    const struct { int type, pid; } owner{d.owner_type, d.owner};
    raw_syscall(SYS_fcntl, d.first_fd, 15 /*F_SETOWN_EX*/, &owner);
    raw_syscall(SYS_fcntl, d.first_fd, 10 /*F_SETSIG*/, d.owner_signal);
}

} // namespace

int first_scratch_fd(const ImageTree& tree) {
    int top = 2;
    for (size_t i = 0; i < tree.size(); ++i) {
        if (!tree.living(i))
            continue;
        for (const Descriptor& d : tree.process(i).descriptors)
            top = std::max(top, d.fd);
        for (const int32_t fd : tree.process(i).own_fds)
            top = std::max(top, fd);
    }
    return top + 1;
}

int lift_fd(int fd, int scratch) {
    if (fd >= scratch)
        return fd;
    const long high = raw_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, scratch);
    raw_syscall(SYS_close, fd);
    return (int)high;
}

std::vector<int> objects_of(const ProcessState& state, const OpenFiles& made) {
    std::vector<int> out;
    for (const SharedObject& o : state.objects)
        out.push_back(made.objects[(size_t)o.tree_id]);
    return out;
}

Status create_descriptions(const ImageTree& tree, RestoreContext& ctx, OpenFiles& made) {
    made.descriptions.assign((size_t)tree.descriptions(), -1);
    ctx.made = &made.descriptions;
    for (size_t i = 0; i < tree.size(); ++i) {
        if (!tree.living(i))
            continue;
        for (const Description& d : tree.process(i).descriptions) {
            note_port(d, ctx);
            if (!is_tcp_connection(d))
                continue;
            auto fd = create(d, ctx);
            if (!fd)
                return fd.status();
            made.descriptions[(size_t)d.tree_id] = *fd;
        }
    }
    for (size_t i = 0; i < tree.size(); ++i) {
        if (!tree.living(i))
            continue;
        ctx.state = &tree.process(i);
        ctx.object_fds = objects_of(*ctx.state, made);
        for (const Description& d : ctx.state->descriptions) {
            if (made_by_each(d) && !d.elsewhere)
                ctx.made_by_each[d.tree_id] = &d;
            if (d.elsewhere || made_by_each(d) || made.descriptions[(size_t)d.tree_id] >= 0)
                continue;
            auto fd = create(d, ctx);
            if (!fd)
                return fd.status();
            made.descriptions[(size_t)d.tree_id] = *fd;
        }
    }
    ctx.reap_ended();
    for (const auto* steps : {&ctx.later, &ctx.last})
        for (const auto& step : *steps)
            if (Status s = step(); !s)
                return s;
    return {};
}

Status place_descriptors(const ProcessState& state, RestoreContext& ctx, OpenFiles& made,
                         std::vector<int> keep) {
    ctx.state = &state;
    ctx.object_fds = objects_of(state, made);
    if (Status s = put_in_place(state, ctx, made); !s)
        return s;
    // Epoll sets last: what they watch must be complete, and nested sets be there.
    for (const bool epolls : {false, true})
        for (const Description& d : state.descriptions) {
            if ((d.kind == FdKind::Epoll) != epolls || d.elsewhere)
                continue;
            const FdOps* ops = ops_for(d.kind);
            if (ops->connect)
                if (Status s = ops->connect(d.first_fd, d, ctx); !s)
                    return s;
            if (d.kind != FdKind::Inherited && d.kind != FdKind::Terminal && !(d.flags & O_PATH))
                raw_syscall(SYS_fcntl, d.first_fd, F_SETFL, d.flags & kSettable);
            set_owner(d);
        }
    for (const Descriptor& d : state.descriptors)
        if (d.passed) // sent on its way again
            raw_syscall(SYS_close, d.fd);
    std::sort(keep.begin(), keep.end());
    int from = ctx.scratch;
    for (const int fd : keep) {
        if (fd > from)
            raw_syscall(SYS_close_range, from, fd - 1, 0);
        from = std::max(from, fd + 1);
    }
    raw_syscall(SYS_close_range, from, ~0u, 0);
    // Closing any descriptor of a file gives up the process's locks on it: so these come last.
    for (const HeldLock& h : state.locks)
        if (Status s = take_locks(h.fd, {h.lock}, fd_name(h.fd)); !s)
            return s;
    return {};
}

} // namespace glckpt::ckpt
