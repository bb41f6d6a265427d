#include "interpose/start_renderer.h"
#include "base/syscall.h"
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

namespace glckpt {
namespace {

bool ours(std::string_view setting) {
    return setting.starts_with("LD_PRELOAD=") ||
           (setting.starts_with("GLCKPT_") && !setting.starts_with("GLCKPT_DEBUG"));
}

// Takes our own folder out of a search path; empty if nothing is left.
std::string without_our_folder(std::string_view path) {
    std::string kept;
    const std::string_view lib = library_folder();
    while (!path.empty()) {
        const size_t end = std::min(path.find(':'), path.size());
        const std::string_view part = path.substr(0, end);
        if (!part.empty() && !part.starts_with(lib.substr(0, lib.size() - 1)))
            kept += (kept.empty() ? "" : ":") + std::string(part);
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return kept;
}

std::vector<std::string> renderer_environment(const std::vector<std::string>& settings) {
    constexpr std::string_view kPath = "LD_LIBRARY_PATH=";
    std::vector<std::string> env;
    auto put = [&](const std::string& setting) {
        const std::string_view key(setting.data(),
                                   std::min(setting.find('='), setting.size() - 1) + 1);
        std::erase_if(env, [&](const std::string& e) { return e.starts_with(key); });
        env.push_back(setting);
    };
    for (char** e = environ; e && *e; ++e) {
        if (ours(*e))
            continue;
        if (std::string_view(*e).starts_with(kPath)) {
            const std::string rest = without_our_folder(*e + kPath.size());
            if (!rest.empty())
                put(std::string(kPath) + rest);
            continue;
        }
        env.emplace_back(*e);
    }
    // The NVIDIA driver's own threading would only add a hop: we are that thread.
    put("__GL_THREADED_OPTIMIZATIONS=0");
    for (const std::string& s : settings)
        put(s);
    return env;
}

struct Child {
    const char* path;
    char* const* argv;
    char* const* envp;
    int socket;
};

// In the grandchild, a copy of a process whose other threads are gone: system calls alone.
[[noreturn]] void become_renderer(const Child& c) {
    raw_syscall(SYS_setsid);
    const long null = raw_syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR, 0);
    raw_syscall(SYS_dup2, null, 0);
    raw_syscall(SYS_dup2, null, 1);
    raw_syscall(SYS_dup2, c.socket, 3);
    raw_syscall(SYS_close_range, 4, ~0u, 0);
    const uint64_t none = 0;
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, 0, 8);
    struct {
        void* handler;
        uint64_t flags;
        void* restorer;
        uint64_t mask;
    } standard{};
    for (int sig = 1; sig <= 64; ++sig)
        raw_syscall(SYS_rt_sigaction, sig, &standard, 0, 8);
    raw_syscall(SYS_execve, c.path, c.argv, c.envp);
    raw_syscall(SYS_exit_group, 127);
    __builtin_unreachable();
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> p;
    p.reserve(strings.size() + 1);
    for (std::string& s : strings)
        p.push_back(s.data());
    p.push_back(nullptr);
    return p;
}

} // namespace

const std::string& library_folder() {
    static const std::string folder = [] {
        Dl_info info{};
        dladdr((const void*)&library_folder, &info);
        std::string f = info.dli_fname ? info.dli_fname : "";
        return f.substr(0, f.rfind('/') + 1);
    }();
    return folder;
}

// Forks twice, so that the renderer is no child of the app. The child in the middle has no exit
// signal: the app's wait() cannot see it (wait(2): such children are waited for with __WCLONE).
int spawn_renderer(int socket, const std::vector<std::string>& settings, int spawner_of) {
    std::string path = library_folder() + "glckpt-renderer";
    std::vector<std::string> argv_s{path, std::to_string(getpid())};
    if (spawner_of)
        argv_s.insert(argv_s.end(), {"spawner", std::to_string(spawner_of)});
    std::vector<std::string> env_s = renderer_environment(settings);
    const std::vector<char*> argv = pointers(argv_s), envp = pointers(env_s);
    const Child child{path.c_str(), argv.data(), envp.data(), socket};
    int told[2];
    if (const long r = raw_syscall(SYS_pipe2, told, O_CLOEXEC); r < 0)
        return (int)r;
    // No signal may be handled in the copies.
    const uint64_t all = ~0ull;
    uint64_t old = 0;
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &old, 8);
    const long middle = raw_syscall(SYS_clone, 0, 0, 0, 0, 0);
    if (middle == 0) {
        const long pid = raw_syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
        if (pid == 0)
            become_renderer(child);
        raw_syscall(SYS_write, told[1], &pid, sizeof pid);
        raw_syscall(SYS_exit_group, 0);
    }
    raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, &old, 0, 8);
    raw_syscall(SYS_close, told[1]);
    long pid = -ECHILD;
    if (middle > 0) {
        while (raw_syscall(SYS_wait4, middle, 0, __WCLONE, 0) == -EINTR) {
        }
        raw_syscall(SYS_read, told[0], &pid, sizeof pid);
    }
    raw_syscall(SYS_close, told[0]);
    return middle < 0 ? (int)middle : (int)pid;
}

} // namespace glckpt
