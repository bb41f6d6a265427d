// Where an X server listens.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <vector>

namespace glckpt::x11 {

struct Address {
    enum class Via : unsigned char { Unix, Abstract, Tcp } via = Via::Unix;
    std::string host; // Tcp: numeric
    bool ipv6 = false;
    unsigned number = 0; // the display's

    // Two sockets of one server (path and abstract) are one display.
    bool same_display(const Address& o) const {
        return number == o.number && (via == Via::Tcp) == (o.via == Via::Tcp) && host == o.host;
    }
    std::string display_name() const; // ":5", "192.0.2.1:0"
};

// The X display that a program connects to with this address, if it is one.
std::optional<Address> x_address(const sockaddr* address, socklen_t length);
// ":5", ":5.0", "unix:5", "localhost:5", "192.0.2.1:0". Names of hosts are not looked up: the
// resolver of libc must not run while the app's threads are stopped.
std::optional<Address> parse_display_name(std::string_view name);
// A connected socket, or -errno.
int connect_to(const Address& address);
// Of whoever listens at the other end; 0 if that is on another machine.
int peer_pid(int fd);

} // namespace glckpt::x11
