// Watches are made again by the paths that the program gave. Their numbers are counted up by the
// kernel and never used twice, so watches are added and removed until the number comes.
#include "ckpt/fd/inotify_watches.h"
#include "ckpt/fd/kind.h"
#include "ckpt/image/archive.h"
#include "ckpt/text.h"
#include <algorithm>
#include <sys/inotify.h>
#include <sys/ioctl.h>

namespace glckpt::ckpt {
namespace {

struct Watch {
    int32_t wd = 0;
    uint32_t mask = 0;
    std::string path;
    auto fields() { return std::tie(wd, mask, path); }
};
struct Payload {
    std::vector<Watch> watches;
    auto fields() { return std::tie(watches); }
};

constexpr int kMostTries = 100'000;

bool recognize(const OpenFd& f) { return f.is_anonymous("inotify"); }

bool leads_to(const std::string& path, uint64_t ino) {
    struct stat st {};
    return raw_syscall(SYS_newfstatat, AT_FDCWD, path.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           st.st_ino == ino;
}

// The number that the watch was added through may be closed since, and be a duplicate's now; that
// the path still leads to the inode decides.
std::string path_of(const OpenFd& f, int wd, uint64_t ino) {
    std::string likely;
    for (const WatchedPath& w : watched_paths()) {
        if (w.wd != wd || !leads_to(w.path, ino))
            continue;
        if (w.fd == f.fd)
            return w.path;
        likely = w.path;
    }
    return likely;
}

Status save(const OpenFd& f, SaveContext&, Description& d) {
    Payload p;
    // inotify wd:1 ino:1a2b sdev:800001 mask:100 ignored_mask:0 fhandle-bytes:8 ...
    for (Scanner lines(f.info); !lines.done();) {
        Scanner line(lines.line());
        if (line.until(':') != "inotify wd")
            continue;
        Watch w;
        w.wd = (int32_t)line.hex();
        line.until(':');
        const uint64_t ino = line.hex();
        line.until(':');
        line.until(':');
        w.mask = (uint32_t)line.hex();
        w.path = path_of(f, w.wd, ino);
        if (w.path.empty())
            return refuse_fd(f, format("an inotify set whose watch %d is of a file that is gone, "
                                       "or was not added through the C library",
                                       w.wd));
        p.watches.push_back(std::move(w));
    }
    int waiting = 0;
    raw_syscall(SYS_ioctl, f.fd, FIONREAD, &waiting);
    if (waiting)
        return refuse_fd(f, "an inotify set with unread events; try again");
    std::sort(p.watches.begin(), p.watches.end(),
              [](const Watch& a, const Watch& b) { return a.wd < b.wd; });
    d.payload = encode(p);
    return {};
}

bool add_watch(int fd, const Watch& w) {
    for (int tries = 0; tries < kMostTries; ++tries) {
        const long wd = raw_syscall(SYS_inotify_add_watch, fd, w.path.c_str(), w.mask);
        if (wd == w.wd)
            return true;
        if (wd < 0 || wd > w.wd)
            return false;
        raw_syscall(SYS_inotify_rm_watch, fd, wd);
    }
    return false;
}

Result<int> create(const Description& d, RestoreContext& ctx) {
    Payload p;
    if (!decode(d.payload, p))
        return Status::refused("damaged description of an inotify set");
    UniqueFd fd(raw_syscall(SYS_inotify_init1, IN_NONBLOCK));
    for (const Watch& w : p.watches)
        if (!add_watch(fd.get(), w))
            return Status::refused(
                format("%s: cannot watch %s again", fd_name(d.first_fd).c_str(), w.path.c_str()));
    // That watches were removed is an event, too.
    alignas(8) char events[4096];
    while (raw_syscall(SYS_read, fd.get(), events, sizeof events) > 0) {
    }
    raw_syscall(SYS_fcntl, fd.get(), F_SETFL, d.flags & O_NONBLOCK);
    return ctx.lift(fd.release(), "inotify");
}

} // namespace

std::vector<WatchedPath>& watched_paths() {
    static auto* all = new std::vector<WatchedPath>();
    return *all;
}

const FdOps kInotify{FdKind::Inotify, recognize, save, create, nullptr};

} // namespace glckpt::ckpt
