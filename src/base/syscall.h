// Raw system calls, inline, without errno.
//
// Freestanding on purpose: the restorer, the signal handler and everything that runs while the
// app's threads are stopped must not enter libc (a stopped thread may hold one of its locks) and
// must not touch errno (it belongs to the app). Results are the kernel's: negative is -errno.
#pragma once
#include <cstdint>
#include <sys/syscall.h>

namespace glckpt {

template <class... Args>
[[gnu::always_inline]] inline long raw_syscall(long nr, Args... args) {
    static_assert(sizeof...(Args) <= 6);
    const long a[6] = {(long)(args)...};
    register long r10 asm("r10") = a[3];
    register long r8 asm("r8") = a[4];
    register long r9 asm("r9") = a[5];
    long ret;
    asm volatile("syscall"
                 : "=a"(ret)
                 : "a"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                 : "rcx", "r11", "memory");
    return ret;
}
[[gnu::always_inline]] inline long raw_syscall(long nr) {
    long ret;
    asm volatile("syscall" : "=a"(ret) : "a"(nr) : "rcx", "r11", "memory");
    return ret;
}

} // namespace glckpt
