// What a UDP socket has not read yet, and what was shut down of it.
#pragma once
#include "ckpt/fd/kind.h"

namespace glckpt::ckpt {

struct Datagram {
    std::string bytes, sender; // a socket address
    auto fields() { return std::tie(bytes, sender); }
};

std::vector<Datagram> unread_datagrams(int fd);
// SHUT_RD 1, SHUT_WR 2; 0 where the kernel does not tell.
uint8_t udp_shutdown(int fd);
// Sends them again from where they came: a socket of the program's, or one that has that address
// for the moment. What came from elsewhere is lost, with a warning, as the network may lose it.
void put_back_datagrams(int fd, int shown_fd, const std::string& address,
                        const std::vector<Datagram>& unread, RestoreContext& ctx);

} // namespace glckpt::ckpt
