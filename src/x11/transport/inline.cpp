// Writing and reading in the short way (see inline.h).
#include "x11/move/loss.h"
#include "x11/transport/inline_within.h"
#include <cerrno>
#include <fcntl.h>

namespace glckpt::x11 {
namespace {

// Where the app's bytes are taken from.
class Source {
  public:
    Source(const iovec* vectors, int count) : at_(vectors) {
        for (int i = 0; i < count; ++i)
            left_ += vectors[i].iov_len;
    }
    size_t left() const { return left_; }
    void take(ByteQueue& into, size_t n) {
        for (n = std::min(n, left_); n > 0;) {
            const size_t part = std::min(n, at_->iov_len - offset_);
            into.append((const uint8_t*)at_->iov_base + offset_, part);
            n -= part;
            skip(part);
        }
    }
    DirectWrite direct(size_t n) const { return {at_, offset_, n}; }
    void skip(size_t n) {
        left_ -= n;
        while (left_ > 0 && n >= at_->iov_len - offset_) {
            n -= at_->iov_len - offset_;
            ++at_;
            offset_ = 0;
        }
        offset_ += n;
    }

  private:
    const iovec* at_;
    size_t offset_ = 0, left_ = 0;
};

// Without the lock. Signals of the app's do not end it: what is half-way sent must be sent.
void wait_for_room(const Hub& h, int server_fd) {
    pollfd fds[2] = {{server_fd, POLLIN | POLLOUT, 0}, {h.kick_fd(), POLLIN, 0}};
    constexpr int kSliceMs = 100; // somebody else may have made room
    raw_syscall(SYS_poll, fds, 2, kSliceMs);
}

class Writer {
  public:
    Writer(Hub& h, int fd, ConnectionId id) : hub_(h), fd_(fd), id_(id) {}

    // All with the lock held; it is let go of and taken again while the server is slow.
    bool find() { return (link_ = verified(hub_, fd_, id_)) != nullptr; }
    Link& link() { return *link_; }
    // Closed by its server, which may come back: what is left to write waits for that.
    bool keep(const Source& rest) {
        Link* link = hub_.link_by_id(id_);
        if (!link || !keep_lost(hub_, *link))
            return false;
        Source left = rest;
        left.take(link->from_app, left.left());
        return true;
    }

    // False: the connection is gone.
    bool send_rest(DirectWrite d) {
        link_->to_server.send_direct(d);
        while (d.left > 0) {
            if (!wait())
                return false;
            if (d.left > 0)
                link_->to_server.send_direct(d);
        }
        return true;
    }
    bool wait() {
        const int server_fd = link_->server_fd;
        hub_.lock.unlock();
        wait_for_room(hub_, server_fd);
        hub_.lock_running();
        if (!find())
            return false;
        link_->pump_server(); // a server that cannot get rid of its answers takes no requests
        link_->to_server.flush();
        return true;
    }

