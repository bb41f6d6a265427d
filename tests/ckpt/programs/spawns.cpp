// Starts programs with environments of its own making, as shells and launchers do: what it starts
// is part of the tree all the same.
#include "harness.h"
#include <csignal>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>

namespace {

pid_t start(const char* self, int how) {
    char* const argv[] = {const_cast<char*>(self), const_cast<char*>("child"), nullptr};
    char mine[] = "MINE=1", preload[] = "LD_PRELOAD=";
    char* const env[] = {mine, how == 1 ? preload : nullptr, nullptr};
    pid_t pid = -1;
    if (how == 2) {
        CHECK(posix_spawn(&pid, self, nullptr, nullptr, argv, env) == 0);
        return pid;
    }
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execve(self, argv, env);
        _exit(127);
    }
    return pid;
}

} // namespace

int main(int argc, char** argv) {
    if (argc > 1) {
        if (!getenv("MINE"))
            return 1;
        for (;;)
            pause();
    }
    pid_t children[3];
    for (int how = 0; how < 3; ++how)
        children[how] = start("/proc/self/exe", how);
    usleep(300'000); // until they have executed: the checkpoint waits for them in any case
    const int status = check_until_stopped([&](long) {
        for (const pid_t child : children)
            CHECK(waitpid(child, nullptr, WNOHANG) == 0);
    });
    for (const pid_t child : children)
        kill(child, SIGKILL);
    (void)argv;
    return status;
}
