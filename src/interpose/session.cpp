#include "interpose/session.h"
#include "base/own_fds.h"
#include "base/send_fd.h"
#include "interpose/gl/encoder.h"
#include "interpose/live/endpoint.h"
#include "interpose/live/pruner.h"
#include "interpose/start_renderer.h"
#include <algorithm>
#include <cerrno>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace glckpt {

Status (*g_ws_attach)() = nullptr;

namespace {

std::atomic<Session*> g_session{nullptr};
Mutex g_session_lock;

[[noreturn]] void give_up(const char* why) {
    std::string line = std::string("glckpt: ") + why + "\n";
    raw_syscall(SYS_write, 2, line.data(), line.size());
    raw_syscall(SYS_exit_group, 1);
    __builtin_unreachable();
}

} // namespace

Session* Session::existing() { return g_session.load(std::memory_order_acquire); }

void Session::forget() { g_session.store(nullptr, std::memory_order_release); }

Session& Session::get() {
    if (Session* s = existing())
        return *s;
    Locked hold(g_session_lock);
    if (!existing())
        g_session.store(new Session, std::memory_order_release);
    return *existing();
}

Session::Session() {
    if (const char* env = getenv("GLCKPT_RENDERER_ENV")) {
        std::string_view rest = env;
        while (!rest.empty()) {
            const size_t end = std::min(rest.find('\n'), rest.size());
            if (end)
                renderer_env_.emplace_back(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    start_renderer();
}

void Session::add_renderer_env(const std::string& setting) { renderer_env_.push_back(setting); }

bool Session::ignores_refused_calls() const {
    static constexpr std::string_view kSetting = "GLCKPT_REFUSED_CALLS=warn";
    const char* env = getenv("GLCKPT_REFUSED_CALLS");
    return (env && strcmp(env, "warn") == 0) ||
           std::find(renderer_env_.begin(), renderer_env_.end(), kSetting) != renderer_env_.end();
}

void Session::start_renderer() {
    int sockets[2];
    if (const long r = raw_syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets);
        r < 0)
        give_up("cannot make a socket for the renderer");
    renderer_pid_ = start_by_spawner(sockets[1]);
    if (renderer_pid_ <= 0)
        renderer_pid_ = spawn_renderer(sockets[1], renderer_env_);
    raw_syscall(SYS_close, sockets[1]);
    if (renderer_pid_ < 0)
        give_up("cannot start the renderer (glckpt-renderer beside libglckpt.so)");
    if (socket_ < 0)
        socket_ = own_fd_adopt(sockets[0], OwnFd::Skip);
    else
        own_fd_replace(socket_, sockets[0]);
    const auto a = ask(log::Ask::Hello, log::kProtocol);
    uint32_t protocol = log::kProtocol;
    if (a.size() == 4)
        memcpy(&protocol, a.data(), 4);
    if (protocol != log::kProtocol)
        give_up("the renderer is of another version of glckpt");
    send_large_again();
}

void Session::expect_many_renderers() {
    // What is preloaded into renderers may count on being told of each of them.
    for (const std::string& setting : renderer_env_)
        if (setting.starts_with("LD_PRELOAD="))
            return;
    if (spawner_ >= 0 && spawner_env_ == renderer_env_)
        return;
    int sockets[2];
    if (raw_syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
        return;
    const int pid = spawn_renderer(sockets[1], renderer_env_, renderer_pid_);
    raw_syscall(SYS_close, sockets[1]);
    if (pid < 0) {
        raw_syscall(SYS_close, sockets[0]);
        return;
    }
    if (spawner_ < 0)
        spawner_ = own_fd_adopt(sockets[0], OwnFd::Skip);
    else
        own_fd_replace(spawner_, sockets[0]);
    spawner_env_ = renderer_env_;
    // It looks at the renderer that is there now; it answers when it has seen it.
    int32_t ready = 0;
    receive_all(spawner_, &ready, sizeof ready);
}

// The pid of a renderer with `socket`; 0 if there is no spawner for it (none in a restarted
// process).
int Session::start_by_spawner(int socket) {
    int32_t pid = 0;
    const char ask = 1;
    if (spawner_ < 0 || spawner_env_ != renderer_env_ ||
        !send_all(spawner_, &ask, sizeof ask, socket) || !receive_all(spawner_, &pid, sizeof pid))
        return 0;
    return pid;
}

bool Session::receive_all(int socket, void* p, size_t n) {
    char* at = static_cast<char*>(p);
    while (n > 0) {
        const long r = raw_syscall(SYS_recvfrom, socket, at, n, MSG_WAITALL, 0, 0);
        if (r == -EINTR)
            continue;
        if (r <= 0)
            return false;
        at += r;
        n -= (size_t)r;
    }
    return true;
}

bool Session::try_ask(log::Ask kind, std::span<const char> question, int fd,
                      std::vector<char>* answer) {
    Locked hold(ask_lock_);
    if (attaching_ && !alone_with_renderer())
        return false;
    const log::AskHeader h{kind, (uint32_t)question.size()};
    log::AskHeader back{};
    if (!send_all(socket_, &h, sizeof h, fd) ||
        !send_all(socket_, question.data(), question.size()) ||
        !receive_all(socket_, &back, sizeof back))
        return false;
    answer->resize(back.bytes);
    return receive_all(socket_, answer->data(), answer->size());
}

std::vector<char> Session::ask(log::Ask kind, std::span<const char> question, int fd) {
    std::vector<char> answer;
    for (;;) {
        const uint32_t generation = generation_.load();
        if (try_ask(kind, question, fd, &answer))
            return answer;
        if (alone_with_renderer()) // finds out (renderer_is_dead) and does what is to be done
            return {};
        Pruner::get().wake();
        const timespec limit{0, 100'000'000};
        futex_wait(generation_, generation, &limit);
    }
}

void Session::begin_attach() {
    Locked hold(ask_lock_);
    attaching_ = true;
}

void Session::end_attach() {
    {
        Locked hold(ask_lock_);
        attaching_ = false;
    }
    generation_.fetch_add(1);
    futex_wake(generation_, 64);
}

bool Session::renderer_is_dead() {
    char byte;
    const long r = raw_syscall(SYS_recvfrom, socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT, 0, 0);
    return r == 0 || (r < 0 && r != -EAGAIN && r != -EINTR);
}

void Session::stop_renderer() {
    // Shut down rather than closed: the number stays ours. The renderer ends at the end of file.
    raw_syscall(SYS_shutdown, socket_, SHUT_RDWR);
}

void Session::send_stream(Context* c, Context* share_with, int fd, bool attaching) {
    const log::AddStreamQuestion q{c->id, share_with ? share_with->id : 0, c->api == Api::GlCore,
                                   attaching};
    ask(log::Ask::AddStream, std::span<const char>((const char*)&q, sizeof q), fd);
}

log::SwitchAnswer Session::switch_stream(Context* c) {
    const auto a = ask(log::Ask::SwitchStream,
                       std::span<const char>((const char*)&c->id, sizeof c->id), c->stream.fd());
    log::SwitchAnswer s{};
    if (a.size() == sizeof s)
        memcpy(&s, a.data(), sizeof s);
    return s;
}

void Session::add_stream(Context* c, Context* share_with) {
    {
        Locked hold(g_session_lock);
        if (!c->id)
            c->id = next_stream_++;
        contexts_.push_back(c);
    }
    if (const int r = c->stream.create(c->id); r < 0)
        give_up("out of memory or descriptors for a context's stream");
    // A renderer that comes in between gets the stream twice: it passes over the second.
    Pruner::get().add(c);
    send_stream(c, share_with, c->stream.fd(), false);
}

void Session::remove_stream(Context* c) {
    end_context(c);
    ask(log::Ask::RemoveStream, c->id);
    c->stream.destroy();
    Locked hold(g_session_lock);
    std::erase(contexts_, c);
}

const char* Session::large_data(uint32_t index) {
    Locked hold(large_lock_);
    const auto it = large_.find(index);
    return it == large_.end() ? nullptr : it->second.p;
}

// The object stays open until it is freed: a renderer that comes while it is in transit gets it,
// too.
char* Session::large_reserve(size_t bytes, uint32_t* index) {
    const int fd = own_fd_adopt((int)raw_syscall(SYS_memfd_create, "glckpt-large", MFD_CLOEXEC),
                                OwnFd::InImage);
    if (fd < 0 || raw_syscall(SYS_ftruncate, fd, bytes) < 0)
        give_up("out of memory or descriptors for a large payload");
    const long p =
        raw_syscall(SYS_mmap, 0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (p < 0 && p > -4096)
        give_up("out of memory for a large payload");
    {
        Locked hold(large_lock_);
        *index = next_large_++;
        large_[*index] = {(char*)p, bytes, fd};
    }
    const log::AddLargeQuestion q{*index, 0, bytes};
    ask(log::Ask::AddLarge, std::span<const char>((const char*)&q, sizeof q), fd);
    return (char*)p;
}

void Session::send_large_again() {
    Locked hold(large_lock_);
    std::vector<char> answer;
    for (const auto& [index, l] : large_) {
        const log::AddLargeQuestion q{index, 0, l.bytes};
        try_ask(log::Ask::AddLarge, std::span<const char>((const char*)&q, sizeof q), l.fd,
                &answer);
    }
}

bool Session::many_large() {
    Locked hold(large_lock_);
    return large_.size() >= kManyLarge;
}

void Session::large_free(uint32_t index) {
    Large l{};
    {
        Locked hold(large_lock_);
        const auto it = large_.find(index);
        if (it == large_.end())
            return;
        l = it->second;
        large_.erase(it);
        own_fd_close(l.fd);
    }
    ask(log::Ask::DropLarge, index);
    raw_syscall(SYS_munmap, l.p, l.bytes);
}

char* encode::large_reserve(size_t bytes, uint32_t* index) {
    return Session::get().large_reserve(bytes, index);
}
void encode::large_throttle(log::Stream& s) {
    while (s.has_pruner && !s.in_draw() && Session::get().many_large()) {
        s.publish();
        Pruner::get().wake();
        const timespec t{0, 200'000};
        raw_syscall(SYS_nanosleep, &t, 0);
    }
}
void encode::large_free(uint32_t index) { Session::get().large_free(index); }

Context* new_context(Api api, Context* share_with) {
    auto* c = new Context;
    c->api = api;
    c->group = share_with ? share_with->group : std::make_shared<ShareGroup>();
    // Whatever the other contexts have published so far comes before this one's first batch.
    c->stream.order = &c->group->order;
    c->group->order.streams.fetch_add(1);
    Session::get().add_stream(c, share_with);
    Locked hold(c->group->lock);
    c->group->contexts.push_back(c);
    c->stream.persistent_maps = !c->group->persistent.empty();
    return c;
}

// What it did to objects of its group, and to what it drew on, outlives it.
void end_context(Context* c) {
    c->stream.wait_executed();
    Pruner::get().remove(c);
}

void destroy_context(Context* c) {
    Session::get().remove_stream(c);
    c->group->order.streams.fetch_sub(1);
    {
        Locked hold(c->group->lock);
        std::erase(c->group->contexts, c);
    }
    delete c;
}

} // namespace glckpt
