// Memory of huge TLB pages, of every kind: anonymous, private and shared, also without reservation
// and not readable; memfds, mapped shared and privately, open and closed, sealed; a System V
// segment; files of hugetlbfs, named and deleted, where one is mounted (HUGE_DIR). Contents that
// change all the time, in this process and in a child with which it shares some. (The second page
// of larger ones is never written.) A file "ordinary" in its folder: it may find ordinary pages.
//
//   hugetlb [lean] [alone]: lean: nothing of hugetlbfs; alone: no child;
//   limited: nor may there be one.
#include "harness.h"
#include <csignal>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <vector>

namespace {

constexpr size_t kHuge = 2 << 20;
constexpr int kNotHere = 77;

// Pages of 2 MiB, whatever this machine's usual ones are.
constexpr int kMapHuge = MAP_HUGETLB | 21 << 26;

struct Area {
    const char* name;
    char* at;
    size_t bytes;
};
std::vector<Area> g_areas;

char* map(int flags, size_t bytes, int fd = -1) {
    void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                   flags | (fd < 0 ? MAP_ANONYMOUS | kMapHuge : 0), fd, 0);
    if (p == MAP_FAILED) {
        perror("mmap of huge pages");
        _exit(kNotHere);
    }
    return static_cast<char*>(p);
}

void add(const char* name, char* at, size_t bytes) { g_areas.push_back({name, at, bytes}); }

uint64_t value(const Area& a, size_t at, uint64_t round) {
    return (uint64_t)(a.at - (char*)nullptr) * 0x9e3779b97f4a7c15ull + at * 31 + round;
}

// A word in many places, in all pages but the second.
template <class F>
void each_word(const Area& a, F what) {
    for (size_t at = 64; at < a.bytes; at += 37 * 4096 + 8)
        if (at / kHuge != 1)
            what(reinterpret_cast<uint64_t*>(a.at + at), at);
}
void write_area(const Area& a, uint64_t round) {
    each_word(a, [&](uint64_t* p, size_t at) { *p = value(a, at, round); });
}
bool check_area(const Area& a, uint64_t round) {
    bool same = true;
    each_word(a, [&](const uint64_t* p, size_t at) { same &= *p == value(a, at, round); });
    if (!same)
        fprintf(stderr, "%s has other contents\n", a.name);
    return same;
}

// KernelPageSize of the mapping at `at`, and its flags.
size_t page_size(const void* at, std::string* flags = nullptr) {
    FILE* f = fopen("/proc/self/smaps", "r");
    char line[1024];
    bool there = false;
    size_t kib = 0;
    while (fgets(line, sizeof line, f)) {
        unsigned long start, end;
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2 && strchr(line, '-') < line + 17)
            there = (unsigned long)at >= start && (unsigned long)at < end;
        else if (there && flags && strncmp(line, "VmFlags:", 8) == 0)
            *flags = line + 8;
        else if (there)
            sscanf(line, "KernelPageSize: %zu kB", &kib);
    }
    fclose(f);
    return kib << 10;
}

int new_memfd(const char* name, size_t bytes) {
    const int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB | 21 << 26);
    CHECK(fd >= 0 && ftruncate(fd, (off_t)bytes) == 0);
    return fd;
}

bool g_lean = false, g_alone = false;
int g_open = -1, g_mode = 0;
char *g_together, *g_hidden, *g_mine, *g_under, *g_kept_back;
pid_t g_child = -1;

void make_files() {
    const char* folder = getenv("HUGE_DIR");
    if (!folder || g_lean)
        return;
    const std::string named = std::string(folder) + "/glckpt-named",
                      gone = std::string(folder) + "/glckpt-gone";
    const int fd = open(named.c_str(), O_RDWR | O_CREAT, 0600),
              deleted = open(gone.c_str(), O_RDWR | O_CREAT, 0600);
    CHECK(fd >= 0 && deleted >= 0);
    CHECK(ftruncate(fd, kHuge) == 0 && ftruncate(deleted, kHuge) == 0);
    add("a file", map(MAP_SHARED, kHuge, fd), kHuge);
    add("a file's private copy", map(MAP_PRIVATE, kHuge, fd), kHuge);
    add("a deleted file", map(MAP_SHARED, kHuge, deleted), kHuge);
    unlink(gone.c_str());
    close(fd);
}

