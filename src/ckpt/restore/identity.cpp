#include "ckpt/restore/identity.h"
#include "ckpt/restore/grow.h"
#include "ckpt/restore/numbers.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include <cerrno>
#include <csignal>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace glckpt::ckpt {
namespace {

#ifndef CLONE_NEWTIME
constexpr int CLONE_NEWTIME = 0x80;
#endif

bool write_text(const char* path, const std::string& text) {
    const UniqueFd fd = open_fd(path, O_WRONLY);
    return fd.ok() && write_all(fd.get(), text.data(), text.size());
}

std::string offset_line(const char* clock, int64_t shift_ns) {
    int64_t s = shift_ns / 1'000'000'000, ns = shift_ns % 1'000'000'000;
    if (ns < 0) {
        ns += 1'000'000'000;
        --s;
    }
    return format("%s %ld %ld\n", clock, (long)s, (long)ns);
}

// The children's clocks go on from where the program's stood. Without the right to it, or on an
// old kernel, they jump, as they would over a suspend.
void enter_time_namespace(const ProcessState& s) {
    const int64_t mono = s.monotonic_ns - (int64_t)clock_ns(CLOCK_MONOTONIC);
    const int64_t boot = s.boottime_ns - (int64_t)clock_ns(CLOCK_BOOTTIME);
    if (raw_syscall(SYS_unshare, CLONE_NEWTIME) == 0)
        write_text("/proc/self/timens_offsets",
                   offset_line("monotonic", mono) + offset_line("boottime", boot));
}

// Same user and group inside and outside; nobody else exists there.
bool enter_user_namespace(int more) {
    const unsigned uid = getuid(), gid = getgid();
    if (raw_syscall(SYS_unshare, CLONE_NEWUSER | more) < 0)
        return false;
    return write_text("/proc/self/setgroups", "deny") &&
           write_text("/proc/self/uid_map", format("%u %u 1", uid, uid)) &&
           write_text("/proc/self/gid_map", format("%u %u 1", gid, gid));
}

// First process of the namespace: makes the program, buries who is orphaned, tells how the program
// ended. When it goes, the kernel ends whatever is left in the namespace; until the program has
// ended it goes with the tool, and then when nobody is left.
[[noreturn]] void be_init(const ProcessState& s, int status_pipe,
                          const std::function<void(IdentityKind)>& body) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, "glckpt-init");
    if (unshare(CLONE_NEWNS) == 0) {
        mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
    }
    const long pid = clone_as(s.pid);
    if (pid == 0) {
        close(status_pipe);
        body(IdentityKind::Namespaces);
        _exit(1);
    }
    int status = 1 << 8;
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, nullptr);
    for (int st; pid > 0;) {
        const pid_t ended = waitpid(-1, &st, __WALL);
        if (ended < 0 && errno != EINTR)
            break;
        if (ended == pid) {
            status = st;
            break;
        }
    }
    prctl(PR_SET_PDEATHSIG, 0);
    write_all(status_pipe, &status, sizeof status);
    close(status_pipe);
    for (const int fd : {0, 1, 2})
        close(fd); // a reader at their other ends need not wait for who is left
    while (waitpid(-1, nullptr, __WALL) >= 0 || errno == EINTR) {
    }
    _exit(0);
}

Result<Program> make_in_namespaces(const ProcessState& s,
                                   const std::function<void(IdentityKind)>& body) {
    const bool privileged = raw_syscall(SYS_unshare, CLONE_NEWPID) == 0;
    if (!privileged && !enter_user_namespace(CLONE_NEWPID))
        return Status::refused(format("process number %d cannot be given back: it is in use, or "
                                      "not ours to choose, and this system allows no namespaces",
                                      s.pid));
    enter_time_namespace(s);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return Status::refused("no pipe");
    Program p;
    p.kind = IdentityKind::Namespaces;
    p.status_pipe = ends[0];
    p.pid = fork();
    if (p.pid == 0) {
        close(ends[0]);
        be_init(s, ends[1], body);
    }
    close(ends[1]);
    if (p.pid < 0)
        return Status::refused("cannot fork");
    return p;
}

} // namespace

Result<Program> make_program(const ImageTree& tree, const std::function<void(IdentityKind)>& body) {
    const ProcessState& s = tree.process(0);
    if (all_numbers_free(tree)) {
        const bool may_choose = geteuid() == 0;
        if (may_choose)
            enter_time_namespace(s);
        const long pid = clone_as(s.pid);
        if (pid == 0) {
            body(IdentityKind::Here);
            _exit(1);
        }
        if (pid > 0)
            return Program{IdentityKind::Here, (int)pid, -1};
    }
    return make_in_namespaces(s, body);
}

int await_end(const Program& program) {
    int status = 0;
    ssize_t n = 0;
    if (program.kind == IdentityKind::Namespaces) {
        while ((n = read(program.status_pipe, &status, sizeof status)) < 0 && errno == EINTR) {
        }
        if (n == sizeof status)
            return status;
        // The first process was killed (with all the others) if it left nothing.
    }
    while (waitpid(program.pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

} // namespace glckpt::ckpt
