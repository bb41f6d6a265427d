// Peeking (fd/peek_offset.h).
//
// Descriptors belong to the piece of a stream with which they were sent: a reader gets them with
// the first byte of that piece, and no read goes on behind it. A look, too, ends behind such a
// piece, but may begin before it, and (as of Linux 6.18) gives the descriptors even where the room
// ends before. How many bytes precede the piece is found by another look, at a place where the
// piece's last byte has no memory to go to: a piece that cannot be copied whole is not counted, and
// ends the look behind those before it.
#include "ckpt/fd/unix_unread.h"
#include "ckpt/fd/kind.h"
#include "ckpt/fd/peek_offset.h"
#include "ckpt/text.h"
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>

namespace glckpt::ckpt {
namespace {

constexpr size_t kMostPassed = 253; // SCM_MAX_FD
constexpr size_t kRoom = 256 << 10;

struct Look {
    long bytes = 0; // negative: nothing there
    UnixMessage message;
    bool cut = false; // descriptors that there was no room for
};

void note_passed(const msghdr& m, std::vector<int32_t>& out) {
    for (cmsghdr* c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(const_cast<msghdr*>(&m), c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        const size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; ++i) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            out.push_back(fd);
        }
    }
}

Look look_once(int fd, size_t room) {
    Look l;
    l.message.bytes.resize(room);
    iovec io{l.message.bytes.data(), room};
    sockaddr_un sender{};
    // With room for the sender's identity (SO_PASSCRED) and a pidfd of it beside.
    alignas(cmsghdr) char control[CMSG_SPACE(kMostPassed * sizeof(int)) + CMSG_SPACE(64) +
                                  CMSG_SPACE(64) + CMSG_SPACE(256)];
    msghdr m{};
    m.msg_iov = &io;
    m.msg_iovlen = 1;
    m.msg_name = &sender;
    m.msg_namelen = sizeof sender;
    m.msg_control = control;
    m.msg_controllen = sizeof control;
    l.bytes =
        raw_syscall(SYS_recvmsg, fd, &m, MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC);
    if (l.bytes < 0)
        return l;
    note_passed(m, l.message.passed);
    l.cut = m.msg_flags & MSG_CTRUNC;
    if (m.msg_namelen > offsetof(sockaddr_un, sun_path))
        l.message.sender.assign(reinterpret_cast<const char*>(&sender), m.msg_namelen);
    return l;
}

void close_these(const std::vector<int32_t>& fds) {
    for (const int fd : fds)
        raw_syscall(SYS_close, fd);
}

// How many of the `bytes` from `offset` on precede what the descriptors were sent with.
size_t bytes_before(int fd, PeekOffset& at, size_t offset, std::string& bytes) {
    at.set((int)offset);
    const std::string seen = bytes; // overwritten with the same
    void* const nowhere = reinterpret_cast<void*>(16);
    iovec io[2] = {{bytes.data(), bytes.size() - 1}, {nowhere, 4096}};
    msghdr m{};
    m.msg_iov = io;
    m.msg_iovlen = 2;
    const long n = raw_syscall(SYS_recvmsg, fd, &m, MSG_PEEK | MSG_DONTWAIT);
    at.set((int)(offset + bytes.size()));
    bytes = seen;
    return n > 0 ? (size_t)n : 0;
}

Status read_unread(const OpenFd& f, bool stream, std::vector<UnixMessage>& out) {
    PeekOffset at(f.fd);
    size_t offset = 0;
    for (;;) {
        Look l = look_once(f.fd, kRoom);
        if (l.bytes < 0 || (l.bytes == 0 && stream))
            return {};
        UnixMessage& m = l.message;
        if (l.cut) {
            close_these(m.passed);
            return refuse_fd(f, "a socket with more in a message than can be looked at "
                                "(descriptors, while the limit of open files is reached?)");
        }
        if ((size_t)l.bytes > kRoom) {
            close_these(m.passed);
            return refuse_fd(f, "a socket with a message of more than 256 KiB in it");
        }
        m.bytes.resize((size_t)l.bytes);
        if (stream && !m.passed.empty())
            if (const size_t n = bytes_before(f.fd, at, offset, m.bytes); n > 0) {
                out.push_back({m.bytes.substr(0, n), m.sender, {}});
                m.bytes.erase(0, n);
            }
        offset += (size_t)l.bytes;
        const bool empty = l.bytes == 0;
        const bool glue = stream && !out.empty() && out.back().passed.empty() && m.passed.empty();
        if (glue)
            out.back().bytes += m.bytes;
        else
            out.push_back(std::move(m));
        if (empty)
            return {}; // an empty datagram does not move the offset
    }
}

bool may_hold_messages(const OpenFd& f) {
    return S_ISSOCK(f.st.st_mode) && !(f.flags & O_PATH) &&
           socket_int(f.fd, SO_DOMAIN) == AF_UNIX && socket_int(f.fd, SO_ACCEPTCONN) != 1;
}

} // namespace

// A socket that is passed may hold others in its turn.
Status Passed::look(SaveContext& ctx, std::vector<uint64_t>& looked) {
    std::vector<OpenFd> sockets;
    for (OpenFd& f : open_descriptors())
        if (may_hold_messages(f))
            sockets.push_back(std::move(f));
    for (size_t i = 0; i < sockets.size(); ++i) {
        const OpenFd f = sockets[i];
        if (std::find(looked.begin(), looked.end(), f.st.st_ino) != looked.end())
            continue;
        looked.push_back(f.st.st_ino);
        const auto entry = ctx.unix_unread.try_emplace(f.st.st_ino).first;
        const Status s = read_unread(f, socket_int(f.fd, SO_TYPE) == SOCK_STREAM, entry->second);
        for (const UnixMessage& m : entry->second)
            for (const int fd : m.passed) {
                fds_.push_back(fd);
                ctx.passed.insert(fd);
                OpenFd one = look_at_descriptor(fd);
                if (may_hold_messages(one))
                    sockets.push_back(std::move(one));
            }
        if (!s.ok())
            return s;
    }
    return {};
}

void Passed::close_all() {
    close_these(fds_);
    fds_.clear();
}

} // namespace glckpt::ckpt
