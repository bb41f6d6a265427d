// Pipes with their unread bytes, and FIFOs. A pipe is two descriptions of one inode; whichever
// comes first makes it, and the read end's payload carries what was in it.
#include "ckpt/fd/kind.h"
#include "ckpt/image/archive.h"
#include "ckpt/text.h"
#include <cerrno>
#include <poll.h>
#include <sys/ioctl.h>

namespace glckpt::ckpt {
namespace {

struct Payload {
    int32_t capacity = 0;
    bool other_end_closed = false;
    bool inherited = false; // goes to another process: the restorer's own standard stream
    std::string content;
    auto fields() { return std::tie(capacity, other_end_closed, inherited, content); }
};

constexpr int kLargeFile = 0100000; // as the kernel shows it; libc's is 0 here

bool recognize_pipe(const OpenFd& f) {
    return S_ISFIFO(f.st.st_mode) && f.link.starts_with("pipe:");
}
bool recognize_fifo(const OpenFd& f) {
    return S_ISFIFO(f.st.st_mode) && !(f.flags & O_PATH) && f.link.starts_with("/");
}

bool is_reader(int flags) { return (flags & O_ACCMODE) != O_WRONLY; }

// poll tells a reader only of writers that have gone, not that there has never been one: there an
// empty pipe that is at its end does. A FIFO without readers cannot be opened for writing at once.
bool nobody_at_the_other_end(const OpenFd& f) {
    pollfd p{f.fd, POLLIN | POLLOUT, 0};
    raw_syscall(SYS_poll, &p, 1, 0);
    if (p.revents & (is_reader(f.flags) ? POLLHUP : POLLERR))
        return true;
    const std::string self = format("/proc/thread-self/fd/%d", f.fd);
    if (!is_reader(f.flags))
        return open_fd(self.c_str(), O_WRONLY | O_NONBLOCK).error() == ENXIO;
    int waiting = 0;
    raw_syscall(SYS_ioctl, f.fd, FIONREAD, &waiting);
    const UniqueFd again = open_fd(self.c_str(), O_RDONLY | O_NONBLOCK);
    char none;
    return waiting == 0 && again.ok() && raw_syscall(SYS_read, again.get(), &none, 1) == 0;
}

bool is_both(int flags) { return (flags & O_ACCMODE) == O_RDWR; }

// Several descriptions may read one pipe: one of them tells what is in it.
bool tells_contents(const OpenFd& f, SaveContext& ctx) {
    if (!is_reader(f.flags))
        return false;
    const auto part = ctx.tree_fds.find(f.fd);
    if (part != ctx.tree_fds.end())
        return part->second.contents;
    return ctx.contents_told.insert(f.st.st_ino).second;
}

// tee copies the bytes without taking them out.
Status copy_content(const OpenFd& f, int32_t capacity, std::string& out) {
    int aside[2];
    if (raw_syscall(SYS_pipe2, aside, O_NONBLOCK | O_CLOEXEC) < 0)
        return refuse_fd(f, "a pipe, and no further pipe can be made to copy its contents");
    const UniqueFd read_end(aside[0]), write_end(aside[1]);
    // A pipe of as many buffers as the original has, however little each holds.
    raw_syscall(SYS_fcntl, write_end.get(), F_SETPIPE_SZ, capacity);
    const long n = raw_syscall(SYS_tee, f.fd, write_end.get(), capacity, 2 /*SPLICE_F_NONBLOCK*/);
    if (n == -EAGAIN || n == 0)
        return {};
    if (n < 0)
        return refuse_fd(f,
                         format("a pipe whose contents cannot be read: %s", error_text((int)-n)));
    out.resize((size_t)n);
    size_t have = 0;
    while (have < out.size()) {
        const long got =
            raw_syscall(SYS_read, read_end.get(), out.data() + have, out.size() - have);
        if (got <= 0)
            return refuse_fd(f, "a pipe whose contents cannot be copied");
        have += (size_t)got;
    }
    return {};
}

Status save_pipe(const OpenFd& f, SaveContext& ctx, Description& d) {
    Payload p;
    const int wanted = is_reader(f.flags) ? O_WRONLY : O_RDONLY;
    if (!is_both(f.flags) && !ctx.other_end(f.st.st_ino, f.fd, wanted)) {
        p.other_end_closed = nobody_at_the_other_end(f);
        if (!p.other_end_closed) {
            if (!ctx.is_inherited(f) && ctx.something_waits)
                return {}; // judged when everything stands still
            if (!ctx.is_inherited(f))
                return refuse_fd(f, "a pipe to another process");
            p.inherited = true;
        }
    }
    p.capacity = (int32_t)raw_syscall(SYS_fcntl, f.fd, F_GETPIPE_SZ);
    if (!p.inherited && !ctx.dry && tells_contents(f, ctx))
        if (Status s = copy_content(f, p.capacity, p.content); !s)
            return s;
    d.payload = encode(p);
    return {};
}

Result<int> create_pipe(const Description& d, RestoreContext& ctx) {
    Payload p;
    if (!decode(d.payload, p))
        return Status::refused("damaged description of a pipe");
    if (p.inherited)
        return ctx.inherited(d, S_IFIFO);
    auto it = ctx.pairs.find(d.ino);
    if (it == ctx.pairs.end()) {
        int ends[2];
        const long r = raw_syscall(SYS_pipe2, ends, O_CLOEXEC);
        if (r < 0)
            return Status::refused(format("cannot make a pipe: %s", error_text((int)-r)));
        Result<int> a = ctx.lift(ends[0], "pipe"), b = ctx.lift(ends[1], "pipe");
        if (!a || !b)
            return a ? b : a;
        it = ctx.pairs.emplace(d.ino, std::array<int, 2>{*a, *b}).first;
        raw_syscall(SYS_fcntl, *a, F_SETPIPE_SZ, p.capacity);
    }
    const int end = it->second[is_reader(d.flags) ? 0 : 1];
    // The first of each end is what pipe() gives. Further descriptions of it were opened by name.
    if (!(d.flags & kLargeFile) && !is_both(d.flags)) {
        const auto used = ctx.pipe_ends_used.insert({d.ino, is_reader(d.flags)});
        if (used.second)
            return ctx.lift(raw_syscall(SYS_dup, end), "pipe");
    }
    const std::string path = format("/proc/thread-self/fd/%d", end);
    const int mode = d.flags & (O_ACCMODE | O_NONBLOCK | O_DIRECT);
    return ctx.lift(open_fd(path.c_str(), mode | O_NONBLOCK).release(), "pipe");
}

Status connect_pipe(int fd, const Description& d, RestoreContext& ctx) {
    Payload p;
    if (!decode(d.payload, p))
        return Status::refused("damaged description of a pipe");
    if (p.inherited)
        return {};
    raw_syscall(SYS_fcntl, fd, F_SETFL, d.flags & ~O_ACCMODE); // blocking again
    if (p.content.empty())
        return {};
    const int write_end = ctx.pairs[d.ino][1];
    if (!write_all(write_end, p.content.data(), p.content.size()))
        return Status::refused("cannot put a pipe's contents back");
    return {};
}

Status save_fifo(const OpenFd& f, SaveContext& ctx, Description& d) {
    if (!is_both(f.flags) &&
        !ctx.other_end(f.st.st_ino, f.fd, is_reader(f.flags) ? O_WRONLY : O_RDONLY) &&
        !nobody_at_the_other_end(f) && !ctx.something_waits)
        return refuse_fd(f, "a named pipe to another process: " + f.link);
    return save_pipe(f, ctx, d);
}

// Under its old name, or one that nobody has, if it was deleted; reader and writer, so that neither
// end's open waits.
UniqueFd open_fifo(const Description& d) {
    if (!name_is_deleted(d.link))
        return open_fd(d.link.c_str(), O_RDWR | O_NONBLOCK);
    std::string path = without_deleted(d.link);
    if (raw_syscall(SYS_mknodat, AT_FDCWD, path.c_str(), S_IFIFO | 0600, 0) == -EEXIST) {
        path += format(".%d", own_pid());
        raw_syscall(SYS_mknodat, AT_FDCWD, path.c_str(), S_IFIFO | 0600, 0);
    }
    UniqueFd fd = open_fd(path.c_str(), O_RDWR | O_NONBLOCK);
    raw_syscall(SYS_unlink, path.c_str());
    return fd;
}

Result<int> create_fifo(const Description& d, RestoreContext& ctx) {
    if (!ctx.pairs.count(d.ino)) {
        UniqueFd both = open_fifo(d);
        if (!both.ok())
            return Status::refused(format("%s: cannot open %s: %s", fd_name(d.first_fd).c_str(),
                                          d.link.c_str(), error_text(both.error())));
        Result<int> keep = ctx.lift(both.release(), d.link.c_str());
        if (!keep)
            return keep;
        ctx.pairs.emplace(d.ino, std::array<int, 2>{*keep, *keep});
    }
    const std::string path = format("/proc/thread-self/fd/%d", ctx.pairs[d.ino][0]);
    const int mode = d.flags & (O_ACCMODE | O_NONBLOCK | O_DIRECT);
    return ctx.lift(open_fd(path.c_str(), mode | O_NONBLOCK).release(), d.link.c_str());
}

} // namespace

const FdOps kPipe{FdKind::Pipe, recognize_pipe, save_pipe, create_pipe, connect_pipe};
const FdOps kFifo{FdKind::Fifo, recognize_fifo, save_fifo, create_fifo, connect_pipe};

} // namespace glckpt::ckpt
