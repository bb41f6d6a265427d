#include "x11/transport/link.h"
#include "base/syscall.h"
#include <cerrno>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace glckpt::x11 {
namespace {

constexpr size_t kReadSize = 256 << 10;

// Appends what the socket has. False at its end.
bool receive(int fd, ByteQueue& into) {
    uint8_t* room = into.room(kReadSize);
    const long n =
        raw_syscall(SYS_recvfrom, fd, room, into.room_size(), MSG_DONTWAIT, nullptr, nullptr);
    if (n > 0)
        into.commit((size_t)n);
    return n > 0 || n == -EAGAIN || n == -EINTR;
}

} // namespace

long FdSink::send_some(const uint8_t* p, size_t n) {
    const long sent = raw_syscall(SYS_sendto, fd_, p, n, MSG_DONTWAIT | MSG_NOSIGNAL, nullptr, 0);
    if (sent >= 0)
        return sent;
    if (sent != -EAGAIN && sent != -EINTR)
        broken_ = true;
    return 0;
}

void FdSink::write(const uint8_t* p, size_t n) {
    if (broken_)
        return;
    if (queue_.empty()) {
        const long sent = send_some(p, n);
        p += sent;
        n -= (size_t)sent;
    }
    if (n && !broken_)
        queue_.append(p, n);
}

bool FdSink::flush() {
    while (!queue_.empty() && !broken_) {
        const long sent = send_some(queue_.data(), queue_.size());
        if (sent == 0)
            break;
        queue_.consume((size_t)sent);
    }
    if (broken_)
        queue_.clear();
    return !broken_;
}

void Link::pump_app() {
    app_closed |= !receive(app_fd, from_app);
    engine.from_client(from_app);
}

void Link::pump_server() {
    server_closed |= !receive(server_fd, from_server);
    const auto before = engine.state();
    engine.from_server(from_server);
    if (engine.state() != before) // what the app wrote before it was answered
        engine.from_client(from_app);
}

void Link::give_back_room() {
    constexpr size_t kKeep = 64 << 10;
    from_app.shrink(kKeep);
    from_server.shrink(kKeep);
}

bool Link::app_has_written() const {
    int unread = 0;
    raw_syscall(SYS_ioctl, app_fd, FIONREAD, &unread);
    return unread > 0;
}

} // namespace glckpt::x11
