// What the processor offers, as far as a program may have found out and come to rely on.
#pragma once
#include <array>
#include <cpuid.h>
#include <cstdint>
#include <string>

namespace glckpt::ckpt {

inline std::array<uint64_t, 4> cpu_features() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    std::array<uint64_t, 4> out{};
    __get_cpuid(1, &a, &b, &c, &d);
    // Leave out what is no instruction: whether a hypervisor is there, whether OSXSAVE is on.
    out[0] = (uint64_t)(c & ~(1u << 31)) << 32 | d;
    __get_cpuid_count(7, 0, &a, &b, &c, &d);
    out[1] = (uint64_t)c << 32 | b;
    __get_cpuid(0x80000001, &a, &b, &c, &d);
    out[2] = (uint64_t)c << 32 | d;
    __get_cpuid_count(0xd, 0, &a, &b, &c, &d); // xcr0 state components: what a frame may hold
    out[3] = (uint64_t)d << 32 | a;
    return out;
}

} // namespace glckpt::ckpt
