// The close family: a program that closes "everything" (a daemon, a shell before exec) does not
// close glckpt's descriptors. To the program our numbers are simply not open; they are
// close-on-exec, so that nothing is left of them in what it executes.
#include "base/descriptor_hooks.h"
#include "base/own_fds.h"
#include "base/syscall.h"
#include "ckpt/interpose.h"
#include <algorithm>
#include <cerrno>
#include <climits>
#include <unistd.h>

using namespace glckpt;
using namespace glckpt::ckpt;

namespace {

bool is_ours(int fd) { return own_fd_kind(fd) != OwnFd::None; }

// close_range over what lies between our descriptors.
int close_around(unsigned first, unsigned last, int flags) {
    static Real<int(unsigned, unsigned, int)> real("close_range");
    hooked_closing(first, last);
    if (first > last)
        return real(first, last, flags); // the kernel's own EINVAL
    unsigned ours[kOwnFdSlots];
    unsigned count = 0;
    for (int slot = 0; slot < kOwnFdSlots; ++slot)
        if (const int fd = own_fd_at(slot);
            fd >= 0 && (unsigned)fd >= first && (unsigned)fd <= last)
            ours[count++] = (unsigned)fd;
    std::sort(ours, ours + count);
    unsigned from = first;
    for (unsigned i = 0; i < count; ++i) {
        if (ours[i] > from && real(from, ours[i] - 1, flags) < 0)
            return -1;
        from = ours[i] + 1;
    }
    return from <= last ? real(from, last, flags) : 0;
}

int bad_descriptor() {
    errno = EBADF;
    return -1;
}

} // namespace

extern "C" {

GLCKPT_EXPORT int close(int fd) {
    static Real<int(int)> real("close");
    hooked_closing((unsigned)fd, (unsigned)fd);
    return is_ours(fd) ? bad_descriptor() : real(fd);
}
GLCKPT_EXPORT int close_range(unsigned first, unsigned last, int flags) noexcept {
    return close_around(first, last, flags);
}
GLCKPT_EXPORT void closefrom(int first) noexcept {
    const int saved = errno;
    close_around((unsigned)std::max(first, 0), UINT_MAX, 0);
    errno = saved;
}
GLCKPT_EXPORT int dup2(int from, int to) noexcept {
    static Real<int(int, int)> real("dup2");
    hooked_closing((unsigned)to, (unsigned)to);
    return is_ours(to) || is_ours(from) ? bad_descriptor() : real(from, to);
}
GLCKPT_EXPORT int dup3(int from, int to, int flags) noexcept {
    static Real<int(int, int, int)> real("dup3");
    hooked_closing((unsigned)to, (unsigned)to);
    return is_ours(to) || is_ours(from) ? bad_descriptor() : real(from, to, flags);
}
}
