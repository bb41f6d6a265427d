#include "restore/stand_in.h"
#include "ckpt/sys.h"
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace glckpt::tools {
namespace {

constexpr int kPassed[] = {SIGTERM, SIGHUP,  SIGINT,  SIGQUIT, SIGUSR1,
                           SIGUSR2, SIGALRM, SIGCONT, SIGWINCH};

sigset_t passed_set() {
    sigset_t set;
    sigemptyset(&set);
    for (const int n : kPassed)
        sigaddset(&set, n);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGIO);
    return set;
}

// In namespaces of its own, the first process tells of the program's end by a pipe: it may have to
// stay for others.
bool has_ended(const ckpt::Program& program) {
    if (program.kind == ckpt::IdentityKind::Namespaces) {
        pollfd p{program.status_pipe, POLLIN, 0};
        return poll(&p, 1, 0) > 0;
    }
    siginfo_t info{};
    return waitid(P_PID, (id_t)program.pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == program.pid;
}

// Ends as the program did, down to the signal, but without a core file of its own.
int end_like(int status) {
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    const int signal = WTERMSIG(status);
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    ::signal(signal, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    sigprocmask(SIG_UNBLOCK, &set, nullptr);
    raise(signal);
    return 128 + signal;
}

} // namespace

void prepare_to_stand_in() {
    ::signal(SIGCHLD, SIG_DFL); // ignored by whoever started us, the program would vanish unwaited
    const sigset_t set = passed_set();
    sigprocmask(SIG_BLOCK, &set, nullptr);
}

void leave_stand_in() {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
}

int stand_in_for(const ckpt::Program& program, int pid) {
    const sigset_t set = passed_set();
    if (program.kind == ckpt::IdentityKind::Namespaces) { // and a signal comes with what it tells
        fcntl(program.status_pipe, F_SETOWN, getpid());
        fcntl(program.status_pipe, F_SETFL, O_ASYNC);
    }
    while (!has_ended(program)) {
        siginfo_t info{};
        const int signal = sigwaitinfo(&set, &info);
        // What the terminal sends, it has sent to the program as well: same process group.
        const bool from_terminal = info.si_code == SI_KERNEL;
        if (signal > 0 && signal != SIGCHLD && signal != SIGIO && !from_terminal)
            kill(pid, signal);
    }
    return end_like(ckpt::await_end(program));
}

} // namespace glckpt::tools
