#include "x11/move/exchange.h"
#include "x11/clock.h"
#include <poll.h>

namespace glckpt::x11 {

Exchange::Exchange(std::vector<Link*> links, uint64_t deadline_ns)
    : links_(std::move(links)), deadline_(deadline_ns) {
    for (const Link* l : links_)
        asked_before_.push_back(l->engine.asked());
}

Link* Exchange::any() const {
    for (Link* l : links_)
        if (l->engine.state() == Connection::State::Running && !l->server_closed)
            return l;
    return nullptr;
}

Link* Exchange::link_of(ConnectionId id) const {
    for (Link* l : links_)
        if (l->engine.id() == id)
            return l;
    return any();
}

template <class Done>
bool Exchange::wait(Done done) {
    std::vector<pollfd> fds;
    while (!done()) {
        const uint64_t now = monotonic_ns();
        if (now >= deadline_) {
            timed_out_ = true;
            return false;
        }
        fds.clear();
        for (Link* l : links_)
            fds.push_back({l->server_closed ? -1 : l->server_fd,
                           (short)(POLLIN | (l->to_server.backlog() ? POLLOUT : 0)), 0});
        raw_syscall(SYS_poll, fds.data(), fds.size(), (deadline_ - now) / 1'000'000 + 1);
        for (size_t i = 0; i < links_.size(); ++i) {
            if (fds[i].revents & POLLOUT)
                links_[i]->to_server.flush();
            if (fds[i].revents & (POLLIN | POLLHUP | POLLERR))
                links_[i]->pump_server();
            lost_ |= links_[i]->server_closed;
        }
        if (lost_ && !done())
            return false;
    }
    return true;
}

// The callers' answers go into what is gone when they return.
Exchange::~Exchange() {
    if (timed_out_ || lost_)
        for (size_t i = 0; i < links_.size(); ++i)
            links_[i]->engine.give_up_asking(asked_before_[i]);
}

bool Exchange::sync(Link& link) {
    if (lost_ || timed_out_)
        return false;
    bool done = false;
    link.engine.send_sync([&done] { done = true; });
    return wait([&done] { return done; });
}

bool Exchange::settle() {
    return wait([this] {
        for (const Link* l : links_)
            if (l->engine.state() == Connection::State::ServerSetup && !l->server_closed)
                return false;
        return true;
    });
}

bool Exchange::sync_all() {
    for (Link* l : links_)
        if (l->engine.state() == Connection::State::Running && !sync(*l))
            return false;
    return true;
}

std::string Exchange::why() const {
    if (lost_)
        return "the X server closed the connection";
    return "the X server does not answer: another client may hold it grabbed, or it hangs";
}

} // namespace glckpt::x11
