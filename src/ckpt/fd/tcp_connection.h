// TCP connections with both ends in the tree, and those whose other end has closed.
#pragma once
#include "ckpt/fd/kind.h"

namespace glckpt::ckpt {

// One end, as the image has it.
struct TcpEnd {
    bool inside = false;      // the other end is in the tree
    bool peer_closed = false; // it is not anywhere any more
    bool sent_end = false;    // shutdown for writing
    bool shares_port = false; // SO_REUSEPORT
    int32_t peer_family = 0;
    std::string unread;
    auto fields() {
        return std::tie(inside, peer_closed, sent_end, shares_port, peer_family, unread);
    }
};

// "local remote", alike for IPv4 and for IPv4 within IPv6; empty: `fd` is no connected TCP socket.
std::string tcp_connection_of(int fd);

// Fills `out` if the connection is one of these; with the reason if it cannot be saved now.
Status save_tcp_end(const OpenFd& f, SaveContext& ctx, const std::string& local,
                    const std::string& remote, TcpEnd& out);
// Both ends are made when the first is asked for; what was unread is put back at once.
Result<int> create_tcp_end(const TcpEnd& end, const std::string& local, const std::string& remote,
                           RestoreContext& ctx);
// Made before everything else: a listening socket of the same address would be in the way.
bool is_tcp_connection(const Description& d); // inet_socket.cpp
// Counts the sockets of a port: those that share one must all allow it while they are bound.
void note_port(const Description& d, RestoreContext& ctx); // inet_socket.cpp

} // namespace glckpt::ckpt
