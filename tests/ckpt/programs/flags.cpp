// What a mapping is told about beside its protection, as /proc/self/smaps shows it, and that it
// still means what it says: locked, not for children, not for dumps, of huge pages or never, read
// in order, growing downwards. Shared memory by name (POSIX).
#include "harness.h"
#include <csignal>
#include <cstddef>
#include <map>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

namespace {

constexpr size_t kPage = 4096, kPages = 16;

char* map(size_t bytes, int flags = 0) {
    void* p =
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    CHECK(p != MAP_FAILED);
    return static_cast<char*>(p);
}

// By the first address, without those that say what has been done with it so far ("sd": soft
// dirty).
std::string flags_of(const void* at) {
    FILE* f = fopen("/proc/self/smaps", "r");
    char line[1024];
    bool there = false;
    std::string out;
    while (fgets(line, sizeof line, f)) {
        unsigned long start, end;
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2 && strchr(line, '-') < line + 17)
            there = (unsigned long)at >= start && (unsigned long)at < end;
        else if (there && strncmp(line, "VmFlags:", 8) == 0)
            out = line + 8;
    }
    fclose(f);
    for (const char* passing : {"sd ", "ac "})
        if (const size_t n = out.find(passing); n != out.npos)
            out.erase(n, 3);
    return out;
}

std::map<std::string, char*> g_areas;

char* area(const char* name, int advice, int flags = 0) {
    char* p = map(kPages * kPage, flags);
    snprintf(p + kPage, 64, "%s", name);
    if (advice >= 0)
        CHECK(madvise(p, kPages * kPage, advice) == 0 || errno == EINVAL); // not in every kernel
    return g_areas[name] = p;
}

// A child sees zeros in what is wiped, and its death by SIGSEGV in what it does not get.
void check_fork(char* wiped, const char* kept_back) {
    for (const bool touch : {false, true}) {
        const pid_t pid = fork();
        if (pid == 0) {
            const rlimit none{0, 0};
            setrlimit(RLIMIT_CORE, &none);
            _exit(touch ? kept_back[kPage] : wiped[kPage] != 0);
        }
        int status = -1;
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK(touch ? WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV
                    : WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

// Room below, so that it can grow by a page each time.
char* growing() {
    char* room = map(512 * kPage);
    munmap(room, 512 * kPage);
    char* p =
        static_cast<char*>(mmap(room + 500 * kPage, 4 * kPage, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0));
    CHECK(p != MAP_FAILED);
    return p;
}

char* shared_by_name() {
    char name[64];
    snprintf(name, sizeof name, "/glckpt-test-%d", getpid());
    const int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    CHECK(fd >= 0 && ftruncate(fd, 2 * kPage) == 0);
    void* p = mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    shm_unlink(name); // so that nothing is left behind by a test that fails
    close(fd);
    return static_cast<char*>(p);
}

} // namespace

int main() {
    area("plain", -1);
    area("not for dumps", MADV_DONTDUMP);
    area("in order", MADV_SEQUENTIAL);
    area("at random", MADV_RANDOM);
    area("huge", MADV_HUGEPAGE);
    area("small", MADV_NOHUGEPAGE);
    area("no reserve", -1, MAP_NORESERVE);
    area("mergeable", MADV_MERGEABLE);
    char* kept_back = area("not for children", MADV_DONTFORK);
    char* wiped = area("wiped in children", MADV_WIPEONFORK);
    char* locked = area("locked", -1);
    CHECK(mlock(locked, kPages * kPage) == 0);
    char* on_fault = area("locked on fault", -1);
    CHECK(mlock2(on_fault, kPages * kPage, MLOCK_ONFAULT) == 0);
    char* shm = shared_by_name();
    strcpy(shm, "by name");
    char* grows = growing();
    size_t grown = 0;
    std::map<std::string, std::string> before;
    for (const auto& [name, p] : g_areas)
        before[name] = flags_of(p);
    return check_until_stopped([&](long n) {
        for (const auto& [name, p] : g_areas) {
            CHECK(name == p + kPage);
            if (const std::string now = flags_of(p); now != before[name]) {
                CHECK(!"flags differ");
                fprintf(stderr, "%s: %s, was %s", name.c_str(), now.c_str(), before[name].c_str());
            }
        }
        CHECK(strcmp(shm, "by name") == 0);
        if (n % 8 == 0)
            check_fork(wiped, kept_back);
        if (n % 4 == 0 && grown < 200) {
            ++grown;
            grows[-(ptrdiff_t)(grown * kPage)] = 'g'; // a fault, and the mapping has a page more
        }
        for (size_t i = 1; i <= grown; ++i)
            CHECK(grows[-(ptrdiff_t)(i * kPage)] == 'g');
    });
}
