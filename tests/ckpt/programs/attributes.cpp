// What a process is beside memory and descriptors, and that CLOCK_MONOTONIC goes forward.
#include "harness.h"
#include <ctime>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>

namespace {

double monotonic() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
std::string link_of(const char* path) {
    char buffer[4096];
    const long n = readlink(path, buffer, sizeof buffer);
    return std::string(buffer, n < 0 ? 0 : (size_t)n);
}

} // namespace

int main() {
    umask(027);
    const rlimit files{500, 600}, core{0, 0};
    setrlimit(RLIMIT_NOFILE, &files);
    setrlimit(RLIMIT_CORE, &core);
    prctl(PR_SET_NAME, "attributes!");
    setpriority(PRIO_PROCESS, 0, 3);
    const pid_t pid = getpid(), tid = gettid();
    const std::string folder = link_of("/proc/self/cwd"), exe = link_of("/proc/self/exe");
    double last = monotonic();
    std::thread([&] {
        pthread_setname_np(pthread_self(), "second");
        const pid_t mine = gettid();
        for (;;) {
            CHECK(gettid() == mine);
            char name[16];
            pthread_getname_np(pthread_self(), name, sizeof name);
            CHECK(strcmp(name, "second") == 0);
            usleep(10'000);
        }
    }).detach();
    _exit(check_until_stopped([&](long) {
        const mode_t mask = umask(027);
        CHECK(mask == 027);
        rlimit now{};
        getrlimit(RLIMIT_NOFILE, &now);
        CHECK(now.rlim_cur == 500 && now.rlim_max == 600);
        char name[16] = "";
        prctl(PR_GET_NAME, name);
        CHECK(strcmp(name, "attributes!") == 0);
        CHECK(getpriority(PRIO_PROCESS, 0) == 3);
        CHECK(getpid() == pid && gettid() == tid && link_of("/proc/self/cwd") == folder);
        CHECK(link_of("/proc/self/exe") == exe);
        const double t = monotonic();
        CHECK(t >= last);
        last = t;
    }));
}
