// What a descriptor can stand for beside data: watched folders, processes, locks, one end of a
// named pipe, files and folders without a name, interests of an epoll set whose number is gone.
#include "harness.h"
#include <csignal>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

namespace {

int g_inotify, g_folder_watch, g_child_handle, g_own_handle, g_dead_handle, g_dead_again, g_epoll;
int g_locked, g_fifo, g_unnamed_file, g_unnamed_folder, g_watched_pipe[2], g_read_again;
int g_pipe[2];
pid_t g_child;

pid_t make_child(int to_wait_on) {
    const pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        // A lock of its own in the same file.
        struct flock range {
            F_WRLCK, SEEK_SET, 100, 10, 0
        };
        if (fcntl(g_locked, F_SETLK, &range) < 0)
            _exit(1);
        char byte = 1;
        (void)!write(to_wait_on, &byte, 1);
        for (;;)
            pause();
    }
    return pid;
}

void make_watches() {
    mkdir("watched", 0700);
    mkdir("other", 0700);
    g_inotify = inotify_init1(IN_NONBLOCK);
    inotify_rm_watch(g_inotify, inotify_add_watch(g_inotify, "other", IN_CREATE));
    g_folder_watch = inotify_add_watch(g_inotify, "watched", IN_CREATE);
    char events[4096];
    while (read(g_inotify, events, sizeof events) > 0) {
    }
}

void check_watches() {
    alignas(8) char events[4096];
    close(open("watched/x", O_CREAT | O_WRONLY, 0600));
    const ssize_t n = read(g_inotify, events, sizeof events);
    const auto* e = reinterpret_cast<const inotify_event*>(events);
    CHECK(n > 0 && e->wd == g_folder_watch && e->mask == IN_CREATE && !strcmp(e->name, "x"));
    unlink("watched/x");
}

void make_locks() {
    g_locked = open("locked", O_CREAT | O_RDWR, 0600);
    struct flock range {
        F_RDLCK, SEEK_SET, 0, 10, 0
    };
    CHECK(fcntl(g_locked, F_SETLK, &range) == 0);
    const int leased = open("leased", O_CREAT | O_RDONLY, 0600);
    CHECK(fcntl(leased, F_SETLEASE, F_RDLCK) == 0 || errno == EACCES);
}

// Asked from another process, which the locks are in the way of.
void check_locks() {
    const pid_t asker = fork();
    if (asker == 0) {
        struct flock mine {
            F_WRLCK, SEEK_SET, 0, 10, 0
        }, childs{F_RDLCK, SEEK_SET, 100, 10, 0};
        fcntl(g_locked, F_GETLK, &mine);
        fcntl(g_locked, F_GETLK, &childs);
        _exit(mine.l_type == F_RDLCK && childs.l_type == F_WRLCK && childs.l_pid == g_child ? 0
                                                                                            : 1);
    }
    int status = -1;
    CHECK(waitpid(asker, &status, 0) == asker && status == 0);
}

void make_handles() {
    g_child_handle = (int)syscall(SYS_pidfd_open, g_child, 0);
    g_own_handle = (int)syscall(SYS_pidfd_open, getpid(), 0);
    const pid_t ended = fork();
    if (ended == 0)
        _exit(0);
    g_dead_handle = (int)syscall(SYS_pidfd_open, ended, 0);
    g_dead_again = (int)syscall(SYS_pidfd_open, ended, 0);
    waitpid(ended, nullptr, 0);
}

void check_handles() {
    CHECK(syscall(SYS_pidfd_send_signal, g_child_handle, 0, nullptr, 0) == 0);
    CHECK(syscall(SYS_pidfd_send_signal, g_own_handle, 0, nullptr, 0) == 0);
    CHECK(syscall(SYS_pidfd_send_signal, g_dead_handle, 0, nullptr, 0) < 0 && errno == ESRCH);
    CHECK(syscall(SYS_pidfd_send_signal, g_dead_again, 0, nullptr, 0) < 0 && errno == ESRCH);
    // Two of one process have one inode; those of others have others, on kernels with pidfs.
    struct stat first {
    }, second{}, other{};
    CHECK(fstat(g_dead_handle, &first) == 0 && fstat(g_dead_again, &second) == 0);
    CHECK(fstat(g_child_handle, &other) == 0 && first.st_ino == second.st_ino);
    static const bool apart = first.st_ino != other.st_ino;
    CHECK((first.st_ino != other.st_ino) == apart);
}

void make_names() {
    mkfifo("fifo", 0600);
    g_fifo = open("fifo", O_RDONLY | O_NONBLOCK); // nobody writes
    g_unnamed_file = open("unnamed", O_CREAT | O_WRONLY, 0600);
    CHECK(write(g_unnamed_file, "0123456789", 10) == 10);
    unlink("unnamed");
    mkdir("folder", 0700);
    g_unnamed_folder = open("folder", O_RDONLY | O_DIRECTORY);
    rmdir("folder");
}

void check_names() {
    char byte;
    CHECK(read(g_fifo, &byte, 1) == 0);
    struct stat st {};
    CHECK(fstat(g_unnamed_file, &st) == 0 && st.st_size == 10 && st.st_nlink == 0);
    CHECK(lseek(g_unnamed_file, 0, SEEK_CUR) == 10);
    CHECK(fstat(g_unnamed_folder, &st) == 0 && S_ISDIR(st.st_mode));
    CHECK(openat(g_unnamed_folder, "new", O_CREAT | O_WRONLY, 0600) < 0 && errno == ENOENT);
}

void make_epoll() {
    g_epoll = epoll_create1(0);
    CHECK(pipe(g_watched_pipe) == 0);
    const int number = dup(g_watched_pipe[0]);
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.u64 = 77;
    CHECK(epoll_ctl(g_epoll, EPOLL_CTL_ADD, number, &e) == 0);
    close(number); // the interest stays
    // A pipe that has two readers, each an open file of its own, and bytes in it.
    CHECK(pipe(g_pipe) == 0);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", g_pipe[0]);
    g_read_again = open(path, O_RDONLY | O_NONBLOCK);
    CHECK(write(g_pipe[1], "both", 4) == 4);
}

void check_epoll() {
    epoll_event e{};
    CHECK(epoll_wait(g_epoll, &e, 1, 0) == 0);
    CHECK(write(g_watched_pipe[1], "x", 1) == 1);
    CHECK(epoll_wait(g_epoll, &e, 1, 1000) == 1 && e.data.u64 == 77);
    char buffer[16];
    CHECK(read(g_watched_pipe[0], buffer, sizeof buffer) == 1);
    CHECK(read(g_read_again, buffer, sizeof buffer) == 4 && !memcmp(buffer, "both", 4));
    CHECK(read(g_read_again, buffer, 1) < 0 && errno == EAGAIN);
    CHECK(write(g_pipe[1], "both", 4) == 4);
}

} // namespace

int main() {
    int ready[2];
    CHECK(pipe(ready) == 0);
    make_watches();
    make_locks();
    g_child = make_child(ready[1]);
    char byte;
    CHECK(read(ready[0], &byte, 1) == 1);
    make_handles();
    make_names();
    make_epoll();
    const int status = check_until_stopped([](long n) {
        check_watches();
        check_handles();
        check_names();
        check_epoll();
        if (n % 16 == 0)
            check_locks();
    });
    kill(g_child, SIGKILL);
    waitpid(g_child, nullptr, 0);
    return status;
}
