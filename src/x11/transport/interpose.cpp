// The libc calls through which the app meets an X server's socket.
#include "base/syscall.h"
#include "x11/transport/hub.h"
#include "x11/transport/inline.h"
#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <netinet/in.h>
#include <sys/stat.h>

using namespace glckpt;
using namespace glckpt::x11;

namespace {

int with_errno(long result) {
    if (result >= 0)
        return (int)result;
    errno = (int)-result;
    return -1;
}

std::atomic<bool> g_any_connection{false};

// libc's own, which is a cancellation point.
template <class F>
F next(const char* name) {
    return (F)dlsym(RTLD_NEXT, name);
}

} // namespace

extern "C" {

[[gnu::visibility("default")]] int connect(int fd, const sockaddr* address, socklen_t length) {
    if (const auto asked = x_address(address, length)) {
        const int result = hub().open(fd, *asked);
        g_any_connection.store(true, std::memory_order_relaxed);
        install_descriptor_hooks();
        return with_errno(result);
    }
    static const auto libc_connect = next<int (*)(int, const sockaddr*, socklen_t)>("connect");
    return libc_connect(fd, address, length);
}

// X libraries choose the cookie by the peer's address: over TCP a nameless socketpair would find
// none. (A local one has no name either way, and is looked up by the display's number.)
[[gnu::visibility("default")]] int getpeername(int fd, sockaddr* address, socklen_t* length) {
    struct stat st {};
    if (g_any_connection.load(std::memory_order_relaxed) && raw_syscall(SYS_fstat, fd, &st) == 0 &&
        S_ISSOCK(st.st_mode)) {
        Hub& h = hub();
        Locked l(h.lock);
        if (Link* link = h.link_of_inode(st.st_ino))
            fd = link->server_fd;
    }
    return with_errno(raw_syscall(SYS_getpeername, fd, address, length));
}
}
