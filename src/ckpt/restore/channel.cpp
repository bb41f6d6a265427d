#include "ckpt/restore/channel.h"
#include "ckpt/sys.h"
#include "ckpt/text.h"
#include <cerrno>
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
    const cmsghdr* c = n == 1 ? CMSG_FIRSTHDR(&m) : nullptr;
    if (!c || c->cmsg_type != SCM_CREDENTIALS)
        return 0;
    const int pid = reinterpret_cast<const ucred*>(CMSG_DATA(c))->pid;
    const std::string answer = format("%d %d\n", pid, getpid());
    return write_all(tool_end, answer.data(), answer.size()) ? pid : 0;
}

namespace {

std::string read_line(int fd) {
    std::string line;
    char c;
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

Status await_outcome(int tool_end) {
    const std::string line = read_line(tool_end);
    if (line == "restored")
        return {};
    if (line.starts_with("failed "))
        return Status::refused(line.substr(7));
    return Status::refused("the program died while it was being restored");
}

} // namespace glckpt::ckpt
