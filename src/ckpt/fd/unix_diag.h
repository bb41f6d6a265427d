// Which unix sockets are connected to which: the kernel tells by netlink only.
#pragma once
#include "base/status.h"
#include <cstdint>
#include <map>

namespace glckpt::ckpt {

struct UnixPeer {
    uint64_t peer = 0;     // inode; 0: none
    uint64_t file = 0;     // inode of the file it is bound to, as 32 bits
    uint8_t shutdown = 0;  // RCV_SHUTDOWN 1, SEND_SHUTDOWN 2
    uint64_t waits_at = 0; // inode of the listening socket that has not accepted it yet
};
Result<std::map<uint64_t, UnixPeer>> unix_peers();

} // namespace glckpt::ckpt
