// The short way: an app thread that writes to its X connection, or waits for it, passes messages
// on itself, under the hub's lock, instead of waking the pump.
//
//   app's fd ── socketpair ── app_side │ Connection │ server_side ── X server
//      write: the bytes do not go into the socketpair; the thread hands them to the Connection,
//             which sends to the server (a large image from where the app has it)
//      wait:  the thread waits for its own fd and for server_side; what comes there it hands to the
//             Connection, and keeps what that has for the app (Link::to_app, held)
//      read:  first what is in the socketpair, then what is kept
//
// The app's fd stays one end of a socketpair. So what we do not see (raw system calls, epoll,
// io_uring, a dup of the descriptor, a language's own runtime) works as before, by the pump: it
// reads the socketpair always, it reads server_side whenever no thread of the app's does
// (Link::pump_reads, Hub::guard), and it puts into the socketpair what is kept and not fetched.
//
// Order: bytes that the app wrote past us lie in the socketpair; they are taken out first.
// Stops: a thread is parked outside the lock, so between two messages, or in the middle of a large
// request whose rest anybody who needs the connection can take over (DirectWrite).
#pragma once
#include "x11/track/resources.h"
#include <atomic>
#include <csignal>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace glckpt::x11 {

// Which numbers are the app's ends. That is a hint, because descriptors are closed and made in ways
// that we do not see: whoever acts on it compares the inode first, but not every time (a tenth of
// a round trip). What was compared holds until the close family is called for the number, and for
// no longer than the pump's guard lets it (some 10 ms).
inline constexpr int kInlineFds = 1024;
extern std::atomic<ConnectionId> g_inline_fds[kInlineFds];
inline ConnectionId inline_hint(int fd) {
    return (unsigned)fd < kInlineFds ? g_inline_fds[fd].load(std::memory_order_relaxed) : 0;
}
void note_inline_fd(int fd, ConnectionId id);
void forget_inline_fd(ConnectionId id);
void forget_inline_fds();
void doubt_inline_fds(unsigned first, unsigned last);
// A restart gives sockets other inodes. Before one (`dead` hints go) and after it.
void drop_stale_inline_fds();
void renew_inline_fds();

// Each false: not the app's end of a connection that can be served this way; nothing was done.
// The result is the system call's: a count, or -errno.
bool inline_write(int fd, const iovec* vectors, int count, int flags, long* result);
bool inline_read(int fd, msghdr* m, int flags, long* result);
// What is kept goes into the socketpair: the app is going to look there.
void inline_settle(int fd);
// As ppoll: a null mask leaves the signals as they are.
bool inline_poll(pollfd* fds, nfds_t n, const timespec* timeout, const sigset_t* mask, int* result);
// Before a wait of the app's that we do not follow: the pump is to read again.
void leave_to_pump();
// From the first connection on (base/descriptor_hooks.h).
void install_descriptor_hooks();

} // namespace glckpt::x11