  private:
    Hub& hub_;
    int fd_;
    ConnectionId id_;
    Link* link_ = nullptr;
};

// Up to here a copy costs less than telling what need not be copied; beyond, piece by piece.
constexpr size_t kSmall = 32 << 10, kPiece = 8 << 10;
constexpr size_t kBacklog = 1 << 20;

bool is_nonblocking(int fd, int flags) {
    return (flags & MSG_DONTWAIT) || (raw_syscall(SYS_fcntl, fd, F_GETFL) & O_NONBLOCK);
}

long write_locked(Writer& w, int fd, const iovec* vectors, int count, int flags) {
    // Bytes that went past us come first. A program writes in one way or the other: it is asked
    // once there were any.
    while (w.link().wrote_past_us && w.link().app_has_written() && !w.link().app_closed)
        w.link().pump_app();
    if (w.link().to_server.backlog())
        w.link().to_server.flush();
    Source source(vectors, count);
    const long total = (long)source.left();
    while (w.link().to_server.backlog_size() > kBacklog) {
        if (is_nonblocking(fd, flags))
            return -EAGAIN;
        if (!w.wait())
            return w.keep(source) ? total : -EPIPE;
    }
    while (source.left() > 0) {
        Link& link = w.link();
        source.take(link.from_app, source.left() <= kSmall ? kSmall : kPiece);
        link.engine.from_client(link.from_app);
        if (link.from_app.empty() || source.left() == 0)
            continue;
        link.to_server.hold(true); // the head: it goes out with the rest
        const size_t passing = link.engine.let_pass(link.from_app, source.left());
        link.to_server.hold(false);
        if (passing == 0)
            continue;
        const DirectWrite rest = source.direct(passing);
        source.skip(passing);
        if (!w.send_rest(rest))
            return w.keep(source) ? total : -EPIPE;
    }
    ++w.link().uses;
    return total;
}

} // namespace

bool inline_write(int fd, const iovec* vectors, int count, int flags, long* result) {
    const ConnectionId id = inline_hint(fd);
    if (!id || t_inside)
        return false;
    const Inside inside;
    Hub& h = hub();
    h.lock_running();
    Writer w(h, fd, id);
    bool left_over = false;
    const bool served = w.find();
    if (served) {
        *result = write_locked(w, fd, vectors, count, flags);
        left_over = *result >= 0 && w.link().to_server.backlog();
    }
    h.lock.unlock();
    if (left_over)
        h.wake();
    return served;
}

// True: there is something for the app that was not there before. Kept if nobody but the caller
// waits for it.
bool fetch(Link& link, bool keep) {
    // What the app does not read, the server shall keep.
    if (link.to_app.backlog())
        return false;
    const uint64_t before = link.to_app.sent();
    link.to_app.hold(keep);
    link.pump_server();
    link.to_app.hold(false);
    return link.to_app.sent() != before || link.to_app.backlog();
}

namespace {

// The rest of a long reply, from the server's socket to where the app wants it. 0: not in this way.
long read_passing(Link& link, msghdr* m) {
    if (link.pump_reads || link.server_closed || !link.passes_directly() || m->msg_iovlen == 0 ||
        m->msg_iov[0].iov_len == 0)
        return 0;
    const size_t most = std::min(m->msg_iov[0].iov_len, link.engine.passing());
    const long n = raw_syscall(SYS_recvfrom, link.server_fd, m->msg_iov[0].iov_base, most,
                               MSG_DONTWAIT, nullptr, nullptr);
    if (n == -EAGAIN || n == -EINTR)
        return -EAGAIN;
    if (n <= 0)
        return 0; // the other way finds out
    link.engine.passed((size_t)n);
    m->msg_namelen = 0;
    m->msg_controllen = 0;
    m->msg_flags = 0;
    return n;
}

// > 0 bytes, 0 the end, -EAGAIN nothing now.
long read_locked(Link& link, int fd, msghdr* m) {
    if (link.read_to != link.to_app.sent()) {
        const uint64_t sent = link.to_app.sent();
        const long n = raw_syscall(SYS_recvmsg, fd, m, MSG_DONTWAIT);
        if (n != -EAGAIN)
            return n;
        link.read_to = sent;
    }
    ++link.uses;
    link.promised = false;
    if (const long n = read_passing(link, m); n != 0)
        return n;
    if (!link.to_app.backlog() && !link.pump_reads)
        fetch(link, link.waiters == 0);
    if (link.read_to != link.to_app.sent())
        return raw_syscall(SYS_recvmsg, fd, m, MSG_DONTWAIT);
    if (!link.to_app.backlog())
        return -EAGAIN;
    m->msg_namelen = 0;
    m->msg_controllen = 0;
    m->msg_flags = 0;
    return (long)link.to_app.take(m->msg_iov, m->msg_iovlen);
}

} // namespace

bool inline_read(int fd, msghdr* m, int flags, long* result) {
    const ConnectionId id = inline_hint(fd);
    if (!id || t_inside)
        return false;
    if (flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL | MSG_CMSG_CLOEXEC)) {
        inline_settle(fd); // MSG_PEEK, MSG_WAITALL
        return false;
    }
    for (;;) {
        {
            const Inside inside;
            Hub& h = hub();
            h.lock_running();
            Link* link = verified(h, fd, id);
            if (link)
                *result = read_locked(*link, fd, m);
            const bool wake = link && (link->server_closed || link->to_server.backlog());
            h.lock.unlock();
            if (wake)
                h.wake();
            if (!link)
                return false;
        }
        if (*result != -EAGAIN || is_nonblocking(fd, flags))
            return true;
        pollfd p{fd, POLLIN, 0};
        int ready;
        if (!inline_poll(&p, 1, nullptr, nullptr, &ready))
            return false;
        if (ready < 0) {
            *result = ready;
            return true;
        }
    }
}

void inline_settle(int fd) {
    const ConnectionId id = inline_hint(fd);
    if (!id || t_inside)
        return;
    const Inside inside;
    Hub& h = hub();
    h.lock_running();
    if (Link* link = verified(h, fd, id)) {
        link->to_app.flush();
        if (!link->pump_reads)
            fetch(*link, false);
    }
    h.lock.unlock();
}

void leave_to_pump() {
    if (t_inside)
        return;
    const Inside inside;
    Hub& h = hub();
    bool wake = false;
    h.lock_running();
    for (const auto& link : h.links) {
        link->to_app.flush();
        if (!link->pump_reads)
            wake = link->pump_reads = true;
    }
    h.lock.unlock();
    if (wake)
        h.wake();
}

} // namespace glckpt::x11
