// Children of every making: popen() in the middle of what it says, vfork() and exec as fast as
// they come, system(), a wait in progress in a thread for one that ends much later.
#include "harness.h"
#include <atomic>
#include <csignal>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>

namespace {

std::atomic<int> g_waited{-1};
pid_t g_slow;
int g_end_slow[2];

void wait_for_slow() {
    CHECK(pipe(g_end_slow) == 0);
    g_slow = fork();
    if (g_slow == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(g_end_slow[1]);
        char byte;
        _exit(read(g_end_slow[0], &byte, 1) == 0 ? 7 : 8);
    }
    close(g_end_slow[0]);
    std::thread([] {
        int status = 0;
        g_waited = waitpid(g_slow, &status, 0) == g_slow ? status : -2;
    }).detach();
}

void check_vfork(long n) {
    const pid_t pid = vfork();
    if (pid == 0) {
        char code[16];
        snprintf(code, sizeof code, "exit %d", (int)(n % 100));
        execl("/bin/sh", "sh", "-c", code, nullptr);
        _exit(127);
    }
    int status = -1;
    CHECK(waitpid(pid, &status, 0) == pid);
    if (status != (int)(n % 100) << 8) {
        CHECK(!"a child has another status");
        fprintf(stderr, "%x\n", status);
    }
}

} // namespace

int main() {
    wait_for_slow();
    // What it says next is what it is asked, so that nothing is lost or doubled without being seen.
    mkfifo("questions", 0600);
    FILE* counter = popen("n=0; while read x; do n=$((n+1)); echo $n; done <questions", "r");
    CHECK(counter);
    const int ask = open("questions", O_WRONLY);
    CHECK(ask >= 0);
    long asked = 0;
    const int status = check_until_stopped([&](long n) {
        CHECK(write(ask, "?\n", 2) == 2);
        char line[32] = "";
        CHECK(fgets(line, sizeof line, counter) && atol(line) == ++asked);
        check_vfork(n);
        if (n % 8 == 0)
            if (const int r = system("exit 3"); r != 3 << 8) {
                CHECK(!"system() answers another status");
                fprintf(stderr, "%x\n", r);
            }
        CHECK(g_waited == -1);
    });
    close(ask);
    CHECK(pclose(counter) == 0);
    close(g_end_slow[1]);
    for (int i = 0; i < 2000 && g_waited == -1; ++i)
        usleep(5000);
    CHECK(WIFEXITED(g_waited) && WEXITSTATUS(g_waited) == 7);
    return status || g_failures;
}
