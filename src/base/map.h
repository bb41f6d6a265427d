// Fresh memory for the guest, away from where the program's mappings are.
//
// A program with one thread may unmap a range and map another one there with MAP_FIXED, and nobody
// could have taken the place in between: nobody but a thread of ours, whose new mapping it would
// then destroy. The kernel gives holes like that one first. So ours are asked for (by a hint, which
// it follows if the place is free) in a part of the address space where it places nothing by
// itself.
#pragma once
#include "base/syscall.h"
#include <atomic>
#include <cstdint>
#include <sys/mman.h>

namespace glckpt {

// As mmap: the address, or -errno.
inline long map_guest_memory(uint64_t bytes, int flags) {
    constexpr uint64_t kFirst = 0x2a00'0000'0000, kEnd = 0x3f00'0000'0000;
    static constinit std::atomic<uint64_t> next{kFirst};
    const uint64_t step = (bytes + 0xffff) & ~0xffffull;
    uint64_t hint = next.fetch_add(step, std::memory_order_relaxed);
    if (hint + step > kEnd) { // once round; what is still in use there is not free
        next.store(kFirst + step, std::memory_order_relaxed);
        hint = kFirst;
    }
    return raw_syscall(SYS_mmap, hint, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
}

} // namespace glckpt
