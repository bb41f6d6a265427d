// limited nproc|as [MIB]: a program that may not have another process, or hardly any more address
// space. Its memory, some of which cannot be read, must come out of a checkpoint as it was; so must
// MIB megabytes of which pages are written, cleared, given back and moved all the time.
#include "harness.h"
#include <csetjmp>
#include <csignal>
#include <cstdint>
#include <sys/mman.h>
#include <sys/resource.h>
#include <vector>

namespace {

constexpr size_t kBytes = 8 << 20;
sigjmp_buf g_back;

bool readable(const char* p) {
    if (sigsetjmp(g_back, 1))
        return false;
    (void)*static_cast<const volatile char*>(p);
    return true;
}

constexpr size_t kPage = 4096;

// Each page begins with its number and what it was last told, or is empty.
class Busy {
  public:
    explicit Busy(size_t mib) : told_(mib * 256), at_(told_.empty() ? nullptr : fresh()) {
        for (size_t i = 0; i < told_.size(); ++i)
            tell(i, 1 + (uint32_t)i % 7);
    }
    void work(long n) {
        for (int k = 0; k < 300 && at_; ++k) {
            random_ = random_ * 1664525 + 1013904223;
            const size_t i = (random_ >> 4) % told_.size();
            if (k == 0 && n % 3 == 0) {
                CHECK(madvise(page(i), kPage, MADV_DONTNEED) == 0);
                told_[i] = 0;
            } else {
                tell(i, k % 50 ? (uint32_t)n + 9 : 0);
            }
        }
        if (at_ && n % 200 == 199) {
            void* to = fresh();
            at_ = static_cast<char*>(
                mremap(at_, bytes(), bytes(), MREMAP_MAYMOVE | MREMAP_FIXED, to));
        }
    }
    void check() const {
        for (size_t i = 0; i < told_.size(); ++i) {
            const uint32_t* p = page(i);
            CHECK(p[0] == told_[i] && p[500] == told_[i] * (uint32_t)i && p[1023] == 0);
        }
    }

  private:
    char* fresh() const {
        return static_cast<char*>(
            mmap(nullptr, bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    }
    size_t bytes() const { return told_.size() * kPage; }
    uint32_t* page(size_t i) const { return reinterpret_cast<uint32_t*>(at_ + i * kPage); }
    void tell(size_t i, uint32_t what) {
        told_[i] = page(i)[0] = what;
        page(i)[500] = what * (uint32_t)i;
    }
    std::vector<uint32_t> told_;
    char* at_;
    uint32_t random_ = 1;
};

uint64_t address_space() {
    FILE* f = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;
    CHECK(f && fscanf(f, "%lu", &pages) == 1);
    fclose(f);
    return pages * 4096;
}

} // namespace

int main(int argc, char** argv) {
    signal(SIGSEGV, [](int) { siglongjmp(g_back, 1); });
    auto* open = static_cast<uint32_t*>(
        mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    auto* closed = static_cast<uint32_t*>(
        mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (uint32_t i = 0; i < kBytes / 4; ++i)
        open[i] = closed[i] = i * 2654435761u;
    CHECK(mprotect(closed, kBytes, PROT_NONE) == 0);
    Busy busy(argc > 2 ? strtoul(argv[2], nullptr, 10) : 0);
    const bool processes = argc > 1 && strcmp(argv[1], "nproc") == 0;
    const rlim_t most = processes ? 0 : address_space() + (200 << 20);
    const rlimit limit{most, most};
    CHECK(setrlimit(processes ? RLIMIT_NPROC : RLIMIT_AS, &limit) == 0);
    return check_until_stopped([&](long n) {
        CHECK(!readable(reinterpret_cast<char*>(closed)));
        rlimit now{};
        CHECK(getrlimit(processes ? RLIMIT_NPROC : RLIMIT_AS, &now) == 0 && now.rlim_cur == most);
        if (processes && geteuid() != 0)
            CHECK(fork() < 0);
        busy.work(n);
        if (n % 10)
            return;
        busy.check();
        CHECK(mprotect(closed, kBytes, PROT_READ) == 0);
        for (uint32_t i = 0; i < kBytes / 4; i += 97)
            CHECK(open[i] == i * 2654435761u && closed[i] == i * 2654435761u);
        CHECK(mprotect(closed, kBytes, PROT_NONE) == 0);
    });
}
