// A process with much memory that neither compresses nor repeats, and threads that sleep and wake.
// Usage: bench_memory_load MIB THREADS; prints "ready" when all of it is there, then runs for ever.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#include <thread>
#include <vector>

namespace {

// xorshift64*: as random as a compressor can tell.
void fill(uint64_t* words, size_t count) {
    uint64_t state = 88172645463325252u;
    for (size_t i = 0; i < count; ++i) {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        words[i] = state * 2685821657736338717u;
    }
}

void wake_now_and_then(volatile uint64_t* words) {
    for (;; words[0] = words[0] + 1)
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3)
        return 2;
    const size_t bytes = strtoul(argv[1], nullptr, 10) << 20;
    const int threads = atoi(argv[2]);
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return 1;
    auto* words = static_cast<uint64_t*>(memory);
    fill(words, bytes / sizeof *words);
    std::vector<std::thread> others;
    for (int i = 1; i < threads; ++i)
        others.emplace_back(wake_now_and_then, words + i * 4096);
    puts("ready");
    fflush(stdout);
    wake_now_and_then(words);
}
