// Files, folders and O_PATH handles: opened again by name. A file that was deleted while open has
// no name any more, so its contents travel in the image.
#include "ckpt/fd/kind.h"
#include "ckpt/fd/locks.h"
#include "ckpt/image/archive.h"
#include "ckpt/mem/huge_page_size.h"
#include "ckpt/text.h"
#include <cerrno>
#include <sys/vfs.h>

namespace glckpt::ckpt {
namespace {

struct Payload {
    int64_t position = 0;
    uint64_t size = 0;
    int32_t object = -1; // of a deleted file
    std::vector<FileLock> locks;
    std::string leads_to; // symbolic link
    uint32_t mode = 0;    // deleted folder or symbolic link
    auto fields() { return std::tie(position, size, object, locks, leads_to, mode); }
};

constexpr int kOpenTime = O_CREAT | O_EXCL | O_TRUNC;
constexpr long kMessageQueues = 0x19800202;
constexpr int kFolderOnly = O_TMPFILE; // with it O_DIRECTORY

bool recognize_file(const OpenFd& f) {
    return S_ISREG(f.st.st_mode) && !(f.flags & O_PATH) && f.link.starts_with("/");
}
bool recognize_folder(const OpenFd& f) {
    return S_ISDIR(f.st.st_mode) && !(f.flags & O_PATH) && f.link.starts_with("/");
}
bool recognize_path(const OpenFd& f) { return (f.flags & O_PATH) && f.link.starts_with("/"); }

// The name leads to this very file; otherwise it was deleted, renamed over or lies elsewhere.
bool name_leads_there(const OpenFd& f) {
    struct stat st {};
    const int how = S_ISLNK(f.st.st_mode) ? AT_SYMLINK_NOFOLLOW : 0;
    return raw_syscall(SYS_newfstatat, AT_FDCWD, f.link.c_str(), &st, how) == 0 &&
           st.st_dev == f.st.st_dev && st.st_ino == f.st.st_ino;
}

Status save_file(const OpenFd& f, SaveContext& ctx, Description& d) {
    struct statfs fs {};
    if (raw_syscall(SYS_fstatfs, f.fd, &fs) == 0 && fs.f_type == kMessageQueues)
        return refuse_fd(f, "a POSIX message queue: " + f.link);
    Payload p;
    p.position = raw_syscall(SYS_lseek, f.fd, 0, SEEK_CUR);
    p.size = (uint64_t)f.st.st_size;
    p.locks = locks_of_file(f.info);
    for (const FileLock& l : p.locks)
        if (l.breaking)
            return refuse_fd(f, "a file with a lease that somebody waits for: " + f.link);
    if (!name_leads_there(f)) {
        if ((f.flags & O_ACCMODE) == O_WRONLY &&
            !open_fd(format("/proc/thread-self/fd/%d", f.fd).c_str(), O_RDONLY).ok())
            return refuse_fd(f,
                             "a deleted file that can only be written: " + without_deleted(f.link));
        SharedObject o;
        // What a shared anonymous mapping shows by its name in /proc/self/map_files.
        const bool anonymous =
            f.link == "/dev/zero (deleted)" || f.link == "/anon_hugepage (deleted)";
        o.kind = anonymous ? SharedKind::Anonymous : SharedKind::DeletedFile;
        o.huge_shift = huge_shift_of(f.fd);
        o.uid = f.st.st_uid;
        o.gid = f.st.st_gid;
        o.atime_ns = (int64_t)f.st.st_atim.tv_sec * 1'000'000'000 + f.st.st_atim.tv_nsec;
        o.mtime_ns = (int64_t)f.st.st_mtim.tv_sec * 1'000'000'000 + f.st.st_mtim.tv_nsec;
        o.dev = f.st.st_dev;
        o.ino = f.st.st_ino;
        o.bytes = p.size;
        o.name = without_deleted(f.link);
        o.mode = f.st.st_mode & 07777;
        p.object = ctx.object_for(o);
        ctx.object_fd.emplace(p.object, f.fd);
    }
    d.payload = encode(p);
    return {};
}

Result<int> create_file(const Description& d, RestoreContext& ctx) {
    Payload p;
    if (!decode(d.payload, p) || p.object >= (int64_t)ctx.object_fds.size())
        return Status::refused("damaged description of a file");
    const std::string path =
        p.object >= 0 ? format("/proc/thread-self/fd/%d", ctx.object_fds[(size_t)p.object])
                      : d.link;
    // The way through /proc is a link, which shm_open's O_NOFOLLOW would refuse.
    const int dropped = kOpenTime | kFolderOnly | (p.object >= 0 ? O_NOFOLLOW : 0);
    UniqueFd fd = open_fd(path.c_str(), d.flags & ~dropped);
    if (!fd.ok() && d.first_fd <= 2) {
        // A log that root opened for us, say: the restorer was given one as well.
        ctx.warnings.push_back(format("%s: cannot open %s (%s); the restorer's own is used",
                                      fd_name(d.first_fd).c_str(), d.link.c_str(),
                                      error_text(fd.error())));
        return ctx.inherited(d, S_IFIFO);
    }
    if (!fd.ok())
        return Status::refused(format("%s: cannot open %s: %s", fd_name(d.first_fd).c_str(),
                                      d.link.c_str(), error_text(fd.error())));
    struct stat st {};
    raw_syscall(SYS_fstat, fd.get(), &st);
    if (!S_ISREG(st.st_mode))
        return Status::refused(format("%s: %s is not a regular file any more",
                                      fd_name(d.first_fd).c_str(), d.link.c_str()));
    if ((d.flags & O_ACCMODE) == O_RDONLY && (uint64_t)st.st_size < p.size)
        ctx.warnings.push_back(format("%s: %s is shorter than at the checkpoint",
                                      fd_name(d.first_fd).c_str(), d.link.c_str()));
    raw_syscall(SYS_lseek, fd.get(), p.position, SEEK_SET);
    return ctx.lift(fd.release(), d.link.c_str());
}

Status connect_file(int fd, const Description& d, RestoreContext&) {
    Payload p;
    if (!decode(d.payload, p))
        return Status::refused("damaged description of a file");
    return take_locks(fd, p.locks, d.link);
}

Status save_folder(const OpenFd& f, SaveContext&, Description& d) {
    Payload p;
    p.position = raw_syscall(SYS_lseek, f.fd, 0, SEEK_CUR);
    if (!name_leads_there(f))
        p.mode = f.st.st_mode;
    d.payload = encode(p);
    return {};
}

// A folder or symbolic link that was deleted: one of that name for a moment.
UniqueFd open_deleted(const Description& d, const Payload& p) {
    const std::string path = without_deleted(d.link);
    const bool folder = S_ISDIR(p.mode);
    const long made = folder ? raw_syscall(SYS_mkdir, path.c_str(), p.mode & 07777)
                             : raw_syscall(SYS_symlink, p.leads_to.c_str(), path.c_str());
    if (made < 0)
        return UniqueFd(made);
    UniqueFd fd = open_fd(path.c_str(), d.flags & ~kOpenTime);
    raw_syscall(folder ? SYS_rmdir : SYS_unlink, path.c_str());
    return fd;
}

Result<int> create_folder(const Description& d, RestoreContext& ctx) {
    Payload p;
    if (!decode(d.payload, p))
        return Status::refused("damaged description of a folder");
    UniqueFd fd = p.mode ? open_deleted(d, p) : open_fd(d.link.c_str(), d.flags & ~kOpenTime);
    if (!fd.ok())
        return Status::refused(format("%s: cannot open %s: %s", fd_name(d.first_fd).c_str(),
                                      d.link.c_str(), error_text(fd.error())));
    raw_syscall(SYS_lseek, fd.get(), p.position, SEEK_SET);
    auto made = ctx.lift(fd.release(), d.link.c_str());
    if (made && S_ISDIR(p.mode))
        ctx.deleted_folders[d.link] = *made;
    return made;
}

Status save_path(const OpenFd& f, SaveContext&, Description& d) {
    Payload p;
    if (!name_leads_there(f)) {
        p.mode = f.st.st_mode;
        if (!S_ISDIR(p.mode) && !S_ISLNK(p.mode))
            return refuse_fd(f, "a deleted file: " + without_deleted(f.link));
        char target[4096];
        const long n = raw_syscall(SYS_readlinkat, f.fd, "", target, sizeof target);
        p.leads_to.assign(target, n > 0 ? (size_t)n : 0);
    }
    d.payload = encode(p);
    return {};
}

} // namespace

const FdOps kRegularFile{FdKind::RegularFile, recognize_file, save_file, create_file, connect_file};
const FdOps kDirectory{FdKind::Directory, recognize_folder, save_folder, create_folder, nullptr};
const FdOps kPathOnly{FdKind::PathOnly, recognize_path, save_path, create_folder, nullptr};

} // namespace glckpt::ckpt
