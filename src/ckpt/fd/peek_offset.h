// SO_PEEK_OFF while we look into a socket: each look goes on where the last ended, so that nothing
// is taken out and nothing seen twice. It belongs to the socket, not to the descriptor, and the
// program may use it itself: its value is put back.
#pragma once
#include "ckpt/fd/socket_options.h"
#include "ckpt/sys.h"
#include <sys/socket.h>

namespace glckpt::ckpt {

class PeekOffset {
  public:
    explicit PeekOffset(int fd) : fd_(fd), programs_(socket_int(fd, SO_PEEK_OFF)) { set(0); }
    PeekOffset(const PeekOffset&) = delete;
    PeekOffset& operator=(const PeekOffset&) = delete;
    ~PeekOffset() { set(programs_); }
    void set(int offset) {
        raw_syscall(SYS_setsockopt, fd_, SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof offset);
    }

  private:
    const int fd_;
    const int programs_; // -1: not used
};

} // namespace glckpt::ckpt
