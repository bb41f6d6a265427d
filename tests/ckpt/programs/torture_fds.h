// A descriptor of every kind, each with something that a restart must bring back, looked at and
// changed again and again.
#pragma once
#include "harness.h"
#include <arpa/inet.h>
#include <csignal>
#include <cstddef>
#include <dirent.h>
#include <memory>
#include <netinet/in.h>
#include <poll.h>
#include <pty.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <vector>

inline int listening_unix(const char* path) {
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    strcpy(a.sun_path, path);
    const int s = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(bind(s, (sockaddr*)&a, sizeof a) == 0 && listen(s, 4) == 0);
    return s;
}

inline int listening_tcp() {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int s = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    CHECK(bind(s, (sockaddr*)&a, sizeof a) == 0 && listen(s, 4) == 0);
    return s;
}

// Two ends of something that keeps messages or bytes in order: one number always waits in it.
struct Link {
    int in = -1, out = -1;
    long sent = 0, got = 0;
    const char* name = "";
    Link(const char* n, int reader, int writer) : in(reader), out(writer), name(n) { send(); }
    void send() {
        CHECK(write(out, &sent, sizeof sent) == (long)sizeof sent);
        ++sent;
    }
    void check() {
        send();
        long v = -1;
        errno = 0;
        const long n = read(in, &v, sizeof v);
        if (n != (long)sizeof v || v != got) {
            ++g_failures;
            fprintf(stderr, "%s: %ld bytes, %ld instead of %ld (errno %d)\n", name, n, v, got,
                    errno);
        }
        ++got;
    }
};

