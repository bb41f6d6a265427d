// A parent and its child, each with the preloaded library; many short-lived children before.
#include "harness.h"
#include <csignal>
#include <sys/wait.h>

int main() {
    for (int i = 0; i < 30; ++i) {
        const pid_t pid = fork();
        if (pid == 0)
            execlp("true", "true", nullptr);
        int status = -1;
        CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    }
    const pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    FILE* f = fopen("child", "w");
    fprintf(f, "%d\n", child);
    fclose(f);
    const int status = check_until_stopped([](long) {});
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    return status;
}
