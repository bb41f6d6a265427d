#pragma once
#include "base/syscall.h"
#include <cstdint>
#include <ctime>

namespace glckpt::x11 {

inline uint64_t monotonic_ns() {
    timespec t{};
    raw_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

} // namespace glckpt::x11
