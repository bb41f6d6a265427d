// A process with much memory, and threads that sleep and wake.
// Usage: bench_memory_load MIB THREADS [random|text [FILE]]; prints "ready" when all of it is
// there, then runs for ever. Its memory neither compresses nor repeats ("random"), or is text and,
// half of it, zeros ("text", also written to FILE). SIGUSR1: writes to a hundredth of its pages,
// picked at random, and prints "written".
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <thread>
#include <vector>

namespace {

constexpr size_t kPage = 4096;
std::atomic<bool> g_write{false};

// xorshift64*: as random as a compressor can tell.
uint64_t next_random() {
    static uint64_t state = 88172645463325252u;
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 2685821657736338717u;
}

void fill_random(uint64_t* words, size_t count) {
    for (size_t i = 0; i < count; ++i)
        words[i] = next_random();
}

// Words of a small language with numbers in between: what logs and documents are like.
void fill_text(char* to, size_t bytes) {
    static const char* const kWords[] = {
        "checkpoint", "the",   "of",    "process", "memory", "is",    "written", "and",
        "page",       "image", "to",    "kernel",  "thread", "each",  "signal",  "restart",
        "a",          "file",  "with",  "that",    "frame",  "state", "window",  "driver",
        "record",     "in",    "after", "before",  "error",  "warn",  "info",    "time"};
    for (size_t at = 0; at < bytes;) {
        char word[32];
        const uint64_t r = next_random();
        const int n = r % 5 == 0 ? snprintf(word, sizeof word, "%u ", (unsigned)(r >> 40) % 100000)
                                 : snprintf(word, sizeof word, "%s%s", kWords[(r >> 8) % 32],
                                            r % 11 == 0 ? ".\n" : " ");
        const size_t take = (size_t)n < bytes - at ? (size_t)n : bytes - at;
        memcpy(to + at, word, take);
        at += take;
    }
}

bool save(const char* path, const char* data, size_t bytes) {
    FILE* f = fopen(path, "wb");
    const bool ok = f && fwrite(data, 1, bytes, f) == bytes;
    return f && fclose(f) == 0 && ok;
}

void wake_now_and_then(char* byte) {
    for (;; std::atomic_ref(*byte).fetch_add(1))
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
}

void serve(char* memory, size_t bytes) {
    for (;;) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        if (!g_write.exchange(false))
            continue;
        const size_t pages = bytes / kPage;
        for (size_t i = 0; i < pages / 100; ++i)
            memory[next_random() % pages * kPage] ^= 1;
        puts("written");
        fflush(stdout);
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 3 || argc > 5)
        return 2;
    const size_t bytes = strtoul(argv[1], nullptr, 10) << 20;
    const int threads = atoi(argv[2]);
    const bool text = argc > 3 && strcmp(argv[3], "text") == 0;
    signal(SIGUSR1, [](int) { g_write = true; });
    void* mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
        return 1;
    auto* memory = static_cast<char*>(mapped);
    if (text)
        fill_text(memory, bytes / 2);
    else
        fill_random(static_cast<uint64_t*>(mapped), bytes / 8);
    if (argc == 5 && !save(argv[4], memory, bytes))
        return 1;
    std::vector<std::thread> others;
    for (int i = 1; i < threads; ++i)
        others.emplace_back(wake_now_and_then, memory + (size_t)i * 32768);
    puts("ready");
    fflush(stdout);
    serve(memory, bytes);
}
