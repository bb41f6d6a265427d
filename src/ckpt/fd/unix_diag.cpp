#include "ckpt/fd/unix_diag.h"
#include "ckpt/fd/sock_diag.h"
#include "ckpt/sys.h"
#include <cstring>
#include <linux/unix_diag.h>
#include <sys/socket.h>

namespace glckpt::ckpt {
namespace {

uint32_t word_of(const char* data) {
    uint32_t word;
    memcpy(&word, data, sizeof word);
    return word;
}

void read_entry(const nlmsghdr* h, std::map<uint64_t, UnixPeer>& out) {
    const uint64_t self = static_cast<const unix_diag_msg*>(NLMSG_DATA(h))->udiag_ino;
    UnixPeer& entry = out[self];
    for_each_attribute<unix_diag_msg>(h, [&](int type, const char* data, size_t bytes) {
        if (type == UNIX_DIAG_PEER)
            entry.peer = word_of(data);
        if (type == UNIX_DIAG_VFS)
            entry.file = reinterpret_cast<const unix_diag_vfs*>(data)->udiag_vfs_ino;
        if (type == UNIX_DIAG_SHUTDOWN)
            entry.shutdown = (uint8_t)*data;
        if (type == UNIX_DIAG_ICONS) // who waits here to be accepted
            for (size_t at = 0; at + 4 <= bytes; at += 4)
                if (const uint32_t waits = word_of(data + at))
                    out[waits].waits_at = self;
    });
}

} // namespace

Result<std::map<uint64_t, UnixPeer>> unix_peers() {
    unix_diag_req q{};
    q.sdiag_family = AF_UNIX;
    q.udiag_states = ~0u;
    q.udiag_show = UDIAG_SHOW_PEER | UDIAG_SHOW_VFS | UDIAG_SHOW_ICONS;
    std::map<uint64_t, UnixPeer> out;
    if (!dump_sockets(&q, sizeof q, [&](const nlmsghdr* h) {
            read_entry(h, out);
            return true;
        }))
        return Status::refused("this kernel does not tell which sockets are connected "
                               "(CONFIG_UNIX_DIAG)");
    return out;
}

} // namespace glckpt::ckpt
