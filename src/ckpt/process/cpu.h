// What the processor offers, as far as a program may have found out and come to rely on.
#pragma once
#include <array>
#include <cpuid.h>
#include <cstdint>
#include <string>

namespace glckpt::ckpt {

// Of leaf 7's EDX: those bits that tell of instructions, not of mitigations: 4VNNIW, 4FMAPS,
// VP2INTERSECT, SERIALIZE, TSXLDTRK, AMX-BF16, FP16, AMX-TILE, AMX-INT8.
constexpr unsigned kInstructionsOfLeaf7 =
    1u << 2 | 1u << 3 | 1u << 8 | 1u << 14 | 1u << 16 | 1u << 22 | 1u << 23 | 1u << 24 | 1u << 25;

inline std::array<uint64_t, 6> cpu_features() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    std::array<uint64_t, 6> out{};
    __get_cpuid(1, &a, &b, &c, &d);
    // Leave out what is no instruction: whether a hypervisor is there, whether OSXSAVE is on.
    out[0] = (uint64_t)(c & ~(1u << 31)) << 32 | d;
    __get_cpuid_count(7, 0, &a, &b, &c, &d);
    out[1] = (uint64_t)c << 32 | b;
    __get_cpuid(0x80000001, &a, &b, &c, &d);
    out[2] = (uint64_t)c << 32 | d;
    __get_cpuid_count(0xd, 0, &a, &b, &c, &d); // xcr0 state components: what a frame may hold
    out[3] = (uint64_t)d << 32 | a;
    // AVX-512 FP16, AMX and their like; what the sub-leaf adds; how state is saved.
    __get_cpuid_count(7, 0, &a, &b, &c, &d);
    const unsigned extended = d;
    __get_cpuid_count(7, 1, &a, &b, &c, &d);
    out[4] = (uint64_t)a << 32 | (extended & kInstructionsOfLeaf7);
    __get_cpuid_count(0xd, 1, &a, &b, &c, &d);
    out[5] = a & 0x1f; // XSAVEOPT, XSAVEC, XGETBV with ECX=1, XSAVES, XFD
    return out;
}

} // namespace glckpt::ckpt
