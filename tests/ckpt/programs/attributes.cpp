// What a process is beside memory and descriptors, and that CLOCK_MONOTONIC goes forward.
#include "harness.h"
#include <csignal>
#include <ctime>
#include <pthread.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

std::string text_of(const char* path) {
    const int fd = open(path, O_RDONLY);
    char buffer[16384];
    const long n = read(fd, buffer, sizeof buffer);
    close(fd);
    return std::string(buffer, n < 0 ? 0 : (size_t)n);
}

// What prctl() and its relatives say, some of the process and some of the thread.
struct Settings {
    int io_priority, no_huge_pages, slack, no_new_privs, subreaper, death, mce, dumpable, policy,
        persona;
    cpu_set_t processors;
    bool operator==(const Settings& o) const { return memcmp(this, &o, sizeof o) == 0; }
};

Settings settings_now() {
    Settings s;
    memset(&s, 0, sizeof s);
    s.io_priority = (int)syscall(SYS_ioprio_get, 1, 0);
    s.no_huge_pages = prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0);
    s.slack = prctl(PR_GET_TIMERSLACK);
    s.no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    prctl(PR_GET_CHILD_SUBREAPER, &s.subreaper);
    prctl(PR_GET_PDEATHSIG, &s.death);
    s.mce = prctl(PR_MCE_KILL_GET, 0, 0, 0, 0);
    s.dumpable = prctl(PR_GET_DUMPABLE);
    s.policy = sched_getscheduler(0);
    s.persona = personality(0xffffffff);
    sched_getaffinity(0, sizeof s.processors, &s.processors);
    return s;
}

void set_all() {
    CHECK(syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 6) == 0); // best effort, nearly last
    CHECK(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0);
    CHECK(prctl(PR_SET_TIMERSLACK, 70'000) == 0);
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
    CHECK(prctl(PR_SET_PDEATHSIG, SIGUSR2) == 0);
    CHECK(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0) == 0);
    const sched_param none{0};
    CHECK(sched_setscheduler(0, SCHED_BATCH, &none) == 0);
    cpu_set_t one;
    sched_getaffinity(0, sizeof one, &one);
    int cpu = 0;
    while (!CPU_ISSET(cpu, &one))
        ++cpu;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
    CHECK(personality(personality(0xffffffff) | UNAME26) >= 0);
}

} // namespace

int main() {
    signal(SIGUSR2, SIG_IGN);
    set_all();
    const Settings settings = settings_now();
    const std::string line = text_of("/proc/self/cmdline"), names = text_of("/proc/self/environ");
    CHECK(!line.empty() && !names.empty());
    umask(027);
    const rlimit files{500, 600}, core{0, 0};
    setrlimit(RLIMIT_NOFILE, &files);
    setrlimit(RLIMIT_CORE, &core);
    prctl(PR_SET_NAME, "attributes!");
    const int niceness = getpriority(PRIO_PROCESS, 0) + 3; // an ordinary user cannot lower it
    setpriority(PRIO_PROCESS, 0, niceness);
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
        CHECK(getpriority(PRIO_PROCESS, 0) == niceness);
        CHECK(getpid() == pid && gettid() == tid && link_of("/proc/self/cwd") == folder);
        CHECK(link_of("/proc/self/exe") == exe);
        CHECK(settings_now() == settings);
        CHECK(text_of("/proc/self/cmdline") == line && text_of("/proc/self/environ") == names);
        const double t = monotonic();
        CHECK(t >= last);
        last = t;
    }));
}
