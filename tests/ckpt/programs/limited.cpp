// limited nproc|as: a program that may not have another process, or hardly any more address space.
// Its memory, some of which cannot be read, must come out of a checkpoint as it was.
#include "harness.h"
#include <csetjmp>
#include <csignal>
#include <cstdint>
#include <sys/mman.h>
#include <sys/resource.h>

namespace {

constexpr size_t kBytes = 8 << 20;
sigjmp_buf g_back;

bool readable(const char* p) {
    if (sigsetjmp(g_back, 1))
        return false;
    (void)*static_cast<const volatile char*>(p);
    return true;
}

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
        if (n % 10)
            return;
        CHECK(mprotect(closed, kBytes, PROT_READ) == 0);
        for (uint32_t i = 0; i < kBytes / 4; i += 97)
            CHECK(open[i] == i * 2654435761u && closed[i] == i * 2654435761u);
        CHECK(mprotect(closed, kBytes, PROT_NONE) == 0);
    });
}
