// Which of the app's descriptors are its ends of connections (see inline.h), and whether this
// thread may serve one now.
#include "x11/transport/inline_within.h"
#include <sys/stat.h>

namespace glckpt::x11 {

std::atomic<ConnectionId> g_inline_fds[kInlineFds];

namespace {
std::atomic<bool> g_compared[kInlineFds]; // and found to be what it should
} // namespace

void note_inline_fd(int fd, ConnectionId id) {
    if ((unsigned)fd >= kInlineFds)
        return;
    g_compared[fd].store(false, std::memory_order_relaxed);
    g_inline_fds[fd].store(id, std::memory_order_relaxed);
}

void doubt_inline_fds(unsigned first, unsigned last) {
    for (unsigned fd = first; fd <= last && fd < kInlineFds; ++fd)
        g_compared[fd].store(false, std::memory_order_relaxed);
}

void forget_inline_fd(ConnectionId id) {
    for (auto& slot : g_inline_fds)
        if (slot.load(std::memory_order_relaxed) == id)
            slot.store(0, std::memory_order_relaxed);
}

void forget_inline_fds() {
    for (auto& slot : g_inline_fds)
        slot.store(0, std::memory_order_relaxed);
}

namespace {

uint64_t socket_inode(int fd) {
    struct stat st {};
    return raw_syscall(SYS_fstat, fd, &st) == 0 && S_ISSOCK(st.st_mode) ? st.st_ino : 0;
}

} // namespace

void drop_stale_inline_fds() {
    for (int fd = 0; fd < kInlineFds; ++fd)
        if (const ConnectionId id = inline_hint(fd)) {
            const Link* link = hub().link_by_id(id);
            if (!link || link->app_inode != socket_inode(fd))
                note_inline_fd(fd, 0);
        }
}

void renew_inline_fds() {
    for (int fd = 0; fd < kInlineFds; ++fd)
        if (Link* link = inline_hint(fd) ? hub().link_by_id(inline_hint(fd)) : nullptr)
            link->app_inode = socket_inode(fd);
}

constinit thread_local bool t_inside = false;

Link* verified(Hub& h, int fd, ConnectionId id) {
    Link* link = h.link_by_id(id);
    if (!link || link->app_closed || link->server_closed || link->to_server.broken())
        return nullptr;
    if (!g_compared[fd].load(std::memory_order_relaxed)) {
        if (link->app_inode != socket_inode(fd))
            return nullptr;
        g_compared[fd].store(true, std::memory_order_relaxed);
        h.arm_guard();
    }
    return link;
}

} // namespace glckpt::x11
