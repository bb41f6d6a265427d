// Waiting in the short way (see inline.h): poll and its kin on a connection of the app's.
#include "x11/transport/inline_within.h"
#include "x11/transport/libc.h"
#include <cerrno>

namespace glckpt::x11 {
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
            // Once: who reads past us after that finds it in the socketpair.
            const bool alone = link->waiters == 1;
            const bool promise =
                (server & POLLIN) && alone && !link->promised && link->passes_directly();
            if (promise)
                link->promised = true;
            if (promise ||
                ((server & (POLLIN | POLLHUP | POLLERR)) && fetch(*link, alone && !link->promised)))
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

} // namespace glckpt::x11
