// Socket options that a program may have set: read at the checkpoint, set again at the restart.
#pragma once
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

namespace glckpt::ckpt {

struct SocketOption {
    int32_t level = 0, name = 0;
    std::string value;
    auto fields() { return std::tie(level, name, value); }
};
std::vector<SocketOption> read_socket_options(int fd, int family, int type);
// `before_bind`: only those that must be there before bind().
void set_socket_options(int fd, const std::vector<SocketOption>& options, bool before_bind);

int socket_int(int fd, int name); // SOL_SOCKET; -1 if there is no answer

} // namespace glckpt::ckpt
