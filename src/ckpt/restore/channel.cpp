#include "ckpt/restore/channel.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace glckpt::ckpt {

Channel Channel::make() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return {};
    const int one = 1;
    setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &one, sizeof one);
    return {ends[0], ends[1]};
}

namespace {

int introduce(int tool_end) {
    // The kernel writes the sender's pid into the message as the receiver's namespace has it.
    char byte;
    iovec io{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
    msghdr m{};
    m.msg_iov = &io;
    m.msg_iovlen = 1;
    m.msg_control = control;
    m.msg_controllen = sizeof control;
    ssize_t n;
    while ((n = recvmsg(tool_end, &m, 0)) < 0 && errno == EINTR) {
    }
    const cmsghdr* c = n == 1 && byte == '?' ? CMSG_FIRSTHDR(&m) : nullptr;
    if (!c || c->cmsg_type != SCM_CREDENTIALS)
        return 0;
    const int pid = reinterpret_cast<const ucred*>(CMSG_DATA(c))->pid;
    const std::string answer = format("%d %d\n", pid, getpid());
    return write_all(tool_end, answer.data(), answer.size()) ? pid : 0;
}

std::string read_line(int fd) {
    std::string line;
    char c = 0;
    for (;;) {
        const long n = raw_syscall(SYS_read, fd, &c, 1);
        if (n == -EINTR)
            continue;
        if (n <= 0 || c == '\n')
            return line;
        line += c;
    }
}

} // namespace

bool learn_pids(int program_end, int& own_pid_seen, int& tool_pid) {
    if (!write_all(program_end, "?", 1))
        return false;
    const std::string line = read_line(program_end);
    Scanner in(line);
    own_pid_seen = (int)in.decimal();
    in.skip(' ');
    tool_pid = (int)in.decimal();
    return own_pid_seen > 0;
}

Status await_outcome(const std::vector<int>& ends, std::vector<int>& pids) {
    pids.assign(ends.size(), 0);
    std::vector<pollfd> waiting;
    for (const int fd : ends)
        waiting.push_back({fd, POLLIN, 0}); // poll passes over negative ones
    for (;;) {
        size_t open = 0;
        for (const pollfd& p : waiting)
            open += p.fd >= 0;
        if (open == 0)
            return {};
        if (poll(waiting.data(), waiting.size(), -1) < 0)
            continue;
        for (size_t i = 0; i < waiting.size(); ++i) {
            if (waiting[i].fd < 0 || !waiting[i].revents)
                continue;
            if (pids[i] == 0) {
                pids[i] = introduce(ends[i]);
                if (pids[i] == 0)
                    return Status::refused("the program died while it was being restored");
                continue;
            }
            const std::string line = read_line(ends[i]);
            if (line.starts_with("failed "))
                return Status::refused(line.substr(7));
            if (line != "restored")
                return Status::refused("the program died while it was being restored");
            waiting[i].fd = -1;
        }
    }
}

} // namespace glckpt::ckpt
