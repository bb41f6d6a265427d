#include "ckpt/image/compressor.h"
#include "base/lock.h"
#include "base/map.h"
#include "ckpt/image/format.h"
#include "ckpt/sys.h"
#define XXH_INLINE_ALL
#define ZSTD_STATIC_LINKING_ONLY // contexts in memory of our own
#include <algorithm>
#include <bit>
#include <sched.h>
#include <sys/resource.h>
#include <xxhash.h>
#include <zstd.h>

namespace glckpt::ckpt {
namespace {

constexpr int kLevel = 1;
constexpr unsigned kMostHelpers = 8;
constexpr uint64_t kStack = 64 << 10;
constexpr int kNicer = 10; // the program goes on meanwhile, and comes first

uint64_t whole_pages(uint64_t n) { return (n + kPage - 1) & ~(kPage - 1); }

// A thread on `stack_end` (16-byte aligned) that runs `body(arg)` and ends. It has the maker's
// thread area: what it calls must not write there.
long start_thread_on(char* stack_end, void (*body)(void*), void* arg) {
    auto** at = reinterpret_cast<void**>(stack_end);
    *--at = arg;
    *--at = reinterpret_cast<void*>(body);
    const long flags =
        CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    long result;
    register long tid_area asm("r10") = 0;
    register long thread_area asm("r8") = 0;
    asm volatile("syscall\n\t"
                 "test %%rax, %%rax\n\t"
                 "jnz 1f\n\t"
                 "xor %%ebp, %%ebp\n\t"
                 "pop %%rax\n\t"
                 "pop %%rdi\n\t"
                 "call *%%rax\n\t"
                 "mov %[exit], %%eax\n\t"
                 "xor %%edi, %%edi\n\t"
                 "syscall\n"
                 "1:"
                 : "=a"(result)
                 : "a"((long)SYS_clone), "D"(flags), "S"(at), "d"(0L), "r"(tid_area),
                   "r"(thread_area), [exit] "i"(SYS_exit)
                 : "rcx", "r11", "memory");
    return result;
}

void be_nice() {
    const long now = raw_syscall(SYS_getpriority, PRIO_PROCESS, 0); // 20 - nice
    if (now > 0)
        raw_syscall(SYS_setpriority, PRIO_PROCESS, 0, std::min(20 - (int)now + kNicer, 19));
}

} // namespace

// A slot serves frames n, n + count, n + 2 count, ... Which of them, and how far it is, is in one
// word: a helper that has drawn a later frame than the one in its slot must not take it for its
// own.
struct FrameCompressor::Slot {
    std::atomic<uint32_t> word{0}; // filled(n), then done(n)
    char* plain = nullptr;
    char* packed = nullptr;
    uint64_t bytes = 0;
    PackedFrame out;

    static uint32_t filled(uint32_t n) { return 2 * n + 1; }
    static uint32_t done(uint32_t n) { return 2 * n + 2; }
    void await(uint32_t value) {
        for (uint32_t now; (now = word.load(std::memory_order_acquire)) != value;)
            futex_wait(word, now);
    }
    void set(uint32_t value) {
        word.store(value, std::memory_order_release);
        futex_wake(word, 0x7fff'ffff);
    }
};

FrameCompressor::FrameCompressor(unsigned helpers) {
    helpers = std::min(helpers, kMostHelpers);
    const uint64_t packed_bytes = whole_pages(ZSTD_compressBound(kFrameBytes));
    room_bytes_ = whole_pages(ZSTD_estimateCCtxSize(kLevel));
    for (;; helpers /= 2) {
        const uint32_t slots = helpers ? 2 * helpers + 2 : 1, rooms = std::max(helpers, 1u);
        const uint64_t tables = whole_pages(slots * sizeof(Slot));
        memory_bytes_ = tables + slots * (kFrameBytes + packed_bytes) +
                        rooms * (room_bytes_ + (helpers ? kStack : 0));
        const long p = map_guest_memory(memory_bytes_, MAP_PRIVATE);
        if (p < 0 && p > -4096) {
            if (helpers == 0)
                return;
            continue;
        }
        memory_ = reinterpret_cast<char*>(p);
        slots_ = reinterpret_cast<Slot*>(memory_);
        char* at = memory_ + tables;
        for (uint32_t i = 0; i < slots; ++i) {
            Slot& s = *new (slots_ + i) Slot;
            s.plain = at;
            s.packed = at + kFrameBytes;
            at += kFrameBytes + packed_bytes;
        }
        rooms_ = at;
        at += rooms * room_bytes_;
        count_ = slots;
        for (uint32_t i = 0; i < helpers; ++i)
            if (start_thread_on(at + (i + 1) * kStack, help, this) > 0)
                ++helpers_;
        return;
    }
}

FrameCompressor::~FrameCompressor() {
    if (memory_ && helpers_ == 0)
        raw_syscall(SYS_munmap, memory_, memory_bytes_);
}

FrameCompressor::Slot& FrameCompressor::slot(uint32_t frame) const {
    return slots_[frame % count_];
}
char* FrameCompressor::plain() const { return slot(filled_).plain; }

void FrameCompressor::compress(Slot& s, void* room) const {
    ZSTD_CCtx* zstd = ZSTD_initStaticCCtx(room, room_bytes_);
    const size_t n = zstd ? ZSTD_compressCCtx(zstd, s.packed, ZSTD_compressBound(kFrameBytes),
                                              s.plain, s.bytes, kLevel)
                          : 0;
    const bool failed = !zstd || ZSTD_isError(n);
    s.out = {s.packed, failed ? 0 : n, failed ? 0 : XXH3_64bits(s.packed, n)};
}

void FrameCompressor::help(void* self) {
    auto& c = *static_cast<FrameCompressor*>(self);
    be_nice();
    char* room = c.rooms_ + c.next_room_.fetch_add(1) * c.room_bytes_;
    for (;;) {
        const uint32_t frame = c.next_.fetch_add(1);
        Slot& s = c.slot(frame);
        s.await(Slot::filled(frame));
        c.compress(s, room);
        s.set(Slot::done(frame));
    }
}

void FrameCompressor::submit(uint64_t bytes) {
    Slot& s = slot(filled_);
    s.bytes = bytes;
    if (helpers_ == 0)
        compress(s, rooms_);
    else
        s.set(Slot::filled(filled_));
    ++filled_;
}

bool FrameCompressor::take(PackedFrame& out, bool last) {
    const bool full = filled_ - taken_ == count_;
    if (filled_ == taken_ || !(full || last || helpers_ == 0))
        return false;
    Slot& s = slot(taken_);
    if (helpers_)
        s.await(Slot::done(taken_));
    out = s.out;
    ++taken_;
    return true;
}

unsigned useful_helpers() {
    uint64_t mask[128] = {}; // 8192 processors
    const long bytes = raw_syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    int n = 0;
    for (long i = 0; i < bytes / 8; ++i)
        n += std::popcount(mask[i]);
    return std::clamp<unsigned>((unsigned)n, 1, kMostHelpers);
}

} // namespace glckpt::ckpt
