// glckpt-signal: asks a running program for a checkpoint (or a live operation) and waits for it.
#include "ckpt/control/protocol.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include "ckpt/tree/discover.h"
#include "common/cli.h"
#include "common/json.h"
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <poll.h>
#include <set>
#include <sys/socket.h>
#include <sys/un.h>

namespace glckpt::tools {
namespace {

using namespace ckpt;

struct Options {
    int pid = 0;
    bool stop = false, kill = false, json = false, replace = false;
    bool full = false, incremental = false;
    std::string output, profile, external, display;
    std::vector<std::string> renderer_env;
    unsigned timeout = 60;
};

char state_of(int pid) {
    const std::string stat = file_text(format("/proc/%d/stat", pid));
    const size_t end = stat.rfind(')');
    return end == stat.npos || end + 2 >= stat.size() ? '?' : stat[end + 2];
}

Status not_a_glckpt_process(int pid) {
    if (state_of(pid) == '?')
        return Status::not_glckpt(format("there is no process %d", pid));
    return Status::not_glckpt(format("process %d was not started by glckpt-run", pid));
}

// The socket answers as the user the process runs as, and the process behind it is that one.
Result<UniqueFd> connect_to(int pid) {
    const std::string status = file_text(format("/proc/%d/status", pid));
    Scanner uids(value_of(status, "Uid:"));
    const auto uid = (unsigned)uids.decimal();
    if (status.empty())
        return not_a_glckpt_process(pid);
    for (const bool by_tool : {false, true}) {
        UniqueFd s(raw_syscall(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un a;
        const unsigned bytes =
            abstract_address(by_tool ? tool_name(uid, pid) : process_name(uid, pid), &a);
        if (raw_syscall(SYS_connect, s.get(), &a, bytes) < 0)
            continue;
        const PeerId peer = peer_of(s.get());
        if (peer.uid != uid || (uid != geteuid() && geteuid() != 0))
            return Status::refused(format("process %d belongs to another user", pid));
        return s;
    }
    return not_a_glckpt_process(pid);
}

// A checkpoint is of the whole tree, and its root takes it.
int root_of(int pid) {
    for (;;) {
        const std::string status = file_text(format("/proc/%d/status", pid));
        const int parent = (int)Scanner(value_of(status, "PPid:")).decimal();
        if (parent <= 0)
            return pid;
        auto fd = connect_to(parent);
        if (!fd || peer_of(fd->get()).pid != parent)
            return pid;
        pid = parent;
    }
}

Message request(const Options& o) {
    Message m;
    if (o.replace || !o.display.empty()) {
        m.add("op", o.replace ? "replace-renderer" : "move-display");
        m.add("display", o.display);
        for (const std::string& e : o.renderer_env)
            m.add("env", e);
    } else {
        m.add("op", "checkpoint");
        m.add("after", o.stop ? "stop" : o.kill ? "kill" : "continue");
        m.add("output", o.output);
        m.add("profile", o.profile);
        m.add("kind", o.full ? "full" : o.incremental ? "incremental" : "");
        m.add("ext-sockets", o.external);
    }
    m.add("timeout", format("%u", std::max(1u, o.timeout / 2)));
    return m;
}

Status failure(const Message& m) {
    const auto code = (ExitCode)Scanner(m.get("code")).decimal();
    return code == ExitCode::TimedOut ? Status::timed_out(m.get("why"))
                                      : Status::refused(m.get("why"));
}

Status timed_out(int pid) {
    if (state_of(pid) == 'T')
        return Status::timed_out(
            format("process %d is stopped (SIGSTOP) and cannot answer: continue "
                   "it with kill -CONT %d",
                   pid, pid));
    return Status::timed_out(format("process %d does not answer", pid));
}

UniqueFd connect_by_name(const std::string& name) {
    UniqueFd s(raw_syscall(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un a;
    const unsigned bytes =
        name.size() < 100 ? abstract_address(std::string(1, '\0') + name, &a) : 0;
    raw_syscall(SYS_connect, s.get(), &a, bytes);
    const PeerId peer = peer_of(s.get());
    return peer.uid == geteuid() || geteuid() == 0 ? std::move(s) : UniqueFd();
}

// What comes after a request was sent.
Result<Message> hear(const Options& o, int fd) {
    ProgressLine line(!o.json);
    std::string buffer;
    int moves = 0;
    // Silence is what is limited, not the whole: a large image takes its time, and says so.
    for (;;) {
        bool late = false;
        const Message m = receive_message(fd, buffer, (int)o.timeout * 1000, &late);
        const std::string event = m.get("event");
        if (event == "progress")
            line.show(m.get("phase"), atof(m.get("done").c_str()));
        else if (event == "done" || event == "unused" || event == "drained")
            return m;
        else if (event == "moved" && moves++ < 4) {
            raw_syscall(SYS_dup3, connect_by_name(m.get("name")).get(), fd, O_CLOEXEC);
            buffer.clear();
            if (!send_message(fd, request(o)))
                return not_a_glckpt_process(o.pid);
        } else if (event == "failed")
            return failure(m);
        else if (late)
            return timed_out(o.pid);
        else
            return Status::refused(format("process %d ended during the checkpoint", o.pid));
    }
}

Result<Message> converse(const Options& o, int fd) {
    if (!send_message(fd, request(o)))
        return not_a_glckpt_process(o.pid);
    return hear(o, fd);
}

// The answer leaves the program just before it stops, or is killed.
void await_effect(const Options& o, int pid) {
    for (int i = 0; i < 2000; ++i) {
        const char state = state_of(pid);
        if (!o.stop && !o.kill)
            return;
        if (state == '?' || state == 'Z' || (o.stop && state == 'T'))
            return;
        usleep(1000);
    }
}

void print_result(const Options& o, const Message& m) {
    if (!o.json) {
        if (!m.get("image").empty())
            puts(m.get("image").c_str());
        return;
    }
    printf("{");
    if (!m.get("image").empty())
        printf("\"image\": %s, \"bytes\": %s, \"kind\": \"%s\", \"way\": \"%s\", "
               "\"pause_ms\": %s, \"total_ms\": %s, \"pids\": [%s], ",
               json_string(m.get("image")).c_str(), m.get("bytes").c_str(), m.get("kind").c_str(),
               m.get("way").c_str(), m.get("pause_ms").c_str(), m.get("total_ms").c_str(),
               m.get("pids").c_str());
    printf("\"pid\": %d}\n", o.pid);
}

// The program's processes that listen, from the one that was named on.
Result<std::vector<UniqueFd>> connect_to_all(const Options& o) {
    std::vector<UniqueFd> out;
    std::vector<int> pids{o.pid};
    for (const TreeMember& m : descendants_of(o.pid))
        pids.push_back(m.pid);
    std::set<int> known;
    for (size_t i = 0; i < pids.size(); ++i) {
        auto fd = connect_to(pids[i]);
        if (!fd && i == 0)
            return fd.status();
        if (!fd)
            continue;
        // By the pid of the glckpt-restore that stands for it: the program is its descendant.
        const int real = peer_of(fd->get()).pid;
        if (i == 0 && real > 0 && real != o.pid)
            for (const TreeMember& m : descendants_of(real))
                if (std::find(pids.begin(), pids.end(), m.pid) == pids.end())
                    pids.push_back(m.pid);
        if (real <= 0 || known.insert(real).second)
            out.push_back(std::move(*fd));
    }
    return out;
}

// Windows of one process may lie in another's: all of them come to a stand before the first moves,
// and each is told of the others. The connections of those that wait end with `all`, if one of them
// cannot: they go on where they are.
Result<int> move_together(const Options& o, std::vector<UniqueFd> all) {
    Message ask = request(o);
    // The name is an atom on each server, and stays: one for all moves of a program.
    ask.add("together", format("live_%d.%x", o.pid, (unsigned)clock_ns(CLOCK_MONOTONIC)));
    for (const UniqueFd& fd : all)
        if (!send_message(fd.get(), ask))
            return not_a_glckpt_process(o.pid);
    Message go;
    go.add("op", "go");
    std::vector<int> waiting;
    Status failed;
    for (const UniqueFd& fd : all) {
        auto said = hear(o, fd.get());
        if (!said)
            failed = failed.ok() ? said.status() : failed;
        else if (said->get("event") == "drained")
            waiting.push_back(fd.get());
        for (const std::string& note : said ? said->all("note") : std::vector<std::string>())
            go.add("note", note);
    }
    if (!failed.ok())
        return failed;
    for (const int fd : waiting)
        send_message(fd, go);
    for (const int fd : waiting)
        if (auto said = hear(o, fd); !said)
            failed = failed.ok() ? said.status() : failed;
    if (!failed.ok())
        return failed;
    return (int)waiting.size();
}

Result<int> replace_each(const Options& o, const std::vector<UniqueFd>& all) {
    int done = 0;
    for (const UniqueFd& fd : all) {
        auto said = converse(o, fd.get());
        if (!said)
            return said.status();
        done += said->get("event") == "done";
    }
    return done;
}

// Live: whichever processes of the program have windows, or draw with GL. Its first one may be a
// shell.
int run_live(const Options& o) {
    auto all = connect_to_all(o);
    if (!all)
        return report(all.status());
    auto done = o.replace ? replace_each(o, *all) : move_together(o, std::move(*all));
    if (!done)
        return report(done.status());
    if (!*done)
        return report(Status::refused(format(
            o.replace ? "process %d draws nothing with GL" : "process %d has no windows", o.pid)));
    Message none;
    print_result(o, none);
    return (int)ExitCode::Done;
}

int run(Options o) {
    if (o.replace || !o.display.empty())
        return run_live(o);
    if (!o.output.empty() && o.output[0] != '/') {
        std::string cwd;
        read_link("/proc/self/cwd", cwd);
        o.output = cwd + "/" + o.output;
    }
    auto fd = connect_to(o.pid);
    if (fd)
        if (const int root = root_of(o.pid); root != o.pid)
            fd = connect_to(root);
    if (!fd)
        return report(fd.status());
    auto result = converse(o, fd->get());
    if (!result)
        return report(result.status());
    // By the tool's pid of a restored program, the program is meant.
    const int pid = (int)Scanner(result->get("pids")).decimal();
    await_effect(o, pid ? pid : o.pid);
    print_result(o, *result);
    return (int)ExitCode::Done;
}

} // namespace
} // namespace glckpt::tools

int main(int argc, char** argv) {
    glckpt::tools::Options o;
    CLI::App app{"Checkpoint a program that runs under glckpt.", "glckpt-signal"};
    app.add_option("pid", o.pid, "any process of the program")->required();
    auto* stop = app.add_flag("--stop", o.stop, "leave the program stopped at the checkpoint");
    auto* kill = app.add_flag("--kill", o.kill, "end the program at the checkpoint");
    kill->excludes(stop);
    auto* incremental = app.add_flag("--incremental", o.incremental,
                                     "only what changed since the program's last image, which "
                                     "must stay");
    app.add_flag("--full", o.full, "an image that needs no other (see glckpt-run --full-every)")
        ->excludes(incremental);
    app.add_option("--output", o.output, "the image's name");
    app.add_option("--profile", o.profile, "raw (fast) or packed (small)")
        ->check(CLI::IsMember({"raw", "packed"}));
    app.add_option("--ext-sockets", o.external,
                   "connections to other programs: refuse, or restart with them closed")
        ->check(CLI::IsMember({"refuse", "close"}));
    app.add_flag("--json", o.json, "print the result as JSON");
    app.add_option("--timeout", o.timeout, "seconds of silence to bear (default 60)");
    app.add_flag("--replace-renderer", o.replace, "no image: draw with a new renderer from now on");
    app.add_option("--move-display", o.display, "no image: move the windows to this X display");
    app.add_option("--renderer-env", o.renderer_env,
                   "NAME=VALUE for the new renderer (repeatable)");
    app.add_flag(
        "--ignore-refused-calls",
        [&](int64_t) { o.renderer_env.emplace_back("GLCKPT_REFUSED_CALLS=warn"); },
        "with --replace-renderer: go on without the GL calls that the new driver refuses");
    app.set_version_flag("--version", GLCKPT_VERSION);
    return glckpt::tools::with_options(app, argc, argv, [&] { return glckpt::tools::run(o); });
}
