#include "ckpt/fd/pty.h"
#include "ckpt/image/archive.h"
#include "ckpt/text.h"
#include <sys/ioctl.h>
#include <termios.h>

namespace glckpt::ckpt {
namespace {

// The program's terminal becomes the terminal of the glckpt-restore that stands for it. Its line
// settings (raw mode of an editor, echo off) go along.
struct Payload {
    std::string settings; // struct termios as the kernel has it
    // Of the program's own making (pty.h): its number, and which side this is.
    int32_t pty = -1;
    bool master = false;
    PtyState state; // master
    auto fields() { return std::tie(settings, pty, master, state); }
};
constexpr size_t kKernelTermios = 36;

bool is_master(const OpenFd& f) { return is_pty_master(f.st.st_mode, f.st.st_rdev); }

bool has_master(const SaveContext& ctx, int pty) {
    for (const OpenFd& f : ctx.all)
        if (is_master(f) && pty_of_master(f.fd) == pty)
            return true;
    for (const FdSummary& f : ctx.tree_others)
        if (f.pty_master == pty)
            return true;
    return false;
}

bool recognize(const OpenFd& f) {
    char settings[64];
    return S_ISCHR(f.st.st_mode) &&
           (is_master(f) || raw_syscall(SYS_ioctl, f.fd, TCGETS, settings) == 0);
}

Status save(const OpenFd& f, SaveContext& ctx, Description& d) {
    Payload p;
    if (is_master(f)) {
        p.pty = pty_of_master(f.fd);
        p.master = true;
        if (!ctx.dry)
            if (Status s = save_pty(f.fd, p.state); !s)
                return refuse_fd(f, s.why());
        d.payload = encode(p);
        return {};
    }
    p.pty = pty_of_slave(f.fd);
    if (p.pty >= 0 && !has_master(ctx, p.pty))
        p.pty = -1;
    p.settings.resize(64);
    raw_syscall(SYS_ioctl, f.fd, TCGETS, p.settings.data());
    p.settings.resize(kKernelTermios);
    d.payload = encode(p);
    return {};
}

bool is_terminal(int fd) {
    char settings[64];
    return fd >= 0 && raw_syscall(SYS_ioctl, fd, TCGETS, settings) == 0;
}

Result<int> create_pty(const Payload& p, int flags, RestoreContext& ctx) {
    auto master = make_pty(p.pty, ctx);
    if (!master)
        return master;
    return ctx.lift(p.master ? raw_syscall(SYS_dup, *master)
                             : open_pty_slave(*master, flags | O_NOCTTY),
                    "pseudo terminal");
}

Result<int> create(const Description& d, RestoreContext& ctx) {
    Payload p;
    if (!decode(d.payload, p))
        return Status::refused("damaged description of a terminal");
    if (p.pty >= 0)
        return create_pty(p, d.flags & ~(O_CREAT | O_EXCL | O_TRUNC), ctx);
    const int flags = d.flags & ~(O_CREAT | O_EXCL | O_TRUNC);
    for (const int fd : ctx.stdio)
        if (is_terminal(fd)) {
            const long again =
                raw_syscall(SYS_openat, AT_FDCWD, format("/proc/thread-self/fd/%d", fd).c_str(),
                            flags | O_NOCTTY | O_CLOEXEC);
            // Not ours to open (after su, say): share the restorer's own description.
            return ctx.lift(again >= 0 ? again : raw_syscall(SYS_dup, fd), "terminal");
        }
    // The restorer has no terminal (a batch job): its own stdin, stdout, stderr, or nothing.
    if (d.first_fd >= 0 && d.first_fd <= 2 && ctx.stdio[(size_t)d.first_fd] >= 0)
        return ctx.inherited(d, S_IFCHR);
    ctx.warnings.push_back(
        format("%s was a terminal; it goes to /dev/null", fd_name(d.first_fd).c_str()));
    return ctx.lift(open_fd("/dev/null", flags).release(), "/dev/null");
}

Status connect(int fd, const Description& d, RestoreContext&) {
    Payload p;
    if (!decode(d.payload, p) || (p.settings.size() != kKernelTermios && !p.master))
        return Status::refused("damaged description of a terminal");
    if (p.pty >= 0) {
        raw_syscall(SYS_fcntl, fd, F_SETFL, d.flags & (O_NONBLOCK | O_APPEND | O_ASYNC));
        return p.master ? fill_pty(fd, p.state) : Status();
    }
    int foreground = 0;
    // Only when the terminal is ours to set; a background job must leave it alone.
    if (is_terminal(fd) && raw_syscall(SYS_ioctl, fd, TIOCGPGRP, &foreground) == 0 &&
        foreground == raw_syscall(SYS_getpgid, 0))
        raw_syscall(SYS_ioctl, fd, TCSETS, p.settings.data());
    return {};
}

} // namespace

const FdOps kTerminal{FdKind::Terminal, recognize, save, create, connect};

} // namespace glckpt::ckpt
