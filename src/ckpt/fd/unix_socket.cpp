// Unix sockets: pairs within the process with what lies unread in them, listening sockets, bound
// and unbound ones. A socket whose peer is another process falls under --ext-sockets.
#include "ckpt/fd/kind.h"
#include "ckpt/fd/socket_options.h"
#include "ckpt/fd/unix_diag.h"
#include "ckpt/image/archive.h"
#include "ckpt/text.h"
#include <cerrno>
#include <cstddef>
#include <sys/socket.h>
#include <sys/un.h>

namespace glckpt::ckpt {
namespace {

enum class Shape : uint8_t {
    Unconnected,
    Listening,
    Pair,       // the peer is a descriptor of this process
    PeerClosed, // the peer is gone, or by policy shall be
    Inherited,  // stdin, stdout, stderr: the restorer's own
};
struct Payload {
    Shape shape = Shape::Unconnected;
    int32_t type = 0;
    int32_t backlog = 0;
    uint64_t peer = 0;
    uint8_t shutdown = 0;
    std::string address;             // sockaddr_un as bound; empty: not bound
    std::vector<std::string> unread; // messages; one entry for a stream
    std::vector<SocketOption> options;
    auto fields() {
        return std::tie(shape, type, backlog, peer, shutdown, address, unread, options);
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

// Copies without taking out: SO_PEEK_OFF moves on with every peek.
Status copy_unread(const OpenFd& f, bool stream, std::vector<std::string>& out) {
    int offset = 0;
    raw_syscall(SYS_setsockopt, f.fd, SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof offset);
    Status status;
    for (;;) {
        std::string piece(256 << 10, '\0');
        iovec io{piece.data(), piece.size()};
        msghdr m{};
        m.msg_iov = &io;
        m.msg_iovlen = 1;
        const long n = raw_syscall(SYS_recvmsg, f.fd, &m, MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC);
        if (n < 0 || (n == 0 && stream))
            break;
        if (m.msg_flags & MSG_CTRUNC) {
            status =
                refuse_fd(f, "a socket with descriptors passed in it that are not received yet");
            break;
        }
        if ((size_t)n > piece.size()) {
            status = refuse_fd(f, "a socket with a message of more than 256 KiB in it");
            break;
        }
        piece.resize((size_t)n);
        if (stream && !out.empty())
            out.back() += piece;
        else
            out.push_back(std::move(piece));
        if (n == 0)
            break; // an empty datagram does not move the offset
    }
    offset = -1;
    raw_syscall(SYS_setsockopt, f.fd, SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof offset);
    return status;
}

Status judge_connection(const OpenFd& f, SaveContext& ctx, Payload& p) {
    const auto it = ctx.unix_peers.find(f.st.st_ino);
    p.peer = it == ctx.unix_peers.end() ? 0 : it->second;
    if (p.peer && ctx.has_inode(f.st.st_dev, p.peer)) {
        p.shape = Shape::Pair;
        return {};
    }
    sockaddr_un a{};
    unsigned bytes = sizeof a;
    const bool connected = raw_syscall(SYS_getpeername, f.fd, &a, &bytes) >= 0;
    if (!connected && p.type == SOCK_DGRAM)
        return {};
    if (!p.peer) {
        // Connected once, or never: a fresh stream socket has no peer and reports no hang-up.
        p.shape = connected ? Shape::PeerClosed : Shape::Unconnected;
        return {};
    }
    if (ctx.is_inherited(f))
        p.shape = Shape::Inherited;
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
    if (socket_int(f.fd, SO_ACCEPTCONN) == 1) {
        p.shape = Shape::Listening;
        p.backlog = 4096; // the kernel does not tell; it caps at somaxconn
    } else if (Status s = judge_connection(f, ctx, p); !s) {
        return s;
    }
    if (!ctx.dry && p.shape != Shape::Listening && p.shape != Shape::Inherited)
        if (Status s = copy_unread(f, p.type == SOCK_STREAM, p.unread); !s)
            return s;
    d.payload = encode(p);
    return {};
}

Status bind_to(int fd, const std::string& address) {
    if (address.empty())
        return {};
    long r = raw_syscall(SYS_bind, fd, address.data(), (unsigned)address.size());
    if (r == -EADDRINUSE && address[offsetof(sockaddr_un, sun_path)] != '\0') {
        // The file the killed process left behind. If somebody listens there, leave it alone.
        const UniqueFd probe(raw_syscall(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (raw_syscall(SYS_connect, probe.get(), address.data(), (unsigned)address.size()) ==
            -ECONNREFUSED) {
            raw_syscall(SYS_unlink, address_text(address).c_str());
            r = raw_syscall(SYS_bind, fd, address.data(), (unsigned)address.size());
        }
    }
    if (r < 0)
        return Status::refused(format("cannot bind unix socket %s: %s",
                                      address_text(address).c_str(), error_text((int)-r)));
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

Result<int> create(const Description& d, RestoreContext& ctx) {
    Payload p;
    if (!decode(d.payload, p))
        return Status::refused("damaged description of a unix socket");
    if (p.shape == Shape::Inherited)
        return ctx.inherited(d, S_IFSOCK);
    if (p.shape == Shape::Pair || p.shape == Shape::PeerClosed)
        return create_pair(d, p, ctx);
    Result<int> fd =
        ctx.lift(raw_syscall(SYS_socket, AF_UNIX, p.type | SOCK_CLOEXEC, 0), "unix socket");
    if (!fd)
        return fd;
    set_socket_options(*fd, p.options, true);
    if (Status s = bind_to(*fd, p.address); !s)
        return s;
    if (p.shape == Shape::Listening)
        raw_syscall(SYS_listen, *fd, p.backlog);
    return fd;
}

Status connect(int fd, const Description& d, RestoreContext& ctx) {
    Payload p;
    if (!decode(d.payload, p))
        return Status::refused("damaged description of a unix socket");
    if (p.shape == Shape::Inherited)
        return {};
    set_socket_options(fd, p.options, false);
    if (p.unread.empty() || !ctx.pairs.count(d.ino))
        return {};
    // What this socket has not read yet, the other end has sent.
    const int other = ctx.pairs[d.ino][1];
    for (const std::string& message : p.unread) {
        size_t sent = 0;
        do {
            const long n = raw_syscall(SYS_sendto, other, message.data() + sent,
                                       message.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
            if (n < 0)
                return Status::refused(format("%s: cannot put back what was unread in it: %s",
                                              fd_name(fd).c_str(), error_text((int)-n)));
            sent += (size_t)n;
        } while (sent < message.size());
    }
    return {};
}

} // namespace

const FdOps kUnixSocket{FdKind::UnixSocket, recognize, save, create, connect};

} // namespace glckpt::ckpt
