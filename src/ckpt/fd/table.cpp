#include "ckpt/fd/table.h"
#include "base/own_fds.h"
#include "ckpt/fd/locks.h"
#include "ckpt/fd/socket_options.h"
#include "ckpt/fd/tcp_connection.h"
#include "ckpt/fd/unix_diag.h"
#include "ckpt/text.h"
#include <cerrno>
#include <linux/kcmp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace glckpt::ckpt {
namespace {

constexpr const FdOps* kKinds[] = {
    &kPathOnly, &kMemfd,   &kProcFile, &kRegularFile, &kDirectory,  &kDevice,
    &kTerminal, &kPipe,    &kFifo,     &kUnixSocket,  &kInetSocket, &kNetlinkSocket,
    &kEventfd,  &kTimerfd, &kSignalfd, &kEpoll,       &kInotify,    &kPidfd,
};

bool same_description(int a, int b) {
    const int self = own_tid(); // the first thread may have ended, and has nothing open then
    return raw_syscall(SYS_kcmp, self, self, KCMP_FILE, a, b) == 0;
}

// Two descriptors can only share what has the same inode; kcmp decides.
int find_description(const ProcessState& state, const OpenFd& f) {
    for (size_t i = 0; i < state.descriptions.size(); ++i) {
        const Description& d = state.descriptions[i];
        if (d.ino == f.st.st_ino && d.dev == f.st.st_dev && d.link == f.link &&
            same_description(d.first_fd, f.fd))
            return (int)i;
    }
    return -1;
}

void save_owner(const OpenFd& f, Description& d) {
    struct {
        int type, pid;
    } owner{};
    raw_syscall(SYS_fcntl, f.fd, 16 /*F_GETOWN_EX*/, &owner);
    d.owner_type = owner.type;
    d.owner = owner.pid;
    d.owner_signal = (int32_t)raw_syscall(SYS_fcntl, f.fd, 11 /*F_GETSIG*/);
}

Status save_one(const OpenFd& f, SaveContext& ctx, ProcessState& state) {
    int index = find_description(state, f);
    if (index < 0) {
        const FdOps* ops = ops_for(f);
        if (!ops)
            return refuse_fd(f, f.link.empty() ? "of a kind that cannot be read" : f.link);
        Description d;
        d.kind = ops->kind;
        d.flags = f.flags;
        d.first_fd = f.fd;
        d.dev = f.st.st_dev;
        d.ino = f.st.st_ino;
        d.link = f.link;
        save_owner(f, d);
        if (const auto part = ctx.tree_fds.find(f.fd); part != ctx.tree_fds.end()) {
            d.tree_id = part->second.id;
            d.elsewhere = !part->second.mine;
        }
        if (!d.elsewhere)
            if (Status s = ops->save(f, ctx, d); !s)
                return s;
        index = (int)state.descriptions.size();
        state.descriptions.push_back(std::move(d));
    }
    const bool passed = ctx.passed.count(f.fd) != 0;
    const FdKind kind = state.descriptions[(size_t)index].kind;
    if (passed && (kind == FdKind::Pidfd || kind == FdKind::ProcFile))
        return refuse_fd(f, "on its way in a unix socket: " + f.link + "; try again");
    if (passed && !locks_of_process(f.info).empty())
        return refuse_fd(f, "on its way in a unix socket, and this process has locked the file: " +
                                f.link + "; try again");
    state.descriptors.push_back({f.fd, f.cloexec, (uint32_t)index, passed});
    return {};
}

void note_connections(SaveContext& ctx) {
    for (const OpenFd& f : ctx.all)
        if (S_ISSOCK(f.st.st_mode) && !(f.flags & O_PATH))
            if (std::string c = tcp_connection_of(f.fd); !c.empty())
                ctx.tcp_connections.emplace(std::move(c), socket_int(f.fd, SO_DOMAIN));
    for (const FdSummary& f : ctx.tree_others)
        if (!f.connection.empty())
            ctx.tcp_connections.emplace(f.connection, f.family);
}

bool may_take(const FileLock& l, int flags) {
    return (flags & O_ACCMODE) != (l.write ? O_RDONLY : O_WRONLY);
}

// Each process has its own, whoever else has the file open; every descriptor of a file shows them.
void save_process_locks(const SaveContext& ctx, ProcessState& state) {
    std::set<std::tuple<uint64_t, uint64_t, int64_t>> seen;
    for (const OpenFd& f : ctx.all)
        for (const FileLock& l : locks_of_process(f.info))
            if (may_take(l, f.flags) && seen.insert({f.st.st_dev, f.st.st_ino, l.start}).second)
                state.locks.push_back({f.fd, l});
}

bool has_unix_socket(SaveContext& ctx) {
    bool any = false;
    for (const OpenFd& f : ctx.all) {
        if (!kUnixSocket.recognize(f))
            continue;
        any = true;
        int waiting = 0;
        raw_syscall(SYS_ioctl, f.fd, FIONREAD, &waiting);
        ctx.something_waits |= ctx.dry && waiting > 0;
    }
    return any;
}

} // namespace

