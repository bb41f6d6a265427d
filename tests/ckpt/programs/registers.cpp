// What the processor keeps of a thread beside its stack: vector and mask registers (as wide as this
// processor has them), how it rounds, and the area that the kernel tells its number in (rseq).
// Threads fill every register and spin within one piece of assembly, so that a stop finds them
// full.
#include "harness.h"
#include <cfenv>
#include <cpuid.h>
#include <cstddef>
#include <cstdint>
#include <sched.h>
#include <sys/syscall.h>
#include <thread>

extern "C" __attribute__((weak)) const ptrdiff_t __rseq_offset;
extern "C" __attribute__((weak)) const unsigned __rseq_size;

namespace {

constexpr long kSpins = 3'000'000;

struct alignas(64) Vectors {
    uint64_t words[32][8];
};

void fill(Vectors& v, uint64_t seed) {
    for (auto& reg : v.words)
        for (uint64_t& w : reg)
            w = seed = seed * 6364136223846793005u + 1442695040888963407u;
}

#define EACH16(M)                                                                                  \
    M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7) M(8) M(9) M(10) M(11) M(12) M(13) M(14) M(15)
#define UPPER16(M)                                                                                 \
    M(16) M(17) M(18) M(19) M(20) M(21) M(22) M(23) M(24) M(25) M(26) M(27) M(28) M(29) M(30) M(31)
#define SPIN "1: pause\n dec %%rcx\n jnz 1b\n"

[[gnu::target("avx512f,avx512bw")]] void hold_avx512(const Vectors& in, Vectors& out,
                                                     const uint64_t* masks, uint64_t* masks_out) {
#define LOAD(n) "vmovdqu64 " #n "*64(%[in]), %%zmm" #n "\n"
#define STORE(n) "vmovdqu64 %%zmm" #n ", " #n "*64(%[out])\n"
    long spins = kSpins;
    asm volatile(EACH16(LOAD)
                     UPPER16(LOAD) "kmovq (%[k]), %%k1\n kmovq 8(%[k]), %%k7\n" SPIN EACH16(STORE)
                         UPPER16(STORE) "kmovq %%k1, (%[ko])\n kmovq %%k7, 8(%[ko])\n"
                                        "vzeroupper"
                 : "+c"(spins)
                 : [in] "r"(&in), [out] "r"(&out), [k] "r"(masks), [ko] "r"(masks_out)
                 : "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                   "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "k1", "k7");
#undef LOAD
#undef STORE
}

[[gnu::target("avx")]] void hold_avx(const Vectors& in, Vectors& out) {
#define LOAD(n) "vmovdqu " #n "*64(%[in]), %%ymm" #n "\n"
#define STORE(n) "vmovdqu %%ymm" #n ", " #n "*64(%[out])\n"
    long spins = kSpins;
    asm volatile(EACH16(LOAD) SPIN EACH16(STORE) "vzeroupper"
                 : "+c"(spins)
                 : [in] "r"(&in), [out] "r"(&out)
                 : "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                   "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
#undef LOAD
#undef STORE
}

void hold_registers(uint64_t seed) {
    static const bool wide = __builtin_cpu_supports("avx512bw"),
                      avx = __builtin_cpu_supports("avx");
    Vectors in, out;
    fill(in, seed);
    memcpy(&out, &in, sizeof out);
    const uint64_t masks[2] = {seed, ~seed};
    uint64_t masks_out[2] = {seed, ~seed};
    if (wide)
        hold_avx512(in, out, masks, masks_out);
    else if (avx)
        hold_avx(in, out);
    CHECK(memcmp(&in, &out, sizeof in) == 0);
    CHECK(memcmp(masks, masks_out, sizeof masks) == 0);
}

// Pinned, so that the kernel and the area must agree.
void check_area() {
    if (!&__rseq_size || !__rseq_size)
        return;
    uint64_t fs;
    asm("mov %%fs:0, %0" : "=r"(fs));
    const auto* area = reinterpret_cast<const volatile int32_t*>(fs + (uint64_t)__rseq_offset);
    unsigned cpu = 0;
    syscall(SYS_getcpu, &cpu, nullptr, nullptr);
    CHECK(area[0] == (int)cpu && area[1] == (int)cpu);
}

} // namespace

int main() {
    for (int i = 0; i < 2; ++i)
        std::thread([i] {
            cpu_set_t one;
            CPU_ZERO(&one);
            sched_getaffinity(0, sizeof one, &one);
            int cpu = 0;
            while (!CPU_ISSET(cpu, &one))
                ++cpu;
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
            fesetround(i ? FE_UPWARD : FE_TOWARDZERO);
            for (uint64_t n = 1;; ++n) {
                hold_registers(n * 0x9e3779b97f4a7c15u + (uint64_t)i);
                CHECK(fegetround() == (i ? FE_UPWARD : FE_TOWARDZERO));
                check_area();
                usleep(1000);
            }
        }).detach();
    _exit(check_until_stopped([](long) { CHECK(fegetround() == FE_TONEAREST); }));
}
