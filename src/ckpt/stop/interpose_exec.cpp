// The exec family. A stop signal that reaches a thread inside execve() stays pending in the new
// program, where its handler is not there yet and its default ends the process. So it is blocked
// around the call; the new program's library takes what is left of it away before it unblocks it
// (install_stop_handler). Also called in a child of vfork(): nothing in memory is changed.
#include "base/syscall.h"
#include "ckpt/interpose.h"
#include "ckpt/stop/threads.h"
#include <cstdarg>
#include <unistd.h>

using namespace glckpt;
using namespace glckpt::ckpt;

namespace {

template <class Call>
int with_stop_blocked(Call call) {
    const uint64_t stop = 1ull << (kStopSignal - 1);
    uint64_t before = 0;
    raw_syscall(SYS_rt_sigprocmask, SIG_BLOCK, &stop, &before, 8);
    const int r = call(); // comes back only if it failed
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, 0, 8);
    return r;
}

Real<int(const char*, char* const*, char* const*)> g_execve("execve");
Real<int(const char*, char* const*, char* const*)> g_execvpe("execvpe");

// The arguments of execl and its relatives, with the null at their end.
#define GLCKPT_LISTED(first, argv, ap)                                                             \
    va_list ap;                                                                                    \
    va_start(ap, first);                                                                           \
    size_t count = 1;                                                                              \
    while (va_arg(ap, const char*))                                                                \
        ++count;                                                                                   \
    va_end(ap);                                                                                    \
    auto** argv = static_cast<char**>(__builtin_alloca((count + 1) * sizeof(char*)));              \
    va_start(ap, first);                                                                           \
    argv[0] = const_cast<char*>(first);                                                            \
    for (size_t i = 1; i <= count; ++i)                                                            \
        argv[i] = va_arg(ap, char*);

} // namespace

extern "C" {

GLCKPT_EXPORT int execve(const char* path, char* const argv[], char* const env[]) noexcept {
    return with_stop_blocked([&] { return g_execve(path, argv, env); });
}
GLCKPT_EXPORT int execv(const char* path, char* const argv[]) noexcept {
    return with_stop_blocked([&] { return g_execve(path, argv, environ); });
}
GLCKPT_EXPORT int execvp(const char* file, char* const argv[]) noexcept {
    return with_stop_blocked([&] { return g_execvpe(file, argv, environ); });
}
GLCKPT_EXPORT int execvpe(const char* file, char* const argv[], char* const env[]) noexcept {
    return with_stop_blocked([&] { return g_execvpe(file, argv, env); });
}
GLCKPT_EXPORT int fexecve(int fd, char* const argv[], char* const env[]) noexcept {
    static Real<int(int, char* const*, char* const*)> real("fexecve");
    return with_stop_blocked([&] { return real(fd, argv, env); });
}
GLCKPT_EXPORT int execl(const char* path, const char* first, ...) noexcept {
    GLCKPT_LISTED(first, argv, ap)
    va_end(ap);
    return with_stop_blocked([&] { return g_execve(path, argv, environ); });
}
GLCKPT_EXPORT int execlp(const char* file, const char* first, ...) noexcept {
    GLCKPT_LISTED(first, argv, ap)
    va_end(ap);
    return with_stop_blocked([&] { return g_execvpe(file, argv, environ); });
}
GLCKPT_EXPORT int execle(const char* path, const char* first, ...) noexcept {
    GLCKPT_LISTED(first, argv, ap)
    char* const* env = va_arg(ap, char* const*);
    va_end(ap);
    return with_stop_blocked([&] { return g_execve(path, argv, env); });
}
}
