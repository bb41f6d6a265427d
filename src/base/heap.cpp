#include "base/heap.h"
#include "base/lock.h"
#include "base/map.h"
#include <bit>

namespace glckpt {
namespace {

constexpr size_t kLargest = 256 << 10; // above: mapped one by one
constexpr size_t kSpan = 1 << 20;
constexpr int kClasses = 64;
constexpr uint32_t kMapped = 0xffff'ffff;

struct alignas(16) Header {
    uint32_t size_class; // or kMapped
    uint32_t unused;
    uint64_t usable; // kMapped: also tells the mapping's size
};
static_assert(sizeof(Header) == 16);

struct FreeBlock {
    FreeBlock* next;
};

struct SizeClass {
    Mutex lock;
    FreeBlock* free = nullptr;
    char* fresh = nullptr;
    char* fresh_end = nullptr;
};
SizeClass g_classes[kClasses];
std::atomic<uint64_t> g_in_use{0}, g_mapped{0};

// Four classes a doubling from 32 bytes: waste is at most a fifth.
int class_of(size_t bytes) {
    const size_t units = (bytes < 32 ? 32 : bytes + 15) / 16; // of 16 bytes, at least 2
    if (units <= 8)
        return (int)units;                         // 32 .. 128 in steps of 16
    const int log = std::bit_width(units - 1) - 1; // 2^log < units <= 2^(log+1)
    const size_t step = (size_t)1 << (log - 2);
    const size_t quarter = (units - ((size_t)1 << log) + step - 1) / step; // 1..4
    return 8 + (log - 3) * 4 + (int)quarter;
}
size_t class_bytes(int c) {
    if (c <= 8)
        return (size_t)c * 16;
    const int log = (c - 9) / 4 + 3;
    const size_t quarter = (size_t)((c - 9) % 4) + 1;
    return (((size_t)1 << log) + quarter * ((size_t)1 << (log - 2))) * 16;
}

[[noreturn]] void out_of_memory() {
    static const char text[] = "glckpt: out of memory in the recording library\n";
    raw_syscall(SYS_write, 2, text, sizeof text - 1);
    raw_syscall(SYS_kill, raw_syscall(SYS_getpid), 6 /*SIGABRT*/);
    for (;;)
        raw_syscall(SYS_exit_group, 134);
}

void* map_pages(size_t bytes) {
    const long p = map_guest_memory(bytes, MAP_PRIVATE);
    if (p < 0 && p > -4096)
        out_of_memory();
    g_mapped.fetch_add(bytes, std::memory_order_relaxed);
    return (void*)p;
}

// heap_divert: what is left of the arena; null end: not diverted.
char* g_arena = nullptr;
char* g_arena_end = nullptr;

void* arena_alloc(size_t total) {
    total = (total + 15) & ~(size_t)15;
    if (total > (size_t)(g_arena_end - g_arena))
        out_of_memory();
    auto* h = reinterpret_cast<Header*>(g_arena);
    g_arena += total;
    h->size_class = 0;
    h->usable = total - sizeof(Header);
    return h + 1;
}

} // namespace

void heap_lock_all() {
    for (SizeClass& k : g_classes)
        k.lock.lock();
}
void heap_unlock_all() {
    for (SizeClass& k : g_classes)
        k.lock.unlock();
}

void heap_divert(void* arena, size_t bytes) {
    g_arena = static_cast<char*>(arena);
    g_arena_end = g_arena ? g_arena + bytes : nullptr;
}

void* heap_alloc(size_t bytes) {
    const size_t total = bytes + sizeof(Header);
    if (total < bytes)
        out_of_memory();
    if (g_arena_end) [[unlikely]]
        return arena_alloc(total);
    if (total > kLargest) {
        const size_t pages = (total + 4095) & ~(size_t)4095;
        auto* h = static_cast<Header*>(map_pages(pages));
        h->size_class = kMapped;
        h->usable = pages - sizeof(Header);
        g_in_use.fetch_add(pages, std::memory_order_relaxed);
        return h + 1;
    }
    const int c = class_of(total);
    const size_t size = class_bytes(c);
    SizeClass& k = g_classes[c];
    Header* h;
    {
        Locked hold(k.lock);
        if (k.free) {
            h = reinterpret_cast<Header*>(k.free) - 1;
            k.free = k.free->next;
        } else {
            if ((size_t)(k.fresh_end - k.fresh) < size) {
                // Small classes take small spans: most processes under the preload use little.
                const size_t span = size <= 1024 ? kSpan / 16 : kSpan;
                k.fresh = static_cast<char*>(map_pages(span));
                k.fresh_end = k.fresh + span;
            }
            h = reinterpret_cast<Header*>(k.fresh);
            k.fresh += size;
        }
    }
    h->size_class = (uint32_t)c;
    h->usable = size - sizeof(Header);
    g_in_use.fetch_add(size, std::memory_order_relaxed);
    return h + 1;
}

void heap_free(void* p) {
    if (!p || g_arena_end)
        return;
    auto* h = static_cast<Header*>(p) - 1;
    const size_t total = h->usable + sizeof(Header);
    g_in_use.fetch_sub(total, std::memory_order_relaxed);
    if (h->size_class == kMapped) {
        g_mapped.fetch_sub(total, std::memory_order_relaxed);
        raw_syscall(SYS_munmap, h, total);
        return;
    }
    SizeClass& k = g_classes[h->size_class];
    auto* block = static_cast<FreeBlock*>(p);
    Locked hold(k.lock);
    block->next = k.free;
    k.free = block;
}

size_t heap_usable_size(const void* p) { return (static_cast<const Header*>(p) - 1)->usable; }

HeapStats heap_stats() {
    return {g_in_use.load(std::memory_order_relaxed), g_mapped.load(std::memory_order_relaxed)};
}

} // namespace glckpt
