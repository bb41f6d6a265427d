#include "ckpt/control/server.h"
#include "base/lock.h"
#include "base/own_fds.h"
#include "base/service_thread.h"
#include "ckpt/checkpoint.h"
#include "ckpt/control/from_inside.h"
#include "ckpt/control/on_sigterm.h"
#include "ckpt/control/protocol.h"
#include "ckpt/lineage.h"
#include "ckpt/restart.h"
#include "ckpt/text.h"
#include "ckpt/tree/discover.h"
#include "ckpt/tree/member.h"
#include "ckpt/tree/registry.h"
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace glckpt::ckpt {
namespace {

// Descriptors of OwnFd::Skip; -1: none. Two listeners: the program's pid, and in a restarted
// program that of the glckpt-restore which stands for it.
struct Server {
    int listener = -1, tool_listener = -1;
    int wake = -1;
    int client = -1;  // being served
    int mark = -1;    // tells which tree this process belongs to (tree/registry.h)
    unsigned uid = 0; // in the names, whoever the program becomes later
    Settings settings;
    uint64_t next_interval_ns = 0;
};
Server g_server;

int adopt(long fd) { return fd < 0 ? (int)fd : own_fd_adopt((int)fd, OwnFd::Skip); }

int listen_as(const std::string& name) {
    const long s = raw_syscall(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        return -1;
    sockaddr_un a;
    const unsigned bytes = abstract_address(name, &a);
    if (raw_syscall(SYS_bind, s, &a, bytes) < 0 || raw_syscall(SYS_listen, s, 8) < 0) {
        raw_syscall(SYS_close, s);
        return -1;
    }
    return adopt(s);
}

int hold_mark() {
    const long s = raw_syscall(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un a;
    const unsigned bytes = abstract_address(mark_name(own_pid()), &a);
    raw_syscall(SYS_bind, s, &a, bytes);
    raw_syscall(SYS_shutdown, s, SHUT_RDWR); // nobody need send anything here
    return adopt(s);
}

void open_sockets() {
    g_server.mark = hold_mark();
    g_server.listener = listen_as(process_name(g_server.uid, own_pid()));
    g_server.tool_listener = tool_pid() > 0 ? listen_as(tool_name(g_server.uid, tool_pid())) : -1;
    g_server.wake = adopt(raw_syscall(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK));
}

void note_error(const Status& s) {
    const std::string line = "glckpt: " + s.why() + "\n";
    raw_syscall(SYS_write, 2, line.data(), line.size());
}

// A checkpoint that nobody waits for: by signal or by interval. In a tree, the root takes it.
bool passed_to_root() {
    const int root = root_of_tree();
    if (root == own_pid())
        return false;
    const UniqueFd s(connect_to_process(root));
    Message m;
    m.add("op", "unattended");
    return s.ok() && send_message(s.get(), m);
}

void unattended(Afterwards afterwards = Afterwards::Continue) {
    if (passed_to_root())
        return;
    CheckpointRequest r;
    r.afterwards = afterwards;
    r.profile = g_server.settings.profile;
    r.external = g_server.settings.external;
    r.timeout_s = g_server.settings.timeout_s;
    const auto keep_newest = [&r](const CheckpointResult& done) {
        note_written_image(r, done.image, g_server.settings.keep);
    };
    auto result = take_checkpoint(r, g_server.settings, nullptr, keep_newest);
    if (result)
        return;
    note_error(result.status());
    if (afterwards == Afterwards::Kill)
        pass_sigterm_on();
}

void answer_failure(int client, const Status& s) {
    Message m;
    m.add("event", "failed");
    m.add("code", format("%d", (int)s.code()));
    m.add("why", s.why());
    send_message(client, m);
}

// Another process leads the tree.
void answer_moved(int client, int root) {
    Message m;
    m.add("event", "moved");
    m.add("name", process_name(g_server.uid, root).substr(1));
    send_message(client, m);
}

void answer_done(int client, const CheckpointResult& r) {
    Message m;
    m.add("event", "done");
    m.add("image", r.image);
    m.add("bytes", format("%lu", (unsigned long)r.bytes));
    m.add("kind", r.incremental ? "incremental" : "full");
    m.add("way", r.way);
    m.add("pause_ms", format("%.3f", r.pause_ms));
    m.add("total_ms", format("%.3f", r.total_ms));
    m.add("pids", format("%d", seen_pid()) + r.other_pids);
    send_message(client, m);
}

void serve_checkpoint(int client, const Message& m) {
    CheckpointRequest r;
    r.output = m.get("output");
    r.profile = g_server.settings.profile;
    r.external = g_server.settings.external;
    r.timeout_s = std::max(1u, (unsigned)Scanner(m.get("timeout", "10")).decimal());
    if (!m.get("profile").empty())
        parse_profile(m.get("profile"), r.profile);
    if (!m.get("ext-sockets").empty())
        parse_external(m.get("ext-sockets"), r.external);
    const std::string kind = m.get("kind");
    r.kind = kind == "full"          ? ImageKind::Full
             : kind == "incremental" ? ImageKind::Incremental
                                     : ImageKind::AsSet;
    const std::string after = m.get("after");
    r.afterwards = after == "stop"   ? Afterwards::StayStopped
                   : after == "kill" ? Afterwards::Kill
                                     : Afterwards::Continue;
    uint64_t last = 0;
    const Progress progress = [&](const char* phase, double done) {
        const uint64_t now = clock_ns(CLOCK_MONOTONIC);
        if (now - last < 100'000'000)
            return;
        last = now;
        Message p;
        p.add("event", "progress");
        p.add("phase", phase);
        p.add("done", format("%.3f", done));
        send_message(client, p);
    };
    auto result =
        take_checkpoint(r, g_server.settings, progress, [&](const CheckpointResult& done) {
            note_written_image(r, done.image, g_server.settings.keep);
            answer_done(client, done);
        });
    if (!result)
        answer_failure(client, result.status());
}

// Between the drain and the attach of processes of a tree that move at once: the tool hears what
// each has to tell the others, and passes it on when all stand still.
Status meet_others(int client, unsigned timeout_s, const std::string& by, AttachRequest& a) {
    Message drained;
    drained.add("event", "drained");
    for (Endpoint* e : endpoints())
        if (const std::string text = e->tell_tree(); !text.empty())
            drained.add("note", format("%d %s ", own_pid(), e->name()) + text);
    std::string buffer;
    Message go;
    if (send_message(client, drained))
        go = receive_message(client, buffer, (int)timeout_s * 1000);
    if (go.get("op") != "go")
        return Status::refused("the other processes of the program are not moved");
    for (Endpoint* e : endpoints()) {
        std::vector<std::pair<int, std::string>> heard;
        for (const std::string& note : go.all("note")) {
            const size_t name = note.find(' ') + 1, text = note.find(' ', name) + 1;
            const int pid = (int)Scanner(note).decimal();
            if (text && pid != own_pid() && note.substr(name, text - 1 - name) == e->name())
                heard.emplace_back(pid, note.substr(text));
        }
        e->hear_tree(heard);
        if (!heard.empty())
            a.tree = by;
    }
    return {};
}

void serve_reattach(int client, const Message& m, const char* endpoint) {
    for (Endpoint* e : endpoints())
        if (std::string_view(e->name()) == endpoint && !e->in_use()) {
            Message unused;
            unused.add("event", "unused");
            send_message(client, unused);
            return;
        }
    AttachRequest a;
    a.display = m.get("display");
    a.renderer_env = m.all("env");
    const unsigned timeout_s = (unsigned)Scanner(m.get("timeout", "10")).decimal();
    Meet meet;
    if (const std::string by = m.get("together"); !by.empty())
        meet = [=](AttachRequest& there) { return meet_others(client, timeout_s, by, there); };
    const Status s = reattach(endpoint, a, timeout_s, meet);
    if (!s.ok())
        return answer_failure(client, s);
    Message done;
    done.add("event", "done");
    send_message(client, done);
}

void serve(int listener) {
    // Adopted: out of the app's range while it is served, and so neither seen nor saved.
    const int client = adopt(raw_syscall(SYS_accept4, listener, 0, 0, SOCK_CLOEXEC));
    if (client < 0)
        return;
    const PeerId peer = peer_of(client);
    if (peer.uid != raw_syscall(SYS_getuid) && peer.uid != 0) {
        own_fd_close(client); // says nothing to strangers
        return;
    }
    g_server.client = client;
    std::string buffer;
    const Message m = receive_message(client, buffer, 5000);
    // Asked while the program was stopped, by somebody who has since given up: not wanted now.
    pollfd gone{client, POLLRDHUP, 0};
    raw_syscall(SYS_poll, &gone, 1, 0);
    const std::string op = gone.revents && m.get("op") != "unattended" ? "" : m.get("op");
    const int root = op == "checkpoint" ? root_of_tree() : own_pid();
    if (op == "unattended")
        unattended();
    else if (root != own_pid())
        answer_moved(client, root);
    else if (op == "join")
        follow_leader(client);
    else if (op == "checkpoint")
        serve_checkpoint(client, m);
    else if (op == "replace-renderer")
        serve_reattach(client, m, "gl");
    else if (op == "move-display")
        serve_reattach(client, m, "x11");
    // Not in a restarted process, which comes out of serve_checkpoint as well: the number may by
    // then be another's.
    if (g_server.client >= 0)
        own_fd_close(g_server.client);
    g_server.client = -1;
}

int wait_ms() {
    if (!g_server.settings.interval_s)
        return -1;
    const uint64_t now = clock_ns(CLOCK_MONOTONIC);
    return g_server.next_interval_ns <= now
               ? 0
               : (int)((g_server.next_interval_ns - now) / 1'000'000) + 1;
}

void plan_interval() {
    g_server.next_interval_ns =
        clock_ns(CLOCK_MONOTONIC) + g_server.settings.interval_s * 1'000'000'000ull;
}

// Nobody is listened to before there is a handler for the stop signal: a tree's leader asks as
// soon as it can, and the default of that signal ends the process.
std::atomic<uint32_t> g_open{0};

void run(void*) {
    while (g_open.load() == 0)
        futex_wait(g_open, 0);
    plan_interval();
    for (;;) {
        pollfd p[] = {{g_server.listener, POLLIN, 0},
                      {g_server.tool_listener, POLLIN, 0},
                      {g_server.wake, POLLIN, 0}};
        raw_syscall(SYS_poll, p, 3, wait_ms());
        // One at a time: a restarted program comes out of serve() as well, where what poll said of
        // the others was said in another life. (glckpt-signal knocks at the tool's door in passing,
        // on its way to a tree's root; to accept a connection that was never made here waits for
        // ever.)
        uint64_t count;
        if (p[0].revents & POLLIN)
            serve(p[0].fd);
        else if (p[1].revents & POLLIN)
            serve(p[1].fd);
        else if ((p[2].revents & POLLIN) && raw_syscall(SYS_read, p[2].fd, &count, 8) == 8) {
            // Each has counted once; what is left is by the stop signal.
            if (serve_request_from_inside(g_server.settings))
                --count;
            if (take_sigterm())
                unattended(Afterwards::Kill);
            else if (count > 0)
                unattended();
        }
        if (g_server.settings.interval_s &&
            clock_ns(CLOCK_MONOTONIC) >= g_server.next_interval_ns) {
            if (root_of_tree() == own_pid())
                unattended();
            plan_interval();
        }
    }
}

} // namespace

void start_control_server() {
    g_server.settings = settings_from_environment();
    g_open.store(0);
    start_service_thread("glckpt", run, nullptr);
}

void open_control_server() {
    g_server.uid = (unsigned)raw_syscall(SYS_getuid);
    open_sockets();
    g_open.store(1);
    futex_wake(g_open, 1);
}

void restart_control_server(const std::string& image) {
    // The numbers in our memory are those of before; nothing is open there.
    for (const int fd :
         {g_server.listener, g_server.tool_listener, g_server.wake, g_server.client, g_server.mark})
        own_fd_close(fd);
    g_server.client = -1;
    open_sockets();
    plan_interval();
    note_restored_image(image, g_server.settings);
}

void wake_control_server() {
    const uint64_t one = 1;
    raw_syscall(SYS_write, g_server.wake, &one, 8);
}

void forget_control_server() {
    for (int* fd : {&g_server.listener, &g_server.tool_listener, &g_server.wake, &g_server.client,
                    &g_server.mark}) {
        if (*fd >= 0)
            own_fd_close(*fd);
        *fd = -1;
    }
}

} // namespace glckpt::ckpt