const FdOps* ops_for(const OpenFd& f) {
    for (const FdOps* ops : kKinds)
        if (ops->recognize(f))
            return ops;
    return nullptr;
}
const FdOps* ops_for(FdKind kind) {
    for (const FdOps* ops : kKinds)
        if (ops->kind == kind)
            return ops;
    return nullptr;
}

std::set<uint64_t> inodes_open_now() {
    std::set<uint64_t> out;
    for (const OpenFd& f : open_descriptors())
        out.insert(f.st.st_ino);
    return out;
}

OpenFd look_at_descriptor(int fd) {
    OpenFd f;
    f.fd = fd;
    f.flags = (int)raw_syscall(SYS_fcntl, fd, F_GETFL);
    f.cloexec = raw_syscall(SYS_fcntl, fd, F_GETFD) & FD_CLOEXEC;
    raw_syscall(SYS_fstat, fd, &f.st);
    read_link(format("/proc/thread-self/fd/%d", fd).c_str(), f.link);
    f.info = file_text(format("/proc/thread-self/fdinfo/%d", fd));
    return f;
}

std::vector<OpenFd> open_descriptors() {
    std::vector<OpenFd> out;
    for (const int fd : numeric_entries("/proc/thread-self/fd")) {
        if (own_fd_kind(fd) == OwnFd::Skip)
            continue;
        OpenFd f = look_at_descriptor(fd);
        if (f.flags >= 0) // else closed since the listing
            out.push_back(std::move(f));
    }
    return out;
}

Status save_descriptors(SaveContext& ctx, ProcessState& state) {
    ctx.all = open_descriptors();
    if (has_unix_socket(ctx)) {
        auto peers = unix_peers();
        if (!peers)
            return peers.status();
        ctx.unix_peers = std::move(*peers);
    }
    note_connections(ctx);
    for (const OpenFd& f : ctx.all)
        if (Status s = save_one(f, ctx, state); !s)
            return s;
    save_process_locks(ctx, state);
    return {};
}

bool SaveContext::other_end(uint64_t ino, int not_fd, int access) const {
    const auto is_it = [&](uint64_t at, uint32_t mode, int flags) {
        return at == ino && S_ISFIFO(mode) &&
               ((flags & O_ACCMODE) == access || (flags & O_ACCMODE) == O_RDWR);
    };
    for (const OpenFd& f : all)
        if (f.fd != not_fd && is_it(f.st.st_ino, f.st.st_mode, f.flags))
            return true;
    for (const FdSummary& f : tree_others)
        if (is_it(f.ino, f.mode, f.flags))
            return true;
    return false;
}

bool SaveContext::has_inode(uint64_t dev, uint64_t ino) const {
    for (const OpenFd& f : all)
        if (f.st.st_dev == dev && f.st.st_ino == ino)
            return true;
    for (const FdSummary& f : tree_others)
        if (f.dev == dev && f.ino == ino)
            return true;
    return false;
}

int SaveContext::object_for(SharedObject object) {
    const auto key = std::make_pair(object.dev, object.ino);
    const auto it = object_by_inode.find(key);
    if (it != object_by_inode.end())
        return it->second;
    const int index = (int)objects.size();
    objects.push_back(std::move(object));
    object_by_inode.emplace(key, index);
    return index;
}

std::string fd_name(int fd) { return format("fd %d", fd); }

Status refuse_fd(const OpenFd& f, const std::string& what) {
    return Status::refused(fd_name(f.fd) + " is " + what);
}

bool name_is_deleted(const std::string& link) { return link.ends_with(" (deleted)"); }
std::string without_deleted(const std::string& link) {
    return name_is_deleted(link) ? link.substr(0, link.size() - sizeof(" (deleted)") + 1) : link;
}

Result<int> RestoreContext::inherited(const Description& d, uint32_t type) {
    struct stat st {};
    const int fd = d.first_fd;
    by_number.insert(d.tree_id);
    const bool open = raw_syscall(SYS_fstat, fd, &st) == 0;
    if (open && (fd <= 2 || (st.st_mode & S_IFMT) == type))
        return lift(raw_syscall(SYS_dup, fd), "inherited descriptor");
    int ends[2];
    const long r = type == S_IFIFO
                       ? raw_syscall(SYS_pipe2, ends, O_CLOEXEC)
                       : raw_syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
    if (r < 0)
        return Status::refused(error_text((int)-r));
    const bool writer = type == S_IFIFO && (d.flags & O_ACCMODE) == O_WRONLY;
    raw_syscall(SYS_close, ends[writer ? 0 : 1]);
    return lift(ends[writer ? 1 : 0], "inherited descriptor");
}

Result<int> RestoreContext::lift(long fd, const char* what) {
    if (fd < 0)
        return Status::refused(format("cannot make %s: %s", what, error_text((int)-fd)));
    if (fd >= scratch)
        return (int)fd;
    const long high = raw_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, scratch);
    raw_syscall(SYS_close, fd);
    if (high < 0)
        return Status::refused(format("cannot make %s: %s", what, error_text((int)-high)));
    return (int)high;
}

} // namespace glckpt::ckpt
