// Sending over a stream socket, together with a descriptor.
#pragma once
#include <cstddef>

namespace glckpt {

// Sends all of it; `pass` (none: -1) goes with the first byte, and stays the caller's. False: the
// other side is gone. Raises no SIGPIPE; goes on after EINTR.
bool send_all(int socket, const void* bytes, size_t n, int pass = -1);

} // namespace glckpt
