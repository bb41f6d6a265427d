// All at once: a thread in every kind of blocking call, a descriptor of every kind, signals by the
// thousand each second, each counted, memory and threads that come and go. Whatever a checkpoint
// or a restart loses, doubles, tears or interrupts shows as a failed check. torture_fds.h has the
// descriptors.
//   torture [SIGNALS_PER_SECOND]
#include "torture_fds.h"
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <ctime>
#include <dlfcn.h>
#include <linux/futex.h>
#include <mutex>
#include <pthread.h>
#include <random>
#include <semaphore.h>
#include <spawn.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <thread>
#include <vector>

namespace {

constexpr timespec kWait{0, 300'000'000};
int g_silent[2];        // nobody ever writes to it
int g_silent_pair[2];   // nor to this
int g_silent_fifo = -1; // nor here
int g_listening[2];     // nobody connects: unix, TCP

double monotonic() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

template <class Body>
void thread(const char* name, Body body) {
    std::thread([=] {
        pthread_setname_np(pthread_self(), name);
        body();
    }).detach();
}

// Calls again and again; each must give `wanted`, and not before its time.
template <class Call>
void times_out(const char* name, long wanted, Call call) {
    thread(name, [=] {
        for (;;) {
            const double start = monotonic();
            errno = 0;
            const long r = call();
            const int error = errno;
            if (r != wanted || monotonic() - start < 0.29) {
                ++g_failures;
                fprintf(stderr, "%s: %ld (errno %d) after %.3f s\n", name, r, error,
                        monotonic() - start);
            }
        }
    });
}

template <class Call>
void never_returns(const char* name, Call call) {
    thread(name, [=] {
        for (;;) {
            errno = 0;
            const long r = call();
            const int error = errno;
            ++g_failures;
            fprintf(stderr, "%s returned %ld (errno %d)\n", name, r, error);
            sleep(1);
        }
    });
}

void finite_waits() {
    times_out("nanosleep", 0, [] { return nanosleep(&kWait, nullptr); });
    times_out("raw nanosleep", 0, [] { return syscall(SYS_nanosleep, &kWait, nullptr); });
    times_out("clock_nanosleep", 0,
              [] { return clock_nanosleep(CLOCK_MONOTONIC, 0, &kWait, nullptr); });
    times_out("poll", 0, [] {
        pollfd p{g_silent[0], POLLIN, 0};
        return poll(&p, 1, 300);
    });
    times_out("ppoll", 0, [] {
        pollfd p{g_silent[0], POLLIN, 0};
        sigset_t all;
        sigfillset(&all);
        return ppoll(&p, 1, &kWait, &all);
    });
    times_out("select", 0, [] {
        fd_set f;
        FD_ZERO(&f);
        FD_SET(g_silent[0], &f);
        timeval t{0, 300'000};
        return select(g_silent[0] + 1, &f, nullptr, nullptr, &t);
    });
    times_out("pselect", 0, [] {
        fd_set f;
        FD_ZERO(&f);
        FD_SET(g_silent[0], &f);
        return pselect(g_silent[0] + 1, &f, nullptr, nullptr, &kWait, nullptr);
    });
    times_out("epoll_wait", 0, [] {
        static const int e = epoll_create1(0);
        epoll_event got;
        return epoll_wait(e, &got, 1, 300);
    });
    times_out("sigtimedwait", -EAGAIN, [] {
        sigset_t s;
        sigemptyset(&s);
        sigaddset(&s, SIGWINCH);
        return sigtimedwait(&s, nullptr, &kWait) < 0 ? -errno : 0;
    });
    times_out("cond_wait_for", 1, [] {
        static std::mutex m;
        static std::condition_variable c;
        std::unique_lock<std::mutex> hold(m);
        return (long)(c.wait_for(hold, std::chrono::milliseconds(300)) == std::cv_status::timeout);
    });
    times_out("sem_clockwait", -ETIMEDOUT, [] {
        static sem_t s;
        timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        t.tv_nsec += 300'000'000;
        t.tv_sec += t.tv_nsec / 1'000'000'000;
        t.tv_nsec %= 1'000'000'000;
        return sem_clockwait(&s, CLOCK_MONOTONIC, &t) < 0 ? -errno : 0;
    });
    times_out("futex", -ETIMEDOUT, [] {
        static int word;
        return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &kWait, nullptr, 0) < 0 ? -errno : 0;
    });
    times_out("SO_RCVTIMEO", -EAGAIN, [] {
        static int pair[2];
        static const bool made [[maybe_unused]] = [] {
            const timeval t{0, 300'000};
            return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 &&
                   setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t) == 0;
        }();
        char c;
        return recv(pair[0], &c, 1, 0) < 0 ? -errno : 0;
    });
}

void waits_without_end() {
    static char c;
    never_returns("pause", [] { return pause(); });
    never_returns("sigsuspend", [] {
        sigset_t all;
        sigfillset(&all);
        return sigsuspend(&all);
    });
    never_returns("sigwaitinfo", [] {
        sigset_t s;
        sigemptyset(&s);
        sigaddset(&s, SIGWINCH);
        return sigwaitinfo(&s, nullptr);
    });
    never_returns("read pipe", [] { return read(g_silent[0], &c, 1); });
    never_returns("readv", [] {
        iovec v{&c, 1};
        return readv(g_silent[0], &v, 1);
    });
    never_returns("read fifo", [] { return read(g_silent_fifo, &c, 1); });
    never_returns("recv", [] { return recv(g_silent_pair[0], &c, 1, 0); });
    never_returns("recvmsg", [] {
        iovec v{&c, 1};
        msghdr m{};
        m.msg_iov = &v;
        m.msg_iovlen = 1;
        return recvmsg(g_silent_pair[1], &m, 0);
    });
    never_returns("accept unix", [] { return accept(g_listening[0], nullptr, nullptr); });
    never_returns("accept4 tcp", [] { return accept4(g_listening[1], nullptr, nullptr, 0); });
    never_returns("poll", [] {
        pollfd p{g_silent[0], POLLIN, 0};
        return poll(&p, 1, -1);
    });
    never_returns("epoll_pwait", [] {
        static const int e = epoll_create1(0);
        epoll_event got;
        sigset_t all;
        sigfillset(&all);
        return epoll_pwait(e, &got, 1, -1, &all);
    });
    never_returns("eventfd", [] {
        static const int e = eventfd(0, 0);
        uint64_t v;
        return read(e, &v, 8);
    });
    never_returns("futex", [] {
        static int word;
        return syscall(SYS_futex, &word, FUTEX_WAIT, 0, nullptr);
    });
    never_returns("sem_wait", [] {
        static sem_t s;
        return sem_wait(&s);
    });
    never_returns("barrier", [] {
        static pthread_barrier_t b;
        static const int made [[maybe_unused]] = pthread_barrier_init(&b, nullptr, 2);
        return pthread_barrier_wait(&b);
    });
    never_returns("join", [] {
        static std::thread t([] {
            for (;;)
                pause();
        });
        t.join();
        return 0;
    });
    never_returns("rwlock", [] {
        static pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;
        pthread_rwlock_wrlock(&l);
        std::thread([] { pthread_rwlock_rdlock(&l); }).join();
        return 0;
    });
    never_returns("flock", [] {
        const int a = open("locked", O_CREAT | O_RDWR, 0600), b = open("locked", O_RDWR);
        flock(a, LOCK_EX);
        return flock(b, LOCK_EX);
    });
    never_returns("setlkw", [] {
        const int a = open("locked2", O_CREAT | O_RDWR, 0600), b = open("locked2", O_RDWR);
        struct flock all {};
        all.l_type = F_WRLCK;
        fcntl(a, F_OFD_SETLK, &all);
        return fcntl(b, F_OFD_SETLKW, &all);
    });
}

// Every signal once, and in order: a real-time signal is neither lost nor doubled by a stop, on a
// thread that sleeps, computes and waits for locks meanwhile.
std::atomic<long> g_received;
void storm(long rate) {
    struct sigaction a {};
    a.sa_sigaction = [](int, siginfo_t* info, void*) {
        const int error = errno;
        const long n = g_received.load();
        if ((long)(uint64_t)info->si_value.sival_ptr != n || info->si_code != SI_QUEUE) {
            ++g_failures;
            fprintf(stderr, "signal %p instead of %ld\n", info->si_value.sival_ptr, n);
        }
        g_received.store((long)(uint64_t)info->si_value.sival_ptr + 1);
        errno = error;
    };
    a.sa_flags = SA_SIGINFO | SA_RESTART;
    sigaction(SIGRTMIN + 7, &a, nullptr);
    static std::atomic<pthread_t> target;
    thread("stormed", [] {
        sigset_t s;
        sigemptyset(&s);
        sigaddset(&s, SIGRTMIN + 7);
        pthread_sigmask(SIG_UNBLOCK, &s, nullptr);
        target.store(pthread_self());
        std::mt19937 random(1);
        for (volatile double x = 0;;) {
            for (int i = 0; i < 1000; ++i)
                x = x + (double)random();
            std::vector<char> some(random() % 5000, 'x');
            if (random() % 64 == 0)
                usleep(200);
        }
    });
    thread("storm", [rate] {
        while (target.load() == 0)
            usleep(1000);
        for (long sent = 0;;) {
            const double start = monotonic();
            for (long i = 0; i < rate / 100 && sent - g_received < 500; ++i) {
                sigval v;
                v.sival_ptr = (void*)sent;
                if (pthread_sigqueue(target, SIGRTMIN + 7, v) == 0)
                    ++sent;
            }
            const double left = 0.01 - (monotonic() - start);
            if (left > 0)
                usleep((unsigned)(left * 1e6));
        }
    });
}

// Blocks of all sizes, each filled with what its address and size say.
void churn_heap(unsigned seed) {
    thread("heap", [seed] {
        std::mt19937 random(seed);
        struct Block {
            unsigned char* at;
            size_t bytes;
        };
        std::vector<Block> blocks;
        const auto mark = [](const Block& b) {
            return (unsigned char)((uintptr_t)b.at / 16 + b.bytes);
        };
        for (;;) {
            if (blocks.size() < 300 || random() % 2) {
                const size_t bytes = 1 + random() % (random() % 50 ? 2000 : 300'000);
                Block b{(unsigned char*)malloc(bytes), bytes};
                memset(b.at, mark(b), bytes);
                blocks.push_back(b);
            }
            if (blocks.size() > 400 || random() % 2) {
                const size_t i = random() % blocks.size();
                const Block b = blocks[i];
                for (size_t k = 0; k < b.bytes; k += 97)
                    if (b.at[k] != mark(b)) {
                        ++g_failures;
                        fprintf(stderr, "heap: block of %zu spoilt at %zu\n", b.bytes, k);
                        break;
                    }
                free(b.at);
                blocks[i] = blocks.back();
                blocks.pop_back();
            }
            if (random() % 256 == 0)
                usleep(500);
        }
    });
}

// Mappings that come, move, change their protection and go.
void churn_mappings() {
    thread("maps", [] {
        std::mt19937 random(7);
        for (;;) {
            const size_t pages = 1 + random() % 64;
            auto* p = (unsigned char*)mmap(nullptr, pages * 4096, PROT_READ | PROT_WRITE,
                                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            memset(p, (int)pages, pages * 4096);
            mprotect(p, 4096, PROT_READ);
            CHECK(mprotect(p, 4096, PROT_READ | PROT_WRITE) == 0);
            p = (unsigned char*)mremap(p, pages * 4096, 2 * pages * 4096, MREMAP_MAYMOVE);
            if (random() % 4 == 0)
                usleep(1000);
            CHECK(p != MAP_FAILED && p[0] == pages && p[pages * 4096 - 1] == pages &&
                  p[pages * 4096] == 0);
            munmap(p, 2 * pages * 4096);
        }
    });
}

void churn_threads() {
    thread("threads", [] {
        for (long n = 0;; ++n) {
            long seen = -1;
            std::thread([&] {
                static thread_local long mine = 5;
                mine += n;
                usleep(500);
                seen = mine;
            }).join();
            CHECK(seen == n + 5);
        }
    });
}

void churn_libraries() {
    thread("dlopen", [] {
        for (;;) {
            void* m = dlopen("libm.so.6", RTLD_NOW);
            auto* f = (double (*)(double))dlsym(m, "floor");
            CHECK(f && f(3.5) == 3);
            dlclose(m);
            usleep(2000);
        }
    });
}

void large_writes() {
    static int ends[2];
    CHECK(pipe(ends) == 0);
    thread("write", [] {
        std::vector<unsigned char> data(300'000);
        for (unsigned char n = 0;;)
            for (auto& d : data)
                if (d = n++; &d == &data.back())
                    CHECK(write(ends[1], data.data(), data.size()) == (long)data.size());
    });
    thread("read", [] {
        unsigned char piece[8192], expected = 0;
        for (;;) {
            const long n = read(ends[0], piece, sizeof piece);
            CHECK(n > 0);
            for (long i = 0; i < n; ++i)
                if (piece[i] != expected++) {
                    ++g_failures;
                    fprintf(stderr, "large write: a byte is %d instead of %d\n", piece[i],
                            (unsigned char)(expected - 1));
                    expected = (unsigned char)(piece[i] + 1);
                }
            usleep(1000);
        }
    });
}

// Locks that are held across checkpoints, of every sort that knows its owner.
void owned_locks() {
    thread("locks", [] {
        pthread_mutexattr_t a;
        pthread_mutexattr_init(&a);
        static pthread_mutex_t recursive, checked, robust, inherits;
        pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
        pthread_mutex_init(&recursive, &a);
        pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
        pthread_mutex_init(&checked, &a);
        pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
        pthread_mutex_init(&robust, &a);
        pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_STALLED);
        pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT);
        pthread_mutex_init(&inherits, &a);
        for (;;) {
            for (auto* m : {&recursive, &checked, &robust, &inherits})
                CHECK(pthread_mutex_lock(m) == 0);
            usleep(20'000);
            CHECK(pthread_mutex_lock(&checked) == EDEADLK);
            CHECK(pthread_mutex_lock(&recursive) == 0 && pthread_mutex_unlock(&recursive) == 0);
            for (auto* m : {&inherits, &robust, &checked, &recursive})
                CHECK(pthread_mutex_unlock(m) == 0);
        }
    });
}

// Sums that live in registers alone; the wider ones where the processor has them.
typedef float Narrow __attribute__((vector_size(16)));
typedef double Wide __attribute__((vector_size(32)));
bool narrow_sums() {
    const Narrow base = {1, 2, 3, 4};
    Narrow sum = base;
    for (int i = 0; i < 200'000; ++i) {
        sum += base;
        asm volatile("" : "+x"(sum));
    }
    return sum[0] == 200'001 && sum[3] == 4 * 200'001;
}
__attribute__((target("avx"))) bool wide_sums() {
    const Wide base = {1, 2, 3, 4};
    Wide sum = base;
    for (int i = 0; i < 200'000; ++i) {
        sum += base;
        asm volatile("" : "+x"(sum));
    }
    return sum[0] == 200'001 && sum[3] == 4 * 200'001;
}
void floating_point() {
    thread("vectors", [] {
        for (;;) {
            CHECK(narrow_sums());
            if (__builtin_cpu_supports("avx"))
                CHECK(wide_sums());
            usleep(2000);
        }
    });
}

} // namespace

int main(int argc, char** argv) {
    const long rate = argc > 1 ? atol(argv[1]) : 20'000;
    // Each signal belongs to one thread, which opens it for itself.
    sigset_t most;
    sigfillset(&most);
    for (const int s : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGINT, SIGTERM})
        sigdelset(&most, s);
    pthread_sigmask(SIG_BLOCK, &most, nullptr);
    CHECK(pipe(g_silent) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, g_silent_pair) == 0);
    CHECK(mkfifo("silent", 0600) == 0);
    g_silent_fifo = open("silent", O_RDWR);
    g_listening[0] = listening_unix("nobody");
    g_listening[1] = listening_tcp();
    AllKinds kinds;
    finite_waits();
    waits_without_end();
    storm(rate);
    churn_heap(3);
    churn_heap(4);
    churn_mappings();
    churn_threads();
    churn_libraries();
    large_writes();
    owned_locks();
    floating_point();
    const int result = check_until_stopped([&](long n) { kinds.check(n); });
    fprintf(stderr, "%ld signals, %d failures\n", g_received.load(), g_failures);
    _exit(result); // past the threads, which never end
}
