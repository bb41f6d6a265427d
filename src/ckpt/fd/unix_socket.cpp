// Unix sockets: pairs within the process with what lies unread in them, listening sockets, bound
// and unbound ones. A socket whose peer is another process falls under --ext-sockets.
#include "ckpt/fd/kind.h"
#include "ckpt/fd/socket_options.h"
#include "ckpt/fd/unix_diag.h"
#include "ckpt/image/archive.h"
#include "ckpt/text.h"
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace glckpt::ckpt {
namespace {

enum class Shape : uint8_t {
    Unconnected,
    Listening,
    Pair,       // the peer is a descriptor of this process
    PeerClosed, // the peer is gone, or by policy shall be
    Waiting,    // connected to a listening socket of the tree, not accepted yet
    Inherited,  // stdin, stdout, stderr: the restorer's own
};
struct Payload {
    Shape shape = Shape::Unconnected;
    int32_t type = 0;
    int32_t backlog = 0;
    uint64_t peer = 0;
    uint8_t shutdown = 0;
    std::string address;             // sockaddr_un as bound; empty: not bound
    std::vector<UnixMessage> unread; // a stream's in pieces
    std::vector<SocketOption> options;
    std::string sends_to;                // connected datagram socket: the address it sends to
    bool deleted = false;                // bound to a file that is gone
    uint32_t mode = 0, uid = 0, gid = 0; // of that file
    auto fields() {
        return std::tie(shape, type, backlog, peer, shutdown, address, unread, options, sends_to,
                        deleted, mode, uid, gid);
    }
};

bool recognize(const OpenFd& f) {
    return S_ISSOCK(f.st.st_mode) && !(f.flags & O_PATH) && socket_int(f.fd, SO_DOMAIN) == AF_UNIX;
}

std::string bound_address(int fd) {
    sockaddr_un a{};
    unsigned bytes = sizeof a;
    if (raw_syscall(SYS_getsockname, fd, &a, &bytes) < 0 ||
        bytes <= offsetof(sockaddr_un, sun_path))
        return {};
    return std::string(reinterpret_cast<const char*>(&a), bytes);
}

std::string address_text(const std::string& address) {
    const size_t head = offsetof(sockaddr_un, sun_path);
    if (address.size() <= head)
        return "(unnamed)";
    std::string path = address.substr(head);
    if (path[0] == '\0')
        path[0] = '@';
    return path.substr(0, path.find('\0'));
}

std::string peer_text(int fd) {
    sockaddr_un a{};
    unsigned bytes = sizeof a;
    std::string address;
    if (raw_syscall(SYS_getpeername, fd, &a, &bytes) >= 0)
        address.assign(reinterpret_cast<const char*>(&a), bytes);
    struct {
        int pid;
        unsigned uid, gid;
    } who{};
    bytes = sizeof who;
    raw_syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &who, &bytes);
    return format("a connection to unix socket %s of pid %d", address_text(address).c_str(),
                  who.pid);
}

std::string peer_address(int fd) {
    sockaddr_un a{};
    unsigned bytes = sizeof a;
    if (raw_syscall(SYS_getpeername, fd, &a, &bytes) < 0 ||
        bytes <= offsetof(sockaddr_un, sun_path))
        return {};
    return std::string(reinterpret_cast<const char*>(&a), bytes);
}

// The file a socket is bound to may have been deleted, and another socket be bound in its place.
void look_at_file(const OpenFd& f, const SaveContext& ctx, Payload& p) {
    const size_t head = offsetof(sockaddr_un, sun_path);
    if (p.address.size() <= head || p.address[head] == '\0')
        return;
    struct stat st {};
    const auto it = ctx.unix_peers.find(f.st.st_ino);
    const bool there =
        raw_syscall(SYS_newfstatat, AT_FDCWD, address_text(p.address).c_str(), &st, 0) == 0;
    p.deleted = !there || (it != ctx.unix_peers.end() && it->second.file &&
                           it->second.file != (uint32_t)st.st_ino);
    p.mode = st.st_mode & 07777;
    p.uid = st.st_uid;
    p.gid = st.st_gid;
}

Status judge_connection(const OpenFd& f, SaveContext& ctx, Payload& p) {
    const auto it = ctx.unix_peers.find(f.st.st_ino);
    p.peer = it == ctx.unix_peers.end() ? 0 : it->second.peer;
    p.shutdown = it == ctx.unix_peers.end() ? 0 : it->second.shutdown;
    if (p.type == SOCK_DGRAM && p.peer && ctx.has_inode(f.st.st_dev, p.peer)) {
        p.sends_to = peer_address(f.fd); // unless it is a socket pair's
        if (!p.sends_to.empty())
            return {};
    }
    if (p.peer && ctx.has_inode(f.st.st_dev, p.peer)) {
        p.shape = Shape::Pair;
        return {};
    }
    sockaddr_un a{};
    unsigned bytes = sizeof a;
    const bool connected = raw_syscall(SYS_getpeername, f.fd, &a, &bytes) >= 0;
    if (!connected && p.type == SOCK_DGRAM)
        return {};
    const bool waits = connected && !p.peer && p.shutdown == 0 && p.type != SOCK_DGRAM;
    if (waits && ctx.has_inode(f.st.st_dev, it == ctx.unix_peers.end() ? 0 : it->second.waits_at)) {
        // Its other end is made, but has no descriptor (and no inode) before accept().
        int sent = 0;
        raw_syscall(SYS_ioctl, f.fd, TIOCOUTQ, &sent);
        if (sent)
            return refuse_fd(f,
                             "a connection that is not accepted yet, with bytes in it; try again");
        p.sends_to = peer_address(f.fd);
        p.shape = Shape::Waiting;
        return {};
    }
    if (!p.peer && !waits) {
        // Connected once, or never: a fresh stream socket has no peer and reports no hang-up.
        p.shape = connected ? Shape::PeerClosed : Shape::Unconnected;
        return {};
    }
    if (ctx.is_inherited(f))
        p.shape = Shape::Inherited;
    else if (ctx.something_waits)
        return {}; // judged when everything stands still
    else if (ctx.external == ExternalSockets::Close)
        p.shape = Shape::PeerClosed;
    else
        return refuse_fd(f,
                         peer_text(f.fd) + " (use --ext-sockets=close to restart with it closed)");
    return {};
}

Status save(const OpenFd& f, SaveContext& ctx, Description& d) {
    Payload p;
    p.type = socket_int(f.fd, SO_TYPE);
    p.address = bound_address(f.fd);
    p.options = read_socket_options(f.fd, AF_UNIX, p.type);
    look_at_file(f, ctx, p);
    if (socket_int(f.fd, SO_ACCEPTCONN) == 1) {
        p.shape = Shape::Listening;
        p.backlog = 4096; // the kernel does not tell; it caps at somaxconn
    } else if (Status s = judge_connection(f, ctx, p); !s) {
        return s;
    }
    if (const auto waits = ctx.unix_unread.find(f.st.st_ino);
        waits != ctx.unix_unread.end() && p.shape != Shape::Inherited)
        p.unread = waits->second;
    d.payload = encode(p);
    return {};
}

// Relative names are the program's, in its folder.
class InFolder {
  public:
    explicit InFolder(const std::string& folder) : back_(open_fd(".", O_PATH | O_DIRECTORY)) {
        raw_syscall(SYS_chdir, folder.c_str());
    }
    ~InFolder() { raw_syscall(SYS_fchdir, back_.get()); }

  private:
    const UniqueFd back_;
};

// The file the killed process left behind. If somebody listens there, leave it alone.
void remove_leftover(const std::string& address) {
    const UniqueFd probe(raw_syscall(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const long r = raw_syscall(SYS_connect, probe.get(), address.data(), (unsigned)address.size());
    if (r == -ECONNREFUSED || r == -EPROTOTYPE)
        raw_syscall(SYS_unlink, address_text(address).c_str());
}

// Bound to a file that was deleted: what has its name now is aside for the moment. Until
// everybody has connected who was connected, the file has another name.
long bind_deleted(int fd, uint64_t ino, const std::string& address, RestoreContext& ctx) {
    const std::string path = address_text(address), aside = path + format(".%d", own_pid());
    const std::string contact = path + format("-%x", (unsigned)ino);
    const std::string folder = path.substr(0, path.find_last_of('/') + 1);
    const bool moved = raw_syscall(SYS_rename, path.c_str(), aside.c_str()) == 0;
    if (!folder.empty() && raw_syscall(SYS_mkdir, folder.c_str(), 0700) == 0)
        ctx.made_folders.insert(folder);
    const long r = raw_syscall(SYS_bind, fd, address.data(), (unsigned)address.size());
    if (contact.size() < sizeof sockaddr_un::sun_path &&
        raw_syscall(SYS_rename, path.c_str(), contact.c_str()) == 0) {
        const auto head = address.substr(0, offsetof(sockaddr_un, sun_path));
        ctx.unix_contacts[ino] = head + contact + std::string(1, '\0');
    } else {
        raw_syscall(SYS_unlink, path.c_str());
    }
    // The last socket of a folder that was made for them takes it away.
    ctx.last.push_back(
        [contact, folder, made = ctx.made_folders.count(folder) != 0, cwd = ctx.state->cwd] {
            const InFolder there(cwd);
            raw_syscall(SYS_unlink, contact.c_str());
            if (made)
                raw_syscall(SYS_rmdir, folder.c_str());
            return Status();
        });
    if (moved)
        raw_syscall(SYS_rename, aside.c_str(), path.c_str());
    return r;
}

Status bind_to(int fd, uint64_t ino, const Payload& p, RestoreContext& ctx) {
    if (p.address.empty())
        return {};
    const bool is_file = p.address[offsetof(sockaddr_un, sun_path)] != '\0';
    const InFolder there(ctx.state->cwd);
    const auto bind = [&] {
        return raw_syscall(SYS_bind, fd, p.address.data(), (unsigned)p.address.size());
    };
    const std::string path = address_text(p.address);
    long r = is_file && p.deleted ? bind_deleted(fd, ino, p.address, ctx) : bind();
    if (r == -EADDRINUSE && is_file) {
        remove_leftover(p.address);
        r = bind();
    }
    if (r >= 0 && is_file && !p.deleted) {
        raw_syscall(SYS_chmod, path.c_str(), p.mode);
        raw_syscall(SYS_chown, path.c_str(), p.uid, p.gid);
    }
    if (r < 0)
        return Status::refused(
            format("cannot bind unix socket %s: %s", path.c_str(), error_text((int)-r)));
    return {};
}

void enlarge_buffer(int fd, uint64_t bytes) {
    const int wanted = (int)std::min<uint64_t>(2 * bytes + (64 << 10), 1 << 30);
    for (const int name : {SO_SNDBUF, SO_SNDBUFFORCE})
        raw_syscall(SYS_setsockopt, fd, SOL_SOCKET, name, &wanted, sizeof wanted);
}

Status cannot_put_back(long r) {
    return Status::refused(
        format("what was unread in a unix socket cannot be put back: %s", error_text((int)-r)));
}

// The open file that was passed by that number.
int passed_file(int number, const ProcessState& state, const RestoreContext& ctx) {
    for (const Descriptor& d : state.descriptors)
        if (d.fd == number && d.passed)
            return (*ctx.made)[(size_t)state.descriptions[d.description].tree_id];
    return -1;
}

// Sends a message, or as much of it as fits; its descriptors with the first byte.
long send_again(int fd, std::string_view bytes, const std::vector<int>& files,
                std::string_view to) {
    iovec io{const_cast<char*>(bytes.data()), bytes.size()};
    std::string control(CMSG_SPACE(files.size() * sizeof(int)), '\0');
    msghdr m{};
    m.msg_iov = &io;
    m.msg_iovlen = 1;
    if (!to.empty()) {
        m.msg_name = const_cast<char*>(to.data());
        m.msg_namelen = (unsigned)to.size();
    }
    if (!files.empty()) {
        m.msg_control = control.data();
        m.msg_controllen = control.size();
        cmsghdr* c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(files.size() * sizeof(int));
        memcpy(CMSG_DATA(c), files.data(), files.size() * sizeof(int));
    }
    return raw_syscall(SYS_sendmsg, fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

Status send_whole(int fd, const UnixMessage& message, std::string_view to,
                  const ProcessState& state, const RestoreContext& ctx) {
    std::vector<int> files;
    for (const int number : message.passed)
        files.push_back(passed_file(number, state, ctx));
    size_t sent = 0;
    do {
        const std::string_view rest = std::string_view(message.bytes).substr(sent);
        const long n = send_again(fd, rest, files, to);
        if (n < 0)
            return cannot_put_back(n);
        sent += (size_t)n;
        files.clear();
    } while (sent < message.bytes.size());
    return {};
}

// What a socket has not read yet, the other end has sent.
Status put_back(int other, const std::vector<UnixMessage>& unread, const ProcessState& state,
                const RestoreContext& ctx) {
    uint64_t bytes = 0;
    for (const UnixMessage& message : unread)
        bytes += message.bytes.size() + 1024;
    if (bytes)
        enlarge_buffer(other, bytes);
    for (const UnixMessage& message : unread)
        if (Status s = send_whole(other, message, {}, state, ctx); !s)
            return s;
    return {};
}

// Datagrams that were sent to its address, by sockets that are here again, or by none.
Status put_back_datagrams(uint64_t ino, const Payload& p, const ProcessState& state,
                          const RestoreContext& ctx) {
    const auto contact = ctx.unix_contacts.find(ino);
    const std::string& to = contact == ctx.unix_contacts.end() ? p.address : contact->second;
    const UniqueFd nobody(raw_syscall(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    for (const UnixMessage& message : p.unread) {
        const auto sender = ctx.unix_names.find(message.sender);
        const int from = sender == ctx.unix_names.end() ? nobody.get() : sender->second;
        if (Status s = send_whole(from, message, to, state, ctx); !s)
            return s;
    }
    return {};
}

Result<int> create_pair(const Description& d, const Payload& p, RestoreContext& ctx) {
    // Both halves come from one call: the first of the two that comes here makes it.
    auto it = ctx.pairs.find(d.ino);
    if (it == ctx.pairs.end()) {
        int ends[2];
        const long r = raw_syscall(SYS_socketpair, AF_UNIX, p.type | SOCK_CLOEXEC, 0, ends);
        if (r < 0)
            return Status::refused(format("cannot make a socket pair: %s", error_text((int)-r)));
        Result<int> mine = ctx.lift(ends[0], "socket"), other = ctx.lift(ends[1], "socket");
        if (!mine || !other)
            return mine ? other : mine;
        it = ctx.pairs.emplace(d.ino, std::array<int, 2>{*mine, *other}).first;
        ctx.pairs.emplace(p.peer, std::array<int, 2>{*other, *mine});
    }
    return ctx.lift(raw_syscall(SYS_dup, it->second[0]), "socket");
}

Status connect_again(int fd, const Payload& p, const RestoreContext& ctx) {
    const auto contact = ctx.unix_contacts.find(p.peer);
    const std::string& to = contact == ctx.unix_contacts.end() ? p.sends_to : contact->second;
    const long r = raw_syscall(SYS_connect, fd, to.data(), to.size());
    return r < 0 ? Status::refused(format("cannot connect to unix socket %s again: %s",
                                          address_text(to).c_str(), error_text((int)-r)))
                 : Status();
}

void shut_down_last(int fd, const Payload& p, RestoreContext& ctx) {
    if (p.shutdown)
        ctx.last.push_back([fd, how = p.shutdown - 1] {
            raw_syscall(SYS_shutdown, fd, how);
            return Status();
        });
}

Result<int> create(const Description& d, RestoreContext& ctx) {
    Payload p;
    if (!decode(d.payload, p))
        return Status::refused("damaged description of a unix socket");
    if (p.shape == Shape::Inherited)
        return ctx.inherited(d, S_IFSOCK);
    if (p.shape == Shape::Pair || p.shape == Shape::PeerClosed) {
        auto fd = create_pair(d, p, ctx);
        if (!fd)
            return fd;
        // When whatever is passed in it is there.
        if (!p.unread.empty())
            ctx.later.push_back([p, other = ctx.pairs[d.ino][1], state = ctx.state, &ctx] {
                return put_back(other, p.unread, *state, ctx);
            });
        shut_down_last(*fd, p, ctx);
        return fd;
    }
    Result<int> fd =
        ctx.lift(raw_syscall(SYS_socket, AF_UNIX, p.type | SOCK_CLOEXEC, 0), "unix socket");
    if (!fd)
        return fd;
    set_socket_options(*fd, p.options, true);
    if (Status s = bind_to(*fd, d.ino, p, ctx); !s)
        return s;
    if (p.shape == Shape::Listening)
        raw_syscall(SYS_listen, *fd, p.backlog);
    if (!p.address.empty())
        ctx.unix_names[p.address] = *fd;
    if (!p.unread.empty() && p.address.empty())
        ctx.warnings.push_back(fd_name(d.first_fd) + ": unread datagrams are lost");
    if (p.type == SOCK_DGRAM && !p.unread.empty() && !p.address.empty())
        ctx.later.push_back([p, ino = d.ino, state = ctx.state, &ctx] {
            const InFolder there(state->cwd);
            return put_back_datagrams(ino, p, *state, ctx);
        });
    if (!p.sends_to.empty())
        ctx.later.push_back([p, fd = *fd, cwd = ctx.state->cwd, &ctx] {
            const InFolder there(cwd);
            return connect_again(fd, p, ctx);
        });
    shut_down_last(*fd, p, ctx);
    return fd;
}

Status connect(int fd, const Description& d, RestoreContext&) {
    Payload p;
    if (!decode(d.payload, p))
        return Status::refused("damaged description of a unix socket");
    if (p.shape == Shape::Inherited)
        return {};
    set_socket_options(fd, p.options, false);
    return {};
}

} // namespace

const FdOps kUnixSocket{FdKind::UnixSocket, recognize, save, create, connect};

} // namespace glckpt::ckpt
