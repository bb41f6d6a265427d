#include "ckpt/fd/kind.h"
#include "ckpt/image/archive.h"
#include "ckpt/text.h"
#include <cerrno>
#include <sys/epoll.h>

namespace glckpt::ckpt {
namespace {

struct Interest {
    int32_t fd = -1;
    uint32_t events = 0;
    uint64_t data = 0;
    auto fields() { return std::tie(fd, events, data); }
};
struct Payload {
    std::vector<Interest> interests;
    auto fields() { return std::tie(interests); }
};

bool recognize(const OpenFd& f) { return f.is_anonymous("[eventpoll]"); }

// An interest is in an open file under the number it was added by. The number may since have been
// closed (the file lives on in a duplicate) or taken by another file: the inode tells.
int descriptor_for(const SaveContext& ctx, int fd, uint64_t ino) {
    for (const OpenFd& o : ctx.all)
        if (o.fd == fd && o.st.st_ino == ino)
            return fd;
    for (const OpenFd& o : ctx.all)
        if (o.st.st_ino == ino)
            return o.fd;
    return -1;
}

Status save(const OpenFd& f, SaveContext& ctx, Description& d) {
    Payload p;
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
        const int live = descriptor_for(ctx, i.fd, ino);
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

Status connect(int fd, const Description& d, RestoreContext&) {
    Payload p;
    if (!decode(d.payload, p))
        return Status::refused("damaged description of an epoll set");
    for (const Interest& i : p.interests) {
        epoll_event e{};
        e.events = i.events;
        e.data.u64 = i.data;
        const long r = raw_syscall(SYS_epoll_ctl, fd, EPOLL_CTL_ADD, i.fd, &e);
        // One file under two numbers, one of them closed: added twice is what it was.
        if (r < 0 && r != -EEXIST)
            return Status::refused(format("%s: cannot watch fd %d: %s", fd_name(fd).c_str(), i.fd,
                                          error_text((int)-r)));
    }
    return {};
}

} // namespace

const FdOps kEpoll{FdKind::Epoll, recognize, save, create, connect};

} // namespace glckpt::ckpt
