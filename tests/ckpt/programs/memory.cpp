// Every kind of mapping, each with contents and protections that must be the same afterwards.
#include "harness.h"
#include <cstdint>
#include <string>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <vector>

namespace {

constexpr size_t kMany = 96 << 20; // large enough to be mapped from the image at a restart

char* map(size_t bytes, int prot, int flags, int fd = -1) {
    void* p = mmap(nullptr, bytes, prot, flags, fd, 0);
    CHECK(p != MAP_FAILED);
    return static_cast<char*>(p);
}

std::string protections(const void* p) {
    FILE* f = fopen("/proc/self/maps", "r");
    char line[512], mode[8] = "";
    while (fgets(line, sizeof line, f)) {
        unsigned long start, end;
        char m[8];
        if (sscanf(line, "%lx-%lx %4s", &start, &end, m) == 3 && (unsigned long)p >= start &&
            (unsigned long)p < end)
            strcpy(mode, m);
    }
    fclose(f);
    return mode;
}

int file_with(const char* name, const char* text) {
    const int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(ftruncate(fd, 16384) == 0 && pwrite(fd, text, strlen(text), 0) > 0);
    return fd;
}

} // namespace

int main() {
    auto* many = reinterpret_cast<uint32_t*>(
        map(kMany, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS));
    for (uint32_t i = 0; i < kMany / 4; ++i)
        many[i] = i * 2654435761u;
    char* hidden = map(16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
    strcpy(hidden, "behind PROT_NONE");
    mprotect(hidden, 4096, PROT_NONE);
    char* shared = map(65536, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS);
    const int memory_file = memfd_create("twice", 0);
    CHECK(ftruncate(memory_file, 65536) == 0);
    char* view = map(65536, PROT_READ | PROT_WRITE, MAP_SHARED, memory_file);
    char* again = map(65536, PROT_READ, MAP_SHARED, memory_file);
    const int id = shmget(IPC_PRIVATE, 65536, 0600 | IPC_CREAT);
    auto* segment = static_cast<char*>(shmat(id, nullptr, 0));
    shmctl(id, IPC_RMID, nullptr);
    const int file = file_with("mapped", "on the disk");
    char* of_file = map(16384, PROT_READ | PROT_WRITE, MAP_PRIVATE, file);
    strcpy(of_file + 4096, "mine alone");
    char* to_file = map(16384, PROT_READ | PROT_WRITE, MAP_SHARED, file);
    const int doomed = file_with("doomed", "unlinked");
    char* of_doomed = map(16384, PROT_READ | PROT_WRITE, MAP_PRIVATE, doomed);
    close(doomed);
    unlink("doomed");
    char* grows =
        map(65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN) + 65535;
    *grows = 5;
    char* fork_less = map(4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
    strcpy(fork_less, "not for children");
    madvise(fork_less, 4096, MADV_DONTFORK);
    char* wiped = map(4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
    strcpy(wiped, "secret");
    madvise(wiped, 4096, MADV_WIPEONFORK);
    uint32_t at = 1;
    size_t dropped = 0;
    return check_until_stopped([&](long n) {
        for (int k = 0; k < 2000; ++k) {
            at = at * 1664525u + 1013904223u;
            const uint32_t i = at % (kMany / 4 - dropped) + (uint32_t)dropped;
            CHECK(many[i] == i * 2654435761u);
        }
        // Given back, it must read as zeros, whatever it is made of by now.
        if (dropped < kMany / 8) {
            CHECK(madvise(many + dropped, 1 << 20, MADV_DONTNEED) == 0);
            for (size_t i = 0; i < (1 << 20) / 4; i += 1024)
                CHECK(many[dropped + i] == 0);
            dropped += (1 << 20) / 4;
        }
        CHECK(protections(hidden) == "---p");
        mprotect(hidden, 4096, PROT_READ);
        CHECK(strcmp(hidden, "behind PROT_NONE") == 0);
        mprotect(hidden, 4096, PROT_NONE);
        shared[0] = segment[0] = view[100] = (char)n;
        usleep(1000);
        CHECK(shared[0] == (char)n && segment[0] == (char)n && again[100] == (char)n);
        char c;
        CHECK(pread(memory_file, &c, 1, 100) == 1 && c == (char)n);
        CHECK(strcmp(of_file, "on the disk") == 0 && strcmp(of_file + 4096, "mine alone") == 0);
        to_file[8192] = (char)n;
        usleep(1000);
        CHECK(pread(file, &c, 1, 8192) == 1 && c == (char)n);
        CHECK(strcmp(of_doomed, "unlinked") == 0 && *grows == 5);
        CHECK(strcmp(fork_less, "not for children") == 0 && strcmp(wiped, "secret") == 0);
        CHECK(sbrk(1 << 16) != (void*)-1 && sbrk(-(1 << 16)) != (void*)-1);
        std::vector<char*> blocks;
        for (int i = 0; i < 50; ++i)
            blocks.push_back(new char[(size_t)i * 977 + 1]);
        for (char* b : blocks)
            delete[] b;
    });
}