class AllKinds {
  public:
    AllKinds() {
        int e[2];
        CHECK(pipe(e) == 0);
        add("pipe", e[0], e[1]);
        for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
            CHECK(socketpair(AF_UNIX, type, 0, e) == 0);
            add("socket pair", e[0], e[1]);
        }
        CHECK(mkfifo("fifo", 0600) == 0);
        const int fifo = open("fifo", O_RDWR);
        add("fifo", fifo, fifo);
        const int heard = listening_unix("door");
        sockaddr_un a{};
        a.sun_family = AF_UNIX;
        strcpy(a.sun_path, "door");
        int other = socket(AF_UNIX, SOCK_STREAM, 0);
        CHECK(connect(other, (sockaddr*)&a, sizeof a) == 0);
        add("unix connection", accept(heard, nullptr, nullptr), other);
        const int tcp = listening_tcp();
        sockaddr_in at{};
        socklen_t bytes = sizeof at;
        getsockname(tcp, (sockaddr*)&at, &bytes);
        other = socket(AF_INET, SOCK_STREAM, 0);
        CHECK(connect(other, (sockaddr*)&at, sizeof at) == 0);
        add("tcp", accept(tcp, nullptr, nullptr), other);
        close(tcp);
        add_pty();
        file_ = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
        same_file_ = dup(file_);
        gone_ = open("gone", O_RDWR | O_CREAT, 0600);
        unlink("gone");
        append_ = open("log", O_WRONLY | O_APPEND | O_CREAT, 0600);
        memfd_ = memfd_create("torture", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        CHECK(ftruncate(memfd_, 1 << 16) == 0 && fcntl(memfd_, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
        for (size_t i = 0; i < 4; ++i)
            shared_[i] = map_shared(i);
        counter_ = eventfd(0, EFD_NONBLOCK);
        timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
        const itimerspec often{{0, 10'000'000}, {0, 10'000'000}};
        timerfd_settime(timer_, 0, &often, nullptr);
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGRTMIN + 9);
        signals_ = signalfd(-1, &set, SFD_NONBLOCK);
        watch_ = inotify_init1(IN_NONBLOCK);
        CHECK(mkdir("watched", 0700) == 0 && inotify_add_watch(watch_, "watched", IN_CREATE) > 0);
        folder_ = open(".", O_RDONLY | O_DIRECTORY);
        self_ = (int)syscall(SYS_pidfd_open, getpid(), 0);
        epoll_ = epoll_create1(0);
        epoll_event interest{EPOLLIN, {.u64 = 0xfeed'0000'0001}};
        CHECK(epoll_ctl(epoll_, EPOLL_CTL_ADD, counter_, &interest) == 0);
        interest = {EPOLLIN, {.u64 = 0xfeed'0000'0002}};
        CHECK(epoll_ctl(epoll_, EPOLL_CTL_ADD, links_[0]->in, &interest) == 0);
    }

    void check(long n) {
        for (auto& l : links_)
            l->check();
        check_files(n);
        check_memory(n);
        check_events();
    }

  private:
    void add(const char* name, int in, int out) {
        links_.push_back(std::make_unique<Link>(name, in, out));
    }
    void add_pty() {
        int master, slave;
        CHECK(openpty(&master, &slave, nullptr, nullptr, nullptr) == 0);
        termios raw;
        tcgetattr(slave, &raw);
        cfmakeraw(&raw);
        tcsetattr(slave, TCSANOW, &raw);
        add("pty", slave, master);
    }
    static long* map_shared(size_t kind) {
        void* p = MAP_FAILED;
        if (kind == 0) {
            p = mmap(nullptr, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        } else if (kind == 1) {
            const int id = shmget(IPC_PRIVATE, 1 << 16, IPC_CREAT | 0600);
            p = shmat(id, nullptr, 0);
            shmctl(id, IPC_RMID, nullptr);
        } else {
            const int fd = open(kind == 2 ? "mapped" : "unnamed", O_RDWR | O_CREAT, 0600);
            CHECK(ftruncate(fd, 1 << 16) == 0);
            if (kind == 3)
                unlink("unnamed");
            p = mmap(nullptr, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
            close(fd);
        }
        CHECK(p != MAP_FAILED);
        return (long*)p;
    }

    void check_files(long n) {
        long v = -1;
        CHECK(write(file_, &n, sizeof n) == (long)sizeof n);
        CHECK(lseek(same_file_, 0, SEEK_CUR) == (n % 1000 + 1) * (long)sizeof n);
        CHECK(pread(same_file_, &v, sizeof v, n % 1000 * (long)sizeof n) == (long)sizeof v &&
              v == n);
        if (n % 1000 == 999)
            lseek(file_, 0, SEEK_SET);
        CHECK(pwrite(gone_, &n, sizeof n, 4096) == (long)sizeof n);
        struct stat st {};
        CHECK(fstat(gone_, &st) == 0 && st.st_nlink == 0 && st.st_size == 4096 + (long)sizeof n);
        CHECK(pread(gone_, &v, sizeof v, 4096) == (long)sizeof v && v == n);
        CHECK(write(append_, "x", 1) == 1 && (fcntl(append_, F_GETFL) & O_APPEND));
        CHECK(fcntl(memfd_, F_GET_SEALS) == F_SEAL_SHRINK && fcntl(memfd_, F_GETFD) == FD_CLOEXEC);
        CHECK(pwrite(memfd_, &n, sizeof n, n % 8000 * 8) == (long)sizeof n);
        CHECK(faccessat(folder_, "file", R_OK, 0) == 0);
        pollfd p{self_, POLLIN, 0};
        CHECK(poll(&p, 1, 0) == 0);
    }

    void check_memory(long n) {
        for (long* p : shared_) {
            CHECK(p[5] == last_ && p[8000] == -last_);
            p[5] = n;
            p[8000] = -n;
        }
        last_ = n;
    }

    void check_events() {
        uint64_t v = 0;
        epoll_event got[4];
        CHECK(epoll_wait(epoll_, got, 4, 0) == 1 && got[0].data.u64 == 0xfeed'0000'0002);
        const uint64_t one = 1;
        CHECK(write(counter_, &one, 8) == 8 && epoll_wait(epoll_, got, 4, 0) == 2);
        CHECK(read(counter_, &v, 8) == 8 && v == 1);
        bool ticked = false; // on the most loaded machine
        for (int i = 0; i < 20'000 && !ticked; ++i)
            if (!(ticked = read(timer_, &v, 8) == 8 && v > 0))
                usleep(1000);
        CHECK(ticked);
        sigval value;
        value.sival_int = (int)last_;
        CHECK(sigqueue(getpid(), SIGRTMIN + 9, value) == 0);
        signalfd_siginfo info{};
        CHECK(read(signals_, &info, sizeof info) == (long)sizeof info &&
              info.ssi_int == (int)last_);
        close(open("watched/new", O_CREAT | O_WRONLY, 0600));
        unlink("watched/new");
        alignas(inotify_event) char event[512];
        CHECK(read(watch_, event, sizeof event) >= (long)sizeof(inotify_event));
    }

    std::vector<std::unique_ptr<Link>> links_;
    int file_, same_file_, gone_, append_, memfd_, counter_, timer_, signals_, watch_, folder_,
        self_, epoll_;
    long* shared_[4];
    long last_ = 0;
};
