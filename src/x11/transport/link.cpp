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
    if (sent >= 0) {
        sent_ += (uint64_t)sent;
        return sent;
    }
    if (sent != -EAGAIN && sent != -EINTR)
        broken_ = true;
    return 0;
}

FdSink::~FdSink() { drop_backlog(); }

void FdSink::drop_backlog() {
    queue_.clear();
    if (direct_)
        direct_->left = 0;
    direct_ = nullptr;
}

void FdSink::write(const uint8_t* p, size_t n) {
    if (direct_)
        absorb_direct();
    if (broken_)
        return;
    if (queue_.empty() && !hold_) {
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
        drop_backlog();
    return !broken_;
}

size_t FdSink::take(const iovec* vectors, size_t count) {
    size_t taken = 0;
    for (size_t i = 0; i < count && !queue_.empty(); ++i) {
        const size_t n = std::min(vectors[i].iov_len, queue_.size());
        memcpy(vectors[i].iov_base, queue_.data(), n);
        queue_.consume(n);
        taken += n;
    }
    return taken;
}

void FdSink::advance(size_t n) {
    DirectWrite& d = *direct_;
    d.left -= n;
    while (n > 0 && n >= d.at->iov_len - d.offset) {
        n -= d.at->iov_len - d.offset;
        ++d.at;
        d.offset = 0;
    }
    d.offset += n;
    if (d.left == 0)
        direct_ = nullptr;
}

// What is left over from before goes in the same call: a server that is woken for the head of an
// image alone reads that, and is woken again.
void FdSink::send_direct(DirectWrite& d) {
    direct_ = &d;
    while (direct_) {
        constexpr int kVectors = 9;
        iovec part[kVectors];
        int n = 0;
        const size_t before = queue_.size();
        if (before)
            part[n++] = {queue_.data(), before};
        size_t offset = d.offset, left = d.left;
        for (const iovec* v = d.at; left > 0 && n < kVectors; ++v, offset = 0) {
            const size_t size = std::min(v->iov_len - offset, left);
            part[n++] = {(uint8_t*)v->iov_base + offset, size};
            left -= size;
        }
        const msghdr m{.msg_iov = part, .msg_iovlen = (size_t)n};
        const long sent = raw_syscall(SYS_sendmsg, fd_, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent == -EINTR)
            continue;
        if (sent == -EAGAIN)
            return;
        if (sent < 0) {
            broken_ = true;
            drop_backlog();
            return;
        }
        sent_ += (uint64_t)sent;
        const size_t of_before = std::min((size_t)sent, before);
        queue_.consume(of_before);
        if ((size_t)sent > of_before)
            advance((size_t)sent - of_before);
    }
}

void FdSink::absorb_direct() {
    while (direct_) {
        const DirectWrite d = *direct_;
        const size_t n = std::min(d.at->iov_len - d.offset, d.left);
        if (!broken_)
            queue_.append((const uint8_t*)d.at->iov_base + d.offset, n);
        advance(n);
    }
}

void Link::pump_app() {
    const size_t before = from_app.size();
    app_closed |= !receive(app_fd, from_app);
    wrote_past_us |= from_app.size() != before;
    if (!lost)
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
