#include "ckpt/tree/discover.h"
#include "ckpt/control/protocol.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include "ckpt/tree/registry.h"
#include <csignal>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

namespace glckpt::ckpt {
namespace {

struct Looked {
    TreeMember member;
    int exit_signal = 0;
    uint64_t began = 0;
};

// The fields of /proc/PID/stat behind the name, which may hold anything but ends with the last
// ')'. Field 3 is the state.
Looked look(int pid) {
    Looked out;
    const std::string stat = file_text(format("/proc/%d/stat", pid));
    const size_t open = stat.find('('), close = stat.rfind(')');
    if (open == stat.npos || close == stat.npos || close + 2 >= stat.size())
        return out;
    TreeMember& m = out.member;
    m.pid = pid;
    m.name = stat.substr(open + 1, close - open - 1);
    m.zombie = stat[close + 2] == 'Z' || stat[close + 2] == 'X';
    Scanner in(std::string_view(stat).substr(close + 2));
    long threads = 1;
    for (int field = 3; field <= 38 && !in.done(); ++field) {
        const std::string_view word = in.until(' ');
        const auto value = Scanner(word).number();
        switch (field) {
        case 4:
            m.parent = (int32_t)value;
            break;
        case 5:
            m.group = (int32_t)value;
            break;
        case 6:
            m.session = (int32_t)value;
            break;
        case 7:
            m.terminal = (uint64_t)value;
            break;
        case 8:
            m.foreground = (int32_t)value;
            break;
        case 20:
            threads = (long)value;
            break;
        case 22:
            out.began = (uint64_t)value;
            break;
        case 38:
            out.exit_signal = (int)value;
            break;
        default:
            break;
        }
    }
    // The first thread of one that goes on without it is shown like a process that has ended.
    m.zombie &= threads <= 1;
    return out;
}

void add_children(int pid, std::vector<TreeMember>& out) {
    const std::string tasks = format("/proc/%d/task", pid);
    for (const int tid : numeric_entries(tasks.c_str())) {
        const std::string text = file_text(tasks + format("/%d/children", tid));
        for (Scanner in(text); !in.done(); in.skip(' ')) {
            const int child = (int)in.decimal();
            if (child == 0)
                break;
            const Looked l = look(child);
            // Without an exit signal: not the app's but a copy that writes an image.
            if (l.member.pid && l.exit_signal != 0)
                out.push_back(l.member);
        }
    }
}

} // namespace

std::vector<DeadChild> dead_children() {
    std::vector<DeadChild> out;
    std::vector<TreeMember> children;
    add_children(own_pid(), children);
    for (const TreeMember& c : children) {
        siginfo_t info{};
        if (!c.zombie ||
            raw_syscall(SYS_waitid, P_PID, c.pid, &info, WEXITED | WNOHANG | WNOWAIT, 0) < 0)
            continue;
        const int code = info.si_status;
        out.push_back({c.pid, info.si_code == CLD_EXITED ? (code & 0xff) << 8 : code & 0x7f});
    }
    return out;
}

std::vector<TreeMember> descendants_of(int pid) {
    std::vector<TreeMember> out;
    add_children(pid, out);
    for (size_t i = 0; i < out.size(); ++i)
        if (!out[i].zombie)
            add_children(out[i].pid, out);
    return out;
}

TreeMember look_at_process(int pid) { return look(pid).member; }
uint64_t began_at(int pid) { return look(pid).began; }

namespace {

int connect_as(unsigned uid, int pid) {
    const long s = raw_syscall(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        return (int)s;
    sockaddr_un a;
    const unsigned bytes = abstract_address(process_name(uid, pid), &a);
    if (raw_syscall(SYS_connect, s, &a, bytes) < 0 || peer_of((int)s).pid != pid) {
        raw_syscall(SYS_close, s);
        return -1;
    }
    return (int)s;
}

} // namespace

// The user in its name is the one it had when it began to listen.
int connect_to_process(int pid) {
    const auto own = (unsigned)raw_syscall(SYS_getuid);
    const int s = connect_as(own, pid);
    if (s >= 0)
        return s;
    const std::string status = file_text(format("/proc/%d/status", pid));
    const auto now = (unsigned)Scanner(value_of(status, "Uid:")).decimal();
    return status.empty() || now == own ? s : connect_as(now, pid);
}

int root_of_tree() {
    int pid = own_pid();
    for (;;) {
        const int parent = look_at_process(pid).parent;
        if (parent <= 0)
            break;
        const int s = connect_to_process(parent);
        if (s < 0)
            break;
        raw_syscall(SYS_close, s);
        pid = parent;
    }
    return first_of_roots(pid);
}

} // namespace glckpt::ckpt
