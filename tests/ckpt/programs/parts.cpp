// Memory of which a process has a part: shared with a child that maps the rest, private upon a
// memfd, guarded against any access. And signals that wait as they were sent: by kill(), by the
// kernel, to one thread.
#include "harness.h"
#include <csetjmp>
#include <csignal>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace {

constexpr size_t kPage = 4096, kPages = 64;
constexpr int kGuard = 102; // MADV_GUARD_INSTALL

char* g_shared;  // this process maps the first half, the child all of it
char* g_private; // upon a memfd
int g_memfd;
char* g_guarded; // null: this kernel has none
volatile char g_touched;
sigjmp_buf g_back;
sigset_t g_blocked;

// Answers with what lies in the half that only it maps.
[[noreturn]] void answer(int in, int out) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    char byte;
    while (read(in, &byte, 1) == 1) {
        const bool right = g_shared[kPage * (kPages - 1)] == 'z' && g_shared[0] == byte;
        byte = right ? 'y' : 'n';
        if (write(out, &byte, 1) != 1)
            break;
    }
    _exit(0);
}

pid_t make_shared(int& to, int& from) {
    int there[2], back[2];
    CHECK(pipe(there) == 0 && pipe(back) == 0);
    g_shared = static_cast<char*>(
        mmap(nullptr, kPage * kPages, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    g_shared[kPage * (kPages - 1)] = 'z';
    const pid_t child = fork();
    if (child == 0)
        answer(there[0], back[1]);
    // In two parts with a hole between them, so that it maps more in number, not in extent.
    munmap(g_shared + kPage * kPages / 2, kPage * kPages / 2);
    munmap(g_shared + kPage * 4, kPage);
    to = there[1];
    from = back[0];
    return child;
}

void make_private() {
    g_memfd = memfd_create("below", MFD_ALLOW_SEALING);
    CHECK(ftruncate(g_memfd, 2 * kPage) == 0);
    CHECK(pwrite(g_memfd, "b", 1, 0) == 1 && pwrite(g_memfd, "b", 1, kPage) == 1);
    CHECK(fcntl(g_memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0);
    g_private = static_cast<char*>(
        mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE, g_memfd, 0));
    g_private[0] = 'm';
}

void make_guard() {
    g_guarded = static_cast<char*>(
        mmap(nullptr, 3 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    g_guarded[0] = g_guarded[2 * kPage] = 'g';
    if (madvise(g_guarded + kPage, kPage, kGuard) < 0)
        g_guarded = nullptr;
}

void on_fault(int) { siglongjmp(g_back, 1); }

void check_memory(int to, int from, long n) {
    g_shared[0] = (char)n;
    char byte = (char)n;
    CHECK(write(to, &byte, 1) == 1 && read(from, &byte, 1) == 1 && byte == 'y');
    CHECK(g_private[0] == 'm' && g_private[kPage] == 'b');
    CHECK(fcntl(g_memfd, F_GET_SEALS) == (F_SEAL_SHRINK | F_SEAL_GROW));
    if (!g_guarded)
        return;
    CHECK(g_guarded[0] == 'g' && g_guarded[2 * kPage] == 'g');
    if (sigsetjmp(g_back, 1) == 0) {
        g_touched = *static_cast<volatile char*>(g_guarded + kPage);
        CHECK(!"a guarded page could be read");
    }
}

void check_signal(int number, int code, pid_t sender) {
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, number);
    siginfo_t info{};
    const timespec now{0, 0};
    CHECK(sigtimedwait(&one, &info, &now) == number);
    CHECK(info.si_code == code && info.si_pid == sender);
}

// Three that wait: for the process by kill(), for this thread by tgkill(), of a child's end.
void send_all() {
    kill(getpid(), SIGUSR1);
    syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR2);
}

void check_signals(pid_t ended) {
    check_signal(SIGUSR1, SI_USER, getpid());
    check_signal(SIGUSR2, SI_USER, getpid()); // the C library's word for SI_TKILL
    if (ended)
        check_signal(SIGCHLD, CLD_EXITED, ended);
    send_all();
}

} // namespace

int main() {
    int to = -1, from = -1;
    const pid_t child = make_shared(to, from);
    make_private();
    make_guard();
    struct sigaction a {};
    a.sa_handler = on_fault;
    sigaction(SIGSEGV, &a, nullptr);
    for (const int n : {SIGUSR1, SIGUSR2, SIGCHLD})
        sigaddset(&g_blocked, n);
    sigprocmask(SIG_BLOCK, &g_blocked, nullptr);
    pid_t ended = fork();
    if (ended == 0)
        _exit(5);
    siginfo_t info{};
    CHECK(waitid(P_PID, (id_t)ended, &info, WEXITED | WNOWAIT) == 0);
    send_all();
    const int status = check_until_stopped([&](long n) {
        check_memory(to, from, n);
        if (n % 8 != 7)
            return; // they wait for a while
        check_signals(ended);
        if (ended) {
            CHECK(waitpid(ended, nullptr, 0) == ended);
            ended = fork();
            if (ended == 0)
                _exit(5);
            CHECK(waitid(P_PID, (id_t)ended, &info, WEXITED | WNOWAIT) == 0);
        }
    });
    kill(child, SIGKILL);
    return status;
}
