// Sending and receiving over a stream socket, together with a descriptor.
#pragma once
#include <cstddef>

namespace glckpt {

// Sends all of it; `pass` (none: -1) goes with the first byte, and stays the caller's. False: the
// other side is gone. Raises no SIGPIPE; goes on after EINTR.
bool send_all(int socket, const void* bytes, size_t n, int pass = -1);

// Receives what is there, at most `n`: how much, 0 at the end, or -errno. A descriptor that comes
// along (close-on-exec) goes to `passed`, in the place of one that came before; is closed if that
// is null. Goes on after EINTR.
long receive_some(int socket, void* to, size_t n, int* passed = nullptr);
// All of it. False: the other side is gone.
bool receive_all(int socket, void* to, size_t n, int* passed = nullptr);

} // namespace glckpt
