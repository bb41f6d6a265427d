#include "x11/transport/hub.h"
#include "base/service_thread.h"
#include "x11/clock.h"
#include "x11/move/loss.h"
#include "x11/transport/inline.h"
#include <cerrno>
#include <fcntl.h>
#include <new>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

namespace glckpt::x11 {
namespace {

// Beyond this much unread by one side, the other side is not read.
constexpr size_t kBacklog = 4 << 20;
// How long a server that the app's threads have watched stays unwatched when they cease to.
constexpr long kGuardNs = 10'000'000;

alignas(Hub) unsigned char g_storage[sizeof(Hub)];
std::atomic<Hub*> g_hub{nullptr};

} // namespace

Hub& hub() {
    // Never destroyed: the pump and the app's threads outlive static destruction.
    static Mutex making;
    if (Hub* h = g_hub.load(std::memory_order_acquire))
        return *h;
    Locked l(making);
    if (!g_hub.load(std::memory_order_acquire))
        g_hub.store(new (g_storage) Hub, std::memory_order_release);
    return *g_hub.load(std::memory_order_acquire);
}

void give_up_hub_after_fork() {
    Hub* old = g_hub.load(std::memory_order_acquire);
    if (!old)
        return;
    // The lock may be held by a thread that this process does not have. What the old one owned in
    // memory is left behind: it is the parent's, half-way through something.
    for (int fd = own_fd_base(); fd < own_fd_base() + 128; ++fd)
        for (const auto& link : old->links)
            if (link->app_fd == fd || link->server_fd == fd)
                own_fd_close(fd);
    forget_inline_fds();
    // This changes only while the app's threads are stopped, and so is whole.
    std::vector<Inheritance> inherited = old->inherited;
    const bool keeps_lost = old->keeps_lost;
    g_hub.store(new (g_storage) Hub, std::memory_order_release);
    hub().inherited = std::move(inherited);
    hub().keeps_lost = keeps_lost;
}

bool Hub::start() {
    if (wake_fd_ >= 0)
        return true;
    const auto adopt = [](long fd) { return fd < 0 ? -1 : own_fd_adopt((int)fd, OwnFd::InImage); };
    wake_fd_ = adopt(raw_syscall(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK));
    kick_fd_ = adopt(raw_syscall(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK));
    guard_fd_ = adopt(raw_syscall(SYS_timerfd_create, CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    return wake_fd_ >= 0 && kick_fd_ >= 0 && guard_fd_ >= 0 &&
           start_service_thread("glckpt-x11", pump_entry, this) == 0;
}

void Hub::wake() {
    const uint64_t one = 1;
    raw_syscall(SYS_write, wake_fd_, &one, sizeof one);
}

Site& Hub::site_for(const Address& asked) {
    for (Site& s : sites)
        if (s.asked.same_display(asked))
            return s;
    Site& site = sites.emplace_back();
    site.asked = asked;
    site.actual = redirect.value_or(asked);
    for (const Inheritance& i : inherited)
        if (i.asked.same_display(asked))
            site.actual = i.actual;
    begin_afresh(site);
    return site;
}

void Hub::begin_afresh(Site& site) {
    site.display = std::make_unique<Display>();
    site.display->journal.on = keeps_lost;
    for (const Inheritance& i : inherited)
        if (i.asked.same_display(site.asked) && i.actual.same_display(site.actual))
            site.display->known_clients = i.clients;
}

int Hub::open(int fd, const Address& asked) {
    Address to;
    {
        Locked l(lock);
        to = site_for(asked).actual;
    }
    const int server = connect_to(to);
    if (server < 0)
        return server;

    int pair[2];
    const long made = raw_syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
    if (made < 0) {
        raw_syscall(SYS_close, server);
        return (int)made;
    }
    // The app's number keeps its flags: close-on-exec, and non-blocking if it set that before.
    const long fd_flags = raw_syscall(SYS_fcntl, fd, F_GETFD);
    const long status = raw_syscall(SYS_fcntl, fd, F_GETFL);
    raw_syscall(SYS_fcntl, pair[0], F_SETFL, status & (O_NONBLOCK | O_ASYNC));
    struct stat st {};
    raw_syscall(SYS_fstat, pair[0], &st);

    Locked l(lock);
    if (!start())
        return -EMFILE;
    const int app_side = own_fd_adopt(pair[1], OwnFd::InImage);
    const int server_side = own_fd_adopt(server, OwnFd::Skip);
    raw_syscall(SYS_dup3, pair[0], fd, fd_flags & FD_CLOEXEC ? O_CLOEXEC : 0);
    raw_syscall(SYS_close, pair[0]);
    if (app_side < 0 || server_side < 0)
        return -EMFILE;
    Site& site = site_for(asked);
    site.server_pid = peer_pid(server_side);
    links.push_back(
        std::make_unique<Link>(*site.display, ++connections, app_side, server_side, st.st_ino));
    Connection& c = links.back()->engine;
    site.display->connections.push_back(&c);
    if (!site.actual.same_display(site.asked)) {
        Authority a = find_authority(site.actual);
        c.set_authority(std::move(a.name), std::move(a.data));
    }
    note_inline_fd(fd, c.id());
    wake();
    return 0;
}

void Hub::pump_entry(void* self) { static_cast<Hub*>(self)->pump(); }

void Hub::pump() {
    std::vector<pollfd> fds;
    std::vector<Link*> polled;
    int patience = -1;
    for (;;) {
        park_if_asked();
        {
            Locked l(lock);
            fds.assign({{wake_fd_, POLLIN, 0}, {guard_fd_, POLLIN, 0}});
            polled.clear();
            begin_flushes();
            patience = next_loss_work_ms(*this);
            for (const auto& link : links) {
                polled.push_back(link.get());
                if (link->lost) { // only the app's end is news
                    fds.push_back({link->app_closed ? -1 : link->app_fd, 0, 0});
                    fds.push_back({-1, 0, 0});
                    continue;
                }
                // A side is read unless the other is slow; written when something is left over.
                const short app = (short)((link->to_server.backlog_size() < kBacklog ? POLLIN : 0) |
                                          (link->to_app.backlog() ? POLLOUT : 0));
                const bool read = link->pump_reads && link->to_app.backlog_size() < kBacklog;
                const short server =
                    (short)((read ? POLLIN : 0) | (link->to_server.backlog() ? POLLOUT : 0));
                fds.push_back({link->app_closed ? -1 : link->app_fd, app, 0});
                // Also a hang-up is news, and would be told at once: so not at all, not with 0.
                fds.push_back(
                    {link->server_closed || server == 0 ? -1 : link->server_fd, server, 0});
            }
        }
        const long ready = raw_syscall(SYS_poll, fds.data(), fds.size(), patience);
        if (ready < 0)
            continue;
        if (fds[0].revents) {
            uint64_t count;
            raw_syscall(SYS_read, wake_fd_, &count, sizeof count);
            // Paused meanwhile? Then what poll saw may not be so any more.
            if (pause_wanted_.load(std::memory_order_acquire))
                continue;
        }
        Locked l(lock);
        if (fds[1].revents)
            guard();
        for (size_t i = 0; i < polled.size(); ++i)
            serve(*polled[i], fds[2 + 2 * i].revents, fds[3 + 2 * i].revents);
        do_loss_work(*this);
        remove_finished();
    }
}

// The app's threads read the server's side of a link themselves while they wait for it. They do
// not say when they will not be back (they may wait in ways that we do not see): so as long as
// they come and go, the pump looks in from time to time, and when they were not there for a whole
// period it takes over. A link that a thread waits for at this moment needs nobody else.
void Hub::arm_guard() {
    if (guard_armed_)
        return;
    guard_armed_ = true;
    const itimerspec once{{}, {0, kGuardNs}};
    raw_syscall(SYS_timerfd_settime, guard_fd_, 0, &once, nullptr);
}

void Hub::guard() {
    uint64_t count;
    raw_syscall(SYS_read, guard_fd_, &count, sizeof count);
    guard_armed_ = false;
    doubt_inline_fds(0, kInlineFds);
    bool again = false;
    for (const auto& link : links) {
        if (link->pump_reads || link->waiters > 0)
            continue;
        link->pump_reads = link->uses == link->uses_seen;
        link->uses_seen = link->uses;
        again |= !link->pump_reads;
    }
    if (again)
        arm_guard();
}

void Hub::renew() {
    renew_inline_fds();
    doubt_inline_fds(0, kInlineFds);
    guard_armed_ = false;
    for (const auto& link : links)
        link->pump_reads = link->waiters == 0;
}

void Hub::lock_running() {
    for (;;) {
        lock.lock();
        if (pause_wanted_.load(std::memory_order_acquire) == 0)
            return;
        lock.unlock();
        futex_wait(pause_wanted_, 1);
    }
}

void Hub::serve(Link& link, short app, short server) {
    if (server & POLLOUT)
        link.to_server.flush();
    if (app & POLLOUT)
        link.to_app.flush();
    if (app & (POLLIN | POLLHUP | POLLERR))
        link.pump_app();
    if (server & (POLLIN | POLLHUP | POLLERR))
        link.pump_server();
}

void Hub::remove_finished() {
    for (auto it = links.begin(); it != links.end();) {
        Link& link = **it;
        const bool closed = link.server_closed || link.to_server.broken();
        if ((closed && keep_lost(*this, link)) || !link.finished()) {
            ++it;
            continue;
        }
        Display& display = link.engine.display();
        display.forget_connection(&link.engine);
        own_fd_close(link.app_fd);
        own_fd_close(link.server_fd);
        forget_inline_fd(link.engine.id());
        it = links.erase(it);
        // A server may number everything anew when its last client has gone, and nothing of the
        // app's can refer to what was: begin afresh.
        if (display.connections.empty())
            for (Site& s : sites)
                if (s.display.get() == &display) {
                    begin_afresh(s);
                    s.lost = s.gone = false;
                }
    }
}

void Hub::begin_flushes() {
    for (Flush* f : flushes_) {
        if (f->begun)
            continue;
        f->begun = true;
        for (const auto& link : links) {
            if (link->engine.state() != Connection::State::Running)
                continue;
            while (link->app_has_written() && !link->app_closed)
                link->pump_app();
            f->left.fetch_add(1);
            link->pump_reads = true;
            link->engine.send_sync([this, f] {
                if (std::find(flushes_.begin(), flushes_.end(), f) == flushes_.end())
                    return; // given up
                if (f->left.fetch_sub(1) == 1)
                    futex_wake(f->left, 1);
            });
        }
        if (f->left.fetch_sub(1) == 1)
            futex_wake(f->left, 1);
    }
}

bool Hub::flush_to_server(uint64_t timeout_ns) {
    if (is_service_thread((int)raw_syscall(SYS_gettid)))
        return true;
    Flush f;
    {
        Locked l(lock);
        bool all_done = true;
        for (const auto& link : links) {
            SequenceMap& s = link->engine.sequence();
            all_done &= s.received() == s.server() && !link->app_has_written();
        }
        if (all_done)
            return true;
        flushes_.push_back(&f);
    }
    wake();
    const uint64_t give_up = timeout_ns ? monotonic_ns() + timeout_ns : 0;
    for (uint32_t left; (left = f.left.load()) != 0;) {
        const timespec slice{0, 50 << 20};
        futex_wait(f.left, left, &slice);
        if (give_up && monotonic_ns() > give_up)
            break;
    }
    Locked l(lock);
    flushes_.remove(&f);
    return f.left.load() == 0;
}

bool Hub::pause_pump(uint64_t deadline_ns) {
    pause_wanted_.store(1);
    if (wake_fd_ < 0)
        return true;
    wake();
    const uint64_t one = 1;
    raw_syscall(SYS_write, kick_fd_, &one, sizeof one);
    while (paused_.load() == 0) {
        if (monotonic_ns() > deadline_ns) {
            resume_pump();
            return false;
        }
        const timespec slice{0, 1 << 20};
        futex_wait(paused_, 0, &slice);
    }
    return true;
}

void Hub::resume_pump() {
    uint64_t count;
    raw_syscall(SYS_read, kick_fd_, &count, sizeof count);
    pause_wanted_.store(0);
    futex_wake(pause_wanted_, 1);
}

void Hub::park_if_asked() {
    while (pause_wanted_.load() != 0) {
        paused_.store(1);
        futex_wake(paused_, 1);
        futex_wait(pause_wanted_, 1);
    }
    paused_.store(0);
}

Site* Hub::main_site() {
    Site* first = nullptr;
    for (Site* s : sites_in_use())
        if (!first || (s->draws_gl && !first->draws_gl))
            first = s;
    return first;
}

std::vector<Site*> Hub::sites_in_use() {
    std::vector<Site*> out;
    for (Site& s : sites)
        if (s.in_use())
            out.push_back(&s);
    return out;
}

std::vector<Link*> Hub::links_of(const Display& display) {
    std::vector<Link*> out;
    for (const auto& link : links)
        if (&link->engine.display() == &display)
            out.push_back(link.get());
    return out;
}

Link* Hub::link_by_id(ConnectionId id) {
    for (const auto& link : links)
        if (link->engine.id() == id)
            return link.get();
    return nullptr;
}

Link* Hub::link_of_inode(uint64_t inode) {
    for (const auto& link : links)
        if (link->app_inode == inode)
            return link.get();
    return nullptr;
}

} // namespace glckpt::x11
