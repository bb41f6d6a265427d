// The X11 endpoint without the engine, for tests: a thread reads commands, one a line, from the
// fifo that GLCKPT_X11_TEST_FIFO names and carries them out on the running program:
//   move :61    drain, attach to that display, resume
//   drain       drain and resume, as a checkpoint does
// and writes one line with the outcome to GLCKPT_X11_TEST_LOG.
#include "base/descriptor_hooks.h"
#include "base/service_thread.h"
#include "base/syscall.h"
#include "x11/clock.h"
#include "x11/endpoint.h"
#include "x11/for_gl.h"
#include "x11/init.h"
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

using namespace glckpt;

namespace {

ckpt::Endpoint* g_endpoint = nullptr;
constexpr uint64_t kPatience = 5'000'000'000;

void report(const char* log, const char* command, const Status& s, double drained,
            double attached) {
    char line[1024];
    const int n =
        snprintf(line, sizeof line, "%s: %s drain %.2f ms attach %.2f ms%s%s\n", command,
                 s.ok() ? "ok" : "FAILED", drained, attached, s.ok() ? "" : ": ", s.why().c_str());
    const int fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    (void)!write(fd, line, (size_t)n);
    close(fd);
}

void carry_out(const char* log, const char* command) {
    const uint64_t t0 = x11::monotonic_ns();
    uint64_t t1 = t0, t2 = t0;
    Status s = g_endpoint->preflight();
    if (s.ok())
        s = g_endpoint->drain(t0 + kPatience);
    if (s.ok()) {
        t1 = t2 = x11::monotonic_ns();
        if (strncmp(command, "move ", 5) == 0) {
            s = g_endpoint->attach({command + 5, {}, false});
            t2 = x11::monotonic_ns();
        }
        g_endpoint->resume();
    }
    report(log, command, s, (double)(t1 - t0) / 1e6, (double)(t2 - t1) / 1e6);
}

void commander(void*) {
    const char* log = getenv("GLCKPT_X11_TEST_LOG");
    const int fd = open(getenv("GLCKPT_X11_TEST_FIFO"), O_RDWR | O_CLOEXEC);
    unsetenv("GLCKPT_X11_TEST_FIFO"); // not for the program's children
    char buffer[4096];
    size_t have = 0;
    for (ssize_t n; (n = read(fd, buffer + have, sizeof buffer - have - 1)) > 0;) {
        have += (size_t)n;
        buffer[have] = 0;
        while (char* end = strchr(buffer, '\n')) {
            *end = 0;
            carry_out(log ? log : "/dev/stderr", buffer);
            have -= (size_t)(end + 1 - buffer);
            memmove(buffer, end + 1, have + 1);
        }
    }
}

[[gnu::constructor]] void start() {
    x11::init_x11();
    if (getenv("GLCKPT_X11_TEST_FIFO"))
        start_service_thread("x11-test", commander, nullptr);
}

} // namespace

namespace glckpt::ckpt {

void register_endpoint(Endpoint* endpoint) { g_endpoint = endpoint; }

} // namespace glckpt::ckpt

// What the engine's wrappers do (ckpt/stop/interpose_wait.cpp, ckpt/fd/interpose_close.cpp).
extern "C" {

[[gnu::visibility("default")]] int close(int fd) {
    static const auto real = (int (*)(int))dlsym(RTLD_NEXT, "close");
    hooked_closing((unsigned)fd, (unsigned)fd);
    return real(fd);
}
[[gnu::visibility("default")]] int dup2(int from, int to) noexcept {
    static const auto real = (int (*)(int, int))dlsym(RTLD_NEXT, "dup2");
    hooked_closing((unsigned)to, (unsigned)to);
    return real(from, to);
}

[[gnu::visibility("default")]] int poll(pollfd* fds, nfds_t n, int timeout) {
    static const auto real = (int (*)(pollfd*, nfds_t, int))dlsym(RTLD_NEXT, "poll");
    int result;
    return hooked_poll(fds, n, timeout, &result) ? result : real(fds, n, timeout);
}
[[gnu::visibility("default")]] int epoll_wait(int fd, epoll_event* events, int n, int timeout) {
    static const auto real = (int (*)(int, epoll_event*, int, int))dlsym(RTLD_NEXT, "epoll_wait");
    hooked_other_wait(timeout != 0);
    return real(fd, events, n, timeout);
}
}

// For programs that test for_gl.h: found by dlsym.
extern "C" {

[[gnu::visibility("default")]] unsigned x11_test_real_xid(unsigned id) {
    return glckpt::x11::real_xid(id);
}
[[gnu::visibility("default")]] int x11_test_window_size(unsigned id, unsigned* w, unsigned* h) {
    glckpt::x11::flush_to_server(id);
    return glckpt::x11::window_size(id, w, h);
}
}