void begin() {
    add("anonymous", map(MAP_PRIVATE, 3 * kHuge), 3 * kHuge);
    add("anonymous, not reserved", map(MAP_PRIVATE | MAP_NORESERVE, 3 * kHuge), 3 * kHuge);
    g_kept_back = map(MAP_PRIVATE, kHuge);
    madvise(g_kept_back, kHuge, MADV_DONTFORK);
    add("kept from children", g_kept_back, kHuge);
    add("shared anonymous", map(MAP_SHARED, 3 * kHuge), 3 * kHuge);
    g_open = new_memfd("open", 3 * kHuge);
    g_under = map(MAP_SHARED, 3 * kHuge, g_open);
    add("a memfd", g_under, 3 * kHuge);
    const int closed = new_memfd("closed", kHuge);
    add("a closed memfd", map(MAP_SHARED, kHuge, closed), kHuge);
    close(closed);
    CHECK(fcntl(g_open, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0);
    g_mode = fcntl(g_open, F_GET_SEALS);
    if (const int id = shmget(IPC_PRIVATE, kHuge, IPC_CREAT | 0600 | SHM_HUGETLB | 21 << 26);
        id >= 0) { // needs a privilege
        add("a segment", static_cast<char*>(shmat(id, nullptr, 0)), kHuge);
        shmctl(id, IPC_RMID, nullptr);
    }
    make_files();
    for (const Area& a : g_areas)
        write_area(a, 0);
    // A private view of the memfd: its first page is its own, its last one is the memfd's.
    g_mine = map(MAP_PRIVATE, 3 * kHuge, g_open);
    memset(g_mine, 'm', kHuge);
    // Not readable.
    g_hidden = map(MAP_PRIVATE, kHuge);
    memset(g_hidden, 'h', 4096 * 3);
    CHECK(mprotect(g_hidden, kHuge, PROT_NONE) == 0);
    // A child counts in memory that both have.
    g_together = map(MAP_SHARED, kHuge);
    if (g_alone || (g_child = fork()) > 0)
        return;
    for (const Area& a : g_areas) // a copy at the next write would be out of the pool
        munmap(a.at, a.bytes);
    munmap(g_mine, 3 * kHuge);
    munmap(g_hidden, kHuge);
    const pid_t parent = getppid();
    while (getppid() == parent) {
        __atomic_add_fetch(reinterpret_cast<uint64_t*>(g_together), 1, __ATOMIC_SEQ_CST);
        usleep(2000);
    }
    _exit(0);
}

uint64_t g_seen = 0;

void round_of(long n) {
    for (const Area& a : g_areas) {
        CHECK(check_area(a, (uint64_t)n));
        write_area(a, (uint64_t)n + 1);
        CHECK(page_size(a.at) == kHuge || access("ordinary", F_OK) == 0);
    }
    CHECK(g_mine[0] == 'm' && g_mine[kHuge - 1] == 'm');
    CHECK(memcmp(g_mine + 2 * kHuge, g_under + 2 * kHuge, 8192) == 0); // shows what the memfd has
    CHECK(g_under[0] != 'm');
    CHECK(fcntl(g_open, F_GET_SEALS) == g_mode);
    struct stat st {};
    CHECK(fstat(g_open, &st) == 0 && st.st_size == 3 * (off_t)kHuge);
    std::string flags;
    page_size(g_kept_back, &flags);
    CHECK(flags.find(" dc ") != flags.npos);
    flags.clear();
    page_size(g_areas[0].at, &flags);
    CHECK(flags.find(" dc ") == flags.npos);
    CHECK(mprotect(g_hidden, kHuge, PROT_READ) == 0);
    CHECK(g_hidden[0] == 'h' && g_hidden[4096 * 3 - 1] == 'h' && g_hidden[4096 * 3] == 0);
    CHECK(mprotect(g_hidden, kHuge, PROT_NONE) == 0);
    const uint64_t now = __atomic_load_n(reinterpret_cast<uint64_t*>(g_together), __ATOMIC_SEQ_CST);
    CHECK(now >= g_seen);
    g_seen = now;
}

} // namespace

int main(int argc, char** argv) {
    bool limited = false;
    for (int i = 1; i < argc; ++i) {
        g_lean |= strcmp(argv[i], "lean") == 0;
        g_alone |= strcmp(argv[i], "alone") == 0;
        limited |= strcmp(argv[i], "limited") == 0;
    }
    begin();
    const rlimit none{0, 0};
    if (limited)
        setrlimit(RLIMIT_NPROC, &none);
    const int status = check_until_stopped(round_of);
    if (!g_alone) {
        const uint64_t before = g_seen;
        usleep(100'000);
        CHECK(*reinterpret_cast<uint64_t*>(g_together) > before); // it is still there
        kill(g_child, SIGKILL);
        waitpid(g_child, nullptr, 0);
    }
    return status || g_failures;
}
