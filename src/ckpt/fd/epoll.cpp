#include "ckpt/fd/kind.h"
#include "ckpt/image/archive.h"
#include "ckpt/text.h"
#include <cerrno>
#include <sys/epoll.h>

namespace glckpt::ckpt {
namespace {

struct Interest {
    int32_t fd = -1;     // a descriptor of the file
    int32_t number = -1; // under which it was added; may be closed, or another file's, since
    uint32_t events = 0;
    uint64_t data = 0;
    auto fields() { return std::tie(fd, number, events, data); }
};
struct Payload {
    std::vector<Interest> interests;
    auto fields() { return std::tie(interests); }
};

bool recognize(const OpenFd& f) { return f.is_anonymous("[eventpoll]"); }

struct Slot { // kcmp_epoll_slot: the n-th interest that was added by number tfd
    uint32_t epoll, number, nth;
};
constexpr int kKcmpEpoll = 7; // KCMP_EPOLL_TFD

bool is_watched(int fd, Slot slot) {
    const int self = own_tid();
    return raw_syscall(SYS_kcmp, self, self, kKcmpEpoll, fd, &slot) == 0;
}

// An interest is in an open file under the number it was added by. The number may since have been
// closed (the file lives on in a duplicate) or taken by another file. The inode tells which come
// into question (both ends of a pipe have one), the kernel which it is.
int descriptor_for(const SaveContext& ctx, uint64_t ino, const Slot& slot) {
    for (const OpenFd& o : ctx.all)
        if (o.fd == (int)slot.number && o.st.st_ino == ino && is_watched(o.fd, slot))
            return o.fd;
    int likely = -1;
    for (const OpenFd& o : ctx.all) {
        if (o.st.st_ino != ino)
            continue;
        if (is_watched(o.fd, slot))
            return o.fd;
        if (likely < 0 || o.fd == (int)slot.number)
            likely = o.fd;
    }
    // A kernel without that question.
    const bool asked = raw_syscall(SYS_kcmp, own_tid(), own_tid(), kKcmpEpoll, 0, 0) != -EOPNOTSUPP;
    return asked ? -1 : likely;
}

Status save(const OpenFd& f, SaveContext& ctx, Description& d) {
    Payload p;
    std::map<int, uint32_t> seen;
    // tfd:        5 events:       19 data:               4d  pos:0 ino:4a02 sdev:f
    for (Scanner lines(f.info); !lines.done();) {
        Scanner line(lines.line());
        if (line.until(':') != "tfd")
            continue;
        Interest i;
        line.skip(' ');
        i.fd = (int32_t)line.decimal();
        line.until(':');
        line.skip(' ');
        i.events = (uint32_t)line.hex();
        line.until(':');
        line.skip(' ');
        i.data = line.hex();
        line.until(':');
        line.until(':');
        const uint64_t ino = line.hex();
        i.number = i.fd;
        const int live =
            descriptor_for(ctx, ino, {(uint32_t)f.fd, (uint32_t)i.number, seen[i.number]++});
        if (live < 0)
            return refuse_fd(f, format("an epoll set that watches fd %d, which is not open any "
                                       "more in this process",
                                       i.fd));
        i.fd = live;
        p.interests.push_back(i);
    }
    d.payload = encode(p);
    return {};
}

Result<int> create(const Description&, RestoreContext& ctx) {
    return ctx.lift(raw_syscall(SYS_epoll_create1, 0), "epoll");
}

// Under a number that means something else now: that is put aside for the moment.
long add_as(int epoll, const Interest& i, epoll_event& e) {
    const long flags = raw_syscall(SYS_fcntl, i.number, F_GETFD);
    const long aside = flags < 0 ? -1 : raw_syscall(SYS_fcntl, i.number, F_DUPFD_CLOEXEC, 0);
    long r = raw_syscall(SYS_dup3, i.fd, i.number, O_CLOEXEC);
    if (r >= 0)
        r = raw_syscall(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, i.number, &e);
    if (aside >= 0) {
        raw_syscall(SYS_dup3, aside, i.number, flags & FD_CLOEXEC ? O_CLOEXEC : 0);
        raw_syscall(SYS_close, aside);
    } else {
        raw_syscall(SYS_close, i.number);
    }
    return r;
}

Status connect(int fd, const Description& d, RestoreContext&) {
    Payload p;
    if (!decode(d.payload, p))
        return Status::refused("damaged description of an epoll set");
    for (const Interest& i : p.interests) {
        epoll_event e{};
        e.events = i.events;
        e.data.u64 = i.data;
        const long r = i.number == i.fd ? raw_syscall(SYS_epoll_ctl, fd, EPOLL_CTL_ADD, i.fd, &e)
                                        : add_as(fd, i, e);
        if (r < 0 && r != -EEXIST)
            return Status::refused(format("%s: cannot watch fd %d: %s", fd_name(fd).c_str(), i.fd,
                                          error_text((int)-r)));
    }
    return {};
}

} // namespace

const FdOps kEpoll{FdKind::Epoll, recognize, save, create, connect};

} // namespace glckpt::ckpt
