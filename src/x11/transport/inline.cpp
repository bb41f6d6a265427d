#include "x11/transport/inline.h"
#include "x11/transport/hub.h"
#include "x11/transport/libc.h"
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

namespace glckpt::x11 {

std::atomic<ConnectionId> g_inline_fds[kInlineFds];

namespace {
std::atomic<bool> g_compared[kInlineFds]; // and found to be what it should
} // namespace

void note_inline_fd(int fd, ConnectionId id) {
    if ((unsigned)fd >= kInlineFds)
        return;
    g_compared[fd].store(false, std::memory_order_relaxed);
    g_inline_fds[fd].store(id, std::memory_order_relaxed);
}

void doubt_inline_fds(unsigned first, unsigned last) {
    for (unsigned fd = first; fd <= last && fd < kInlineFds; ++fd)
        g_compared[fd].store(false, std::memory_order_relaxed);
}

void forget_inline_fd(ConnectionId id) {
    for (auto& slot : g_inline_fds)
        if (slot.load(std::memory_order_relaxed) == id)
            slot.store(0, std::memory_order_relaxed);
}

void forget_inline_fds() {
    for (auto& slot : g_inline_fds)
        slot.store(0, std::memory_order_relaxed);
}

namespace {

uint64_t socket_inode(int fd) {
    struct stat st {};
    return raw_syscall(SYS_fstat, fd, &st) == 0 && S_ISSOCK(st.st_mode) ? st.st_ino : 0;
}

} // namespace

void drop_stale_inline_fds() {
    for (int fd = 0; fd < kInlineFds; ++fd)
        if (const ConnectionId id = inline_hint(fd)) {
            const Link* link = hub().link_by_id(id);
            if (!link || link->app_inode != socket_inode(fd))
                note_inline_fd(fd, 0);
        }
}

void renew_inline_fds() {
    for (int fd = 0; fd < kInlineFds; ++fd)
        if (Link* link = inline_hint(fd) ? hub().link_by_id(inline_hint(fd)) : nullptr)
            link->app_inode = socket_inode(fd);
}

namespace {

// A signal handler of the app's may write or wait while this thread is at it already: it takes the
// long way then, and cannot wait for a lock that it holds itself.
thread_local bool t_inside = false;
struct Inside {
    Inside() { t_inside = true; }
    ~Inside() { t_inside = false; }
};

// With the lock held: the link whose app's end `fd` is, if it can be served here.
Link* verified(Hub& h, int fd, ConnectionId id) {
    Link* link = h.link_by_id(id);
    if (!link || link->app_closed || link->server_closed || link->to_server.broken())
        return nullptr;
    if (!g_compared[fd].load(std::memory_order_relaxed)) {
        if (link->app_inode != socket_inode(fd))
            return nullptr;
        g_compared[fd].store(true, std::memory_order_relaxed);
        h.arm_guard();
    }
    return link;
}

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
    while (w.link().to_server.backlog_size() > kBacklog) {
        if (is_nonblocking(fd, flags))
            return -EAGAIN;
        if (!w.wait())
            return -EPIPE;
    }
    Source source(vectors, count);
    const long total = (long)source.left();
    while (source.left() > 0) {
        Link& link = w.link();
        source.take(link.from_app, source.left() <= kSmall ? kSmall : kPiece);
        link.engine.from_client(link.from_app);
        if (link.from_app.empty() || source.left() == 0)
            continue;
        const size_t passing = link.engine.let_pass(link.from_app, source.left());
        if (passing == 0)
            continue;
        const DirectWrite rest = source.direct(passing);
        source.skip(passing);
        if (!w.send_rest(rest))
            return -EPIPE;
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

namespace {

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

namespace {

constexpr nfds_t kMostFds = 256;
constexpr int kMostLinks = 4;

// One of the app's descriptors in a wait that is a connection.
struct Watched {
    nfds_t index;
    ConnectionId id;
    int server_fd;
    bool kept;   // there is something for the app already
    bool reads;  // what the server sends: not while the app has not read what there is
    bool writes; // the app asks whether it may write
};

// A wait of one thread's: it counts among the links' waiters as long as this exists.
class Wait {
  public:
    Wait(Hub& h, const pollfd* fds, nfds_t n) : hub_(h) {
        const Inside inside;
        h.lock_running();
        bool wake = false;
        for (nfds_t i = 0; i < n && count_ < kMostLinks; ++i) {
            const ConnectionId id = inline_hint(fds[i].fd);
            Link* link = id ? verified(h, fds[i].fd, id) : nullptr;
            if (!link)
                continue;
            if (link->to_server.backlog())
                link->to_server.flush();
            wake |= link->pump_reads;
            link->pump_reads = false;
            ++link->waiters;
            ++link->uses;
            const bool kept = link->to_app.backlog();
            kept_ |= kept && (fds[i].events & POLLIN);
            links_[count_++] = {i,    id,    link->server_fd,
                                kept, !kept, (fds[i].events & POLLOUT) != 0};
        }
        h.lock.unlock();
        if (wake)
            h.wake();
    }
    // Also when the thread is cancelled. The connections, or the hub, may be others by now.
    ~Wait() {
        const Inside inside;
        hub_.lock.lock();
        bool leave = false;
        for (int i = 0; i < count_; ++i)
            if (Link* link = hub_.link_by_id(links_[i].id)) {
                --link->waiters;
                leave |= link->waiters == 0;
            }
        if (leave)
            hub_.arm_guard();
        hub_.lock.unlock();
    }
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;

    int count() const { return count_; }
    const Watched& operator[](int i) const { return links_[i]; }
    bool anything_kept() const { return kept_; }

    // After the server's side was found readable or writable: what of it the app's poll tells.
    short serve(const Watched& w, short server) {
        const Inside inside;
        hub_.lock_running();
        Link* link = hub_.link_by_id(w.id);
        short told = 0;
        bool wake = true; // it is gone: let the pump say so to the app
        if (link) {
            link->to_server.flush();
            if ((server & (POLLIN | POLLHUP | POLLERR)) && fetch(*link, link->waiters == 1))
                told |= POLLIN;
            if ((server & POLLOUT) && !link->to_server.backlog())
                told |= POLLOUT;
            wake = link->server_closed || link->to_server.backlog();
        }
        hub_.lock.unlock();
        if (wake)
            hub_.wake();
        return told;
    }

  private:
    Hub& hub_;
    Watched links_[kMostLinks];
    int count_ = 0;
    bool kept_ = false;
};

uint64_t now_ns() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1'000'000'000 + (uint64_t)t.tv_nsec;
}

// What is left of a time-out. In a restarted process the clock may be another: never more than it
// was at first.
class Patience {
  public:
    explicit Patience(const timespec* t) : original_(t) {
        if (t)
            until_ = now_ns() + (uint64_t)t->tv_sec * 1'000'000'000 + (uint64_t)t->tv_nsec;
    }
    const timespec* left() {
        if (!original_ || (original_->tv_sec == 0 && original_->tv_nsec == 0) || fresh_) {
            fresh_ = false;
            return original_;
        }
        const uint64_t now = now_ns();
        const uint64_t ns = now < until_ ? until_ - now : 0;
        left_ = {(time_t)(ns / 1'000'000'000), (long)(ns % 1'000'000'000)};
        const bool longer =
            left_.tv_sec > original_->tv_sec ||
            (left_.tv_sec == original_->tv_sec && left_.tv_nsec > original_->tv_nsec);
        return longer ? original_ : &left_;
    }

  private:
    const timespec* original_;
    uint64_t until_ = 0;
    timespec left_{};
    bool fresh_ = true;
};

bool any_hint(const pollfd* fds, nfds_t n) {
    for (nfds_t i = 0; i < n; ++i)
        if (inline_hint(fds[i].fd))
            return true;
    return false;
}

// One round: > 0 ready, 0 timed out, < 0 -errno, kAgain: nothing for the app.
constexpr int kAgain = -100000;

int poll_once(Wait& wait, pollfd* fds, nfds_t n, const timespec* left, const sigset_t* mask) {
    pollfd own[kMostFds + kMostLinks + 1];
    memcpy(own, fds, n * sizeof *fds);
    for (int i = 0; i < wait.count(); ++i) {
        const Watched& w = wait[i];
        // The socketpair always takes more: whether the server does is the question.
        own[w.index].events = (short)(fds[w.index].events & ~POLLOUT);
        const short events = (short)((w.reads ? POLLIN : 0) | (w.writes ? POLLOUT : 0));
        own[n + i] = {events ? w.server_fd : -1, events, 0};
    }
    own[n + wait.count()] = {hub().kick_fd(), POLLIN, 0};
    constexpr timespec kNoWait{};
    const int r =
        libc().ppoll(own, n + wait.count() + 1, wait.anything_kept() ? &kNoWait : left, mask);
    if (r < 0 || (r == 0 && !wait.anything_kept()))
        return r < 0 ? -errno : 0;
    int ready = 0;
    for (int i = 0; i < wait.count(); ++i) {
        const Watched& w = wait[i];
        short told = w.kept ? POLLIN : 0;
        if (const short server = own[n + i].revents)
            told = (short)(told | wait.serve(w, server));
        own[w.index].revents = (short)(own[w.index].revents | (told & fds[w.index].events));
    }
    for (nfds_t i = 0; i < n; ++i) {
        fds[i].revents = own[i].revents;
        ready += own[i].revents != 0;
    }
    return ready ? ready : kAgain;
}

} // namespace

bool inline_poll(pollfd* fds, nfds_t n, const timespec* timeout, const sigset_t* mask,
                 int* result) {
    if (n > kMostFds || !any_hint(fds, n) || t_inside)
        return false;
    Patience patience(timeout);
    int r;
    do {
        Wait wait(hub(), fds, n);
        if (wait.count() == 0)
            return false;
        r = poll_once(wait, fds, n, patience.left(), mask);
    } while (r == kAgain);
    *result = r;
    return true;
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
