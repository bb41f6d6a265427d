// awkward WHAT: has one thing that no checkpoint can keep, until a file "without" appears; then it
// gives that up, and can be checkpointed. Exit status 77: this machine has no such thing.
#include "harness.h"
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <linux/aio_abi.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <mqueue.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>

namespace {

bool wanted() { return access("without", F_OK) != 0; }

[[noreturn]] void none_here() { _exit(77); }
// Of this thread it cannot be taken away.
[[noreturn]] void end_thread() {
    syscall(SYS_exit, 0);
    __builtin_unreachable();
}

// Until it is not wanted any more; done by its own thread, which is named after what it does.
template <class Begin, class End>
void have(const char* name, Begin begin, End end) {
    std::thread([=] {
        pthread_setname_np(pthread_self(), name);
        begin();
        close(open("begun", O_CREAT | O_WRONLY, 0600));
        while (wanted())
            usleep(1000);
        end();
    }).detach();
}

void signals(int how) {
    const uint64_t all = ~0ull;
    syscall(SYS_rt_sigprocmask, how, &all, nullptr, 8);
}

void filter() {
    const sock_filter allow[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
    const sock_fprog program{1, const_cast<sock_filter*>(allow)};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        none_here();
}

// An area registered past the C library, which has none then (GLIBC_TUNABLES).
void area() {
    alignas(32) static thread_local char mine[32];
    if (syscall(SYS_rseq, mine, sizeof mine, 0, 0x53053053) < 0)
        none_here();
}

int g_fd = -1, g_here = -1;
pid_t g_child = -1;
aio_context_t g_aio;

void connect_to(const char* name) {
    sockaddr_un a{AF_UNIX, ""};
    char folder[64] = "";
    CHECK(getcwd(folder, sizeof folder));
    snprintf(a.sun_path, sizeof a.sun_path, "%s/%s", folder, name);
    g_fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(connect(g_fd, (sockaddr*)&a, sizeof a) == 0);
}

void drop_fd() { close(g_fd); }

void begin(const std::string& what) {
    if (what == "masked")
        have(
            "deaf", [] { signals(SIG_BLOCK); }, [] { signals(SIG_UNBLOCK); });
    else if (what == "seccomp")
        have("filtered", filter, end_thread);
    else if (what == "rseq")
        have("areas", area, end_thread);
    else if (what == "aio")
        have(
            "aio",
            [] {
                if (syscall(SYS_io_setup, 4, &g_aio) < 0)
                    none_here();
            },
            [] { syscall(SYS_io_destroy, g_aio); });
    else if (what == "io_uring")
        have(
            "uring",
            [] {
                char params[120] = {};
                g_fd = (int)syscall(SYS_io_uring_setup, 4, params);
                if (g_fd < 0)
                    none_here();
            },
            drop_fd);
    else if (what == "mqueue")
        have(
            "queue",
            [] {
                char name[64];
                snprintf(name, sizeof name, "/glckpt-test-%d", getpid());
                g_fd = mq_open(name, O_RDWR | O_CREAT, 0600, nullptr);
                mq_unlink(name);
                if (g_fd < 0)
                    none_here();
            },
            drop_fd);
    else if (what == "chroot")
        have(
            "elsewhere",
            [] {
                g_fd = open("/", O_RDONLY | O_DIRECTORY);
                g_here = open(".", O_RDONLY | O_DIRECTORY);
                if (chroot(".") < 0)
                    none_here();
            },
            [] {
                CHECK(fchdir(g_fd) == 0 && chroot(".") == 0 && fchdir(g_here) == 0);
                drop_fd();
                close(g_here);
            });
    else if (what == "stopped child")
        have(
            "halted",
            [] {
                if ((g_child = fork()) == 0) {
                    raise(SIGSTOP);
                    _exit(0);
                }
                waitpid(g_child, nullptr, WUNTRACED);
            },
            [] {
                kill(g_child, SIGCONT);
                waitpid(g_child, nullptr, 0);
            });
    else if (what == "raw socket")
        have(
            "raw",
            [] {
                if ((g_fd = socket(AF_INET, SOCK_RAW, 1)) < 0)
                    none_here();
            },
            drop_fd);
    else if (what == "bus")
        have(
            "bus", [] { connect_to("bus"); }, drop_fd);
    else
        none_here();
}

} // namespace

int main(int argc, char** argv) {
    begin(argc > 1 ? argv[1] : "");
    while (access("begun", F_OK) != 0)
        usleep(1000);
    _exit(check_until_stopped([](long) {}));
}
