// glckpt-renderer: the process that holds the real driver.
//
// Started by the app's side (src/interpose/session.cpp) as "glckpt-renderer <app pid>" with the
// control socket as descriptor 3. Answers questions on it; each context's stream gets a thread.
// It ends when the app does, or when the app drops it for another renderer.
#include "base/lock.h"
#include "base/send_fd.h"
#include "log/control.h"
#include "replay/probe.h"
#include "replay/readback.h"
#include "replay/spawner.h"
#include "replay/stream.h"
#include "replay/ws/ws.h"
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <malloc.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace glckpt::replay {
namespace {

constexpr int kControl = 3;

Driver g_driver;
bool g_driver_loaded = false;
std::mutex g_streams_lock;
std::unordered_map<uint32_t, std::unique_ptr<Stream>> g_streams;

[[noreturn]] void end(int status) {
    // No destructors: driver threads may be in the middle of anything.
    fflush(stderr);
    _exit(status);
}

void write_all(const void* from, size_t n) {
    const char* p = static_cast<const char*>(from);
    while (n > 0) {
        const ssize_t r = send(kControl, p, n, MSG_NOSIGNAL);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            end(0);
        p += r;
        n -= (size_t)r;
    }
}

template <class T>
T take(std::vector<char>& q, size_t at) {
    T v{};
    if (at + sizeof v <= q.size())
        memcpy(&v, q.data() + at, sizeof v);
    return v;
}

std::vector<char> add_stream(std::vector<char>& q, int fd) {
    if (find_stream(take<log::AddStreamQuestion>(q, 0).id)) {
        close(fd); // this renderer came, and was attached, while the app's side was asking
        return {};
    }
    auto s = map_stream(fd);
    if (!s) {
        fprintf(stderr, "glckpt: renderer: a stream could not be mapped\n");
        end(1);
    }
    const auto add = take<log::AddStreamQuestion>(q, 0);
    std::lock_guard hold(g_streams_lock);
    std::shared_ptr<Group> group;
    if (const auto it = g_streams.find(add.share_with); it != g_streams.end())
        group = it->second->exec->group;
    else
        group = std::make_shared<Group>();
    ++group->contexts;
    s->exec = std::make_unique<Exec>(g_driver, group, *s);
    s->exec->core_profile = add.core_profile != 0;
    s->attaching = add.attaching != 0;
    if (s->attaching)
        hold_streams();
    Stream& ref = *s;
    g_streams[add.id] = std::move(s);
    ref.thread = std::thread([&ref] {
        char name[16];
        snprintf(name, sizeof name, "gl-%u", ref.id);
        prctl(PR_SET_NAME, name);
        run_stream(ref);
    });
    return {};
}

template <class T>
std::vector<char> bytes_of(const T& v) {
    const char* p = reinterpret_cast<const char*>(&v);
    return {p, p + sizeof v};
}

std::vector<char> change_stream(std::vector<char>& q, int fd) {
    Stream* s = find_stream(take<uint32_t>(q, 0));
    auto main = map_stream(fd);
    if (!s || !main)
        end(1);
    return bytes_of(switch_stream(*s, std::move(main)));
}

std::vector<char> remove_stream(std::vector<char>& q) {
    std::unique_ptr<Stream> s;
    {
        std::lock_guard hold(g_streams_lock);
        const auto it = g_streams.find(take<uint32_t>(q, 0));
        if (it == g_streams.end())
            return {};
        s = std::move(it->second);
        g_streams.erase(it);
    }
    s->end.store(true);
    // Out of its sleep at once: piglit makes and destroys 800 contexts in a row.
    s->shared->publish_word.fetch_add(1);
    futex_wake(s->shared->publish_word, 1);
    s->thread.join();
    --s->exec->group->contexts;
    unmap_stream(*s);
    return {};
}

std::vector<char> answer(log::AskHeader h, std::vector<char>& q, int fd) {
    switch (h.kind) {
    case log::Ask::Hello: {
        std::vector<char> a(4);
        memcpy(a.data(), &log::kProtocol, 4);
        return a;
    }
    case log::Ask::AddStream:
        return add_stream(q, fd);
    case log::Ask::RemoveStream:
        return remove_stream(q);
    case log::Ask::AddLarge:
        add_large(take<uint32_t>(q, 0), take<uint64_t>(q, 8), fd);
        return {};
    case log::Ask::DropLarge:
        drop_large(take<uint32_t>(q, 0));
        return {};
    case log::Ask::Pause:
        return bytes_of((uint32_t)pause_streams());
    case log::Ask::Resume:
        ws_let_windows_go();
        resume_streams();
        return {};
    case log::Ask::SwitchStream:
        return change_stream(q, fd);
    case log::Ask::Readback:
        return readback(q);
    case log::Ask::Probe:
        return probe(q);
    default:
        return ws_answer(h.kind, q);
    }
}

void serve(int app) {
    for (;;) {
        pollfd p[2] = {{kControl, POLLIN, 0}, {app, POLLIN, 0}};
        if (poll(p, app < 0 ? 1 : 2, -1) < 0 && errno != EINTR)
            end(1);
        if (app >= 0 && p[1].revents)
            end(0); // the app is gone, though a child of it may still hold the socket
        if (!(p[0].revents & (POLLIN | POLLHUP)))
            continue;
        log::AskHeader h;
        int fd = -1;
        if (!receive_all(kControl, &h, sizeof h, &fd))
            end(0);
        std::vector<char> q(h.bytes);
        if (!receive_all(kControl, q.data(), q.size()))
            end(0);
        const std::vector<char> a = answer(h, q, fd);
        const log::AskHeader back{h.kind, (uint32_t)a.size()};
        write_all(&back, sizeof back);
        write_all(a.data(), a.size());
    }
}

} // namespace

void context_became_current(Exec& x) {
    static std::mutex once;
    std::lock_guard hold(once);
    if (g_driver_loaded)
        return;
    static thread_local uint32_t id;
    id = x.stream.id;
    g_driver.load([](const char* name) { return ws_proc(id, name); });
    g_driver_loaded = true;
}

Stream* find_stream(uint32_t id) {
    std::lock_guard hold(g_streams_lock);
    const auto it = g_streams.find(id);
    return it == g_streams.end() ? nullptr : it->second.get();
}

void for_each_stream(const std::function<void(Stream&)>& f) {
    std::lock_guard hold(g_streams_lock);
    for (auto& [id, s] : g_streams)
        f(*s);
}

void frame_done(Stream& s) { notify_progress(s); }

} // namespace glckpt::replay

int main(int argc, char** argv) {
    using namespace glckpt::replay;
    if (argc != 2 && argc != 4) {
        fprintf(stderr, "glckpt-renderer is started by glckpt, not by hand\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    // The app may be signalled as a group (^C); the renderer ends when the app has ended.
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    // The drivers allocate and free a frame's buffers over and over, on threads of their own. glibc
    // would give such memory back to the system at each free and fault it in again: measured with
    // glmark2's buffer scenes, ten times the page faults and a third more CPU.
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
    mallopt(M_TOP_PAD, 16 << 20);
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    if (argc == 4)
        spawn_renderers(kControl, atoi(argv[3])); // returns in each renderer
    const int app = (int)syscall(SYS_pidfd_open, atoi(argv[1]), 0);
    serve(app);
}
