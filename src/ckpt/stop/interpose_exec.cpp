// The exec family. A stop signal that reaches a thread inside execve() stays pending in the new
// program, where its handler is not there yet and its default ends the process. So it is blocked
// around the call; the new program's library takes what is left of it away before it unblocks it
// (install_stop_handler). Also called in a child of vfork(): nothing in memory is changed.
#include "base/syscall.h"
#include "ckpt/interpose.h"
#include "ckpt/stop/threads.h"
#include "ckpt/tree/registry.h"
#include <algorithm>
#include <cstdarg>
#include <cstring>
#include <new>
#include <spawn.h>
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

Real<int(const char*, char* const*, char* const*)> g_real_execve("execve");
Real<int(const char*, char* const*, char* const*)> g_real_execvpe("execvpe");

// A program that gives what it executes an environment of its own making takes glckpt along all
// the same: it would otherwise be a stranger in the tree. What is missing is put in front; on the
// stack, since a child of vfork() shares the rest of its memory.
constexpr size_t kMostVariables = 16;
char* g_kept[kMostVariables]; // copies of LD_PRELOAD and GLCKPT_*, as this program was given them
size_t g_kept_count = 0;
char* g_replaced[kMostVariables]; // those of them that keep_variable() has put there
size_t g_replaced_count = 0;
// One of them: the tree's id, which is another after a restart than what the program's own
// environment says. Always given.
char* g_tree = nullptr;

bool same_name(const char* a, const char* b) {
    while (*a == *b && *a && *a != '=') {
        ++a;
        ++b;
    }
    return *a == '=' && *b == '=';
}

bool overrides(const char* kept) {
    if (same_name(kept, kTreeVariable))
        return true;
    for (size_t i = 0; i < g_replaced_count; ++i)
        if (g_replaced[i] == kept)
            return true;
    return false;
}

// Of the program's environment: another is given in its place.
bool is_overridden(const char* variable) {
    if (g_tree && same_name(variable, kTreeVariable))
        return true;
    for (size_t i = 0; i < g_replaced_count; ++i)
        if (same_name(g_replaced[i], variable))
            return true;
    return false;
}

const char* find(char* const* env, const char* variable) {
    for (; env && *env; ++env)
        if (same_name(*env, variable))
            return *env;
    return nullptr;
}

template <class Call>
int with_glckpt(char* const* env, Call call) {
    size_t count = 0, longest = 0;
    for (char* const* e = env; e && *e; ++e)
        ++count;
    for (size_t i = 0; i < g_kept_count; ++i)
        longest = std::max(longest, strlen(g_kept[i]));
    const char* preload = find(env, "LD_PRELOAD=");
    const bool lacks = preload && g_kept_count && !strstr(preload, "libglckpt.so");
    auto** all =
        static_cast<char**>(__builtin_alloca((count + kMostVariables + 1) * sizeof(char*)));
    char* joined = static_cast<char*>(__builtin_alloca(lacks ? longest + strlen(preload) + 2 : 1));
    size_t n = 0;
    for (size_t i = 0; i < g_kept_count; ++i) {
        const bool is_preload = same_name(g_kept[i], "LD_PRELOAD=");
        if (is_preload && lacks) {
            strcpy(joined, g_kept[i]);
            strcat(joined, ":");
            strcat(joined, preload + sizeof "LD_PRELOAD");
            all[n++] = joined;
        } else if (overrides(g_kept[i]) || !find(env, g_kept[i])) {
            all[n++] = g_kept[i];
        }
    }
    for (char* const* e = env; e && *e; ++e)
        if (!(lacks && *e == preload) && !is_overridden(*e))
            all[n++] = *e;
    all[n] = nullptr;
    return call(all);
}

int g_execve(const char* path, char* const* argv, char* const* env) {
    return with_glckpt(env, [&](char* const* e) { return g_real_execve(path, argv, e); });
}
int g_execvpe(const char* file, char* const* argv, char* const* env) {
    return with_glckpt(env, [&](char* const* e) { return g_real_execvpe(file, argv, e); });
}

using Spawn = int(pid_t*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*,
                  char* const*, char* const*);

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

namespace glckpt::ckpt {

void note_environment() {
    for (char** e = environ; e && *e && g_kept_count < kMostVariables; ++e) {
        const bool ours = strncmp(*e, "GLCKPT_", 7) == 0 ||
                          (strncmp(*e, "LD_PRELOAD=", 11) == 0 && strstr(*e, "libglckpt.so"));
        if (!ours)
            continue;
        const size_t bytes = strlen(*e) + 1;
        char* copy = static_cast<char*>(operator new(bytes));
        memcpy(copy, *e, bytes);
        g_kept[g_kept_count++] = copy;
        if (same_name(copy, kTreeVariable) && bytes == strlen(kTreeVariable) + kTreeIdLength + 1)
            g_tree = copy;
    }
}

void keep_variable(const std::string& variable) {
    char* copy = static_cast<char*>(operator new(variable.size() + 1));
    memcpy(copy, variable.c_str(), variable.size() + 1);
    const auto put = [&](char** list, size_t& count) {
        size_t i = 0;
        while (i < count && !same_name(list[i], copy))
            ++i;
        if (i == kMostVariables)
            return;
        count = std::max(count, i + 1);
        list[i] = copy; // (who executes something at this moment may still read the old one)
    };
    put(g_kept, g_kept_count);
    put(g_replaced, g_replaced_count);
}

void note_tree_id() {
    if (g_tree)
        memcpy(g_tree + strlen(kTreeVariable), tree_id(), kTreeIdLength);
}

} // namespace glckpt::ckpt

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
    return with_stop_blocked(
        [&] { return with_glckpt(env, [&](char* const* e) { return real(fd, argv, e); }); });
}
GLCKPT_EXPORT int posix_spawn(pid_t* pid, const char* path,
                              const posix_spawn_file_actions_t* actions,
                              const posix_spawnattr_t* attributes, char* const argv[],
                              char* const env[]) noexcept {
    static Real<Spawn> real("posix_spawn");
    return with_glckpt(
        env, [&](char* const* e) { return real(pid, path, actions, attributes, argv, e); });
}
GLCKPT_EXPORT int posix_spawnp(pid_t* pid, const char* file,
                               const posix_spawn_file_actions_t* actions,
                               const posix_spawnattr_t* attributes, char* const argv[],
                               char* const env[]) noexcept {
    static Real<Spawn> real("posix_spawnp");
    return with_glckpt(
        env, [&](char* const* e) { return real(pid, file, actions, attributes, argv, e); });
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
