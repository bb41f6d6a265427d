#include "ckpt/fd/kind.h"
#include "ckpt/image/archive.h"
#include "ckpt/text.h"
#include <sys/vfs.h>

namespace glckpt::ckpt {
namespace {

// A file of the kernel's own (/proc, /sys, cgroups): no contents to keep, opened again by name.
// Names below /proc/<own pid> lead to the restarted process, which has the same number.
struct Payload {
    int64_t position = 0;
    auto fields() { return std::tie(position); }
};

bool recognize(const OpenFd& f) {
    if (f.flags & O_PATH || !f.link.starts_with("/"))
        return false;
    struct statfs fs {};
    if (raw_syscall(SYS_fstatfs, f.fd, &fs) < 0)
        return false;
    switch ((uint64_t)fs.f_type) {
    case 0x9fa0:     // proc
    case 0x62656572: // sysfs
    case 0x63677270: // cgroup2
    case 0x64626720: // debugfs
        return true;
    default:
        return false;
    }
}

Status save(const OpenFd& f, SaveContext&, Description& d) {
    d.payload = encode(Payload{raw_syscall(SYS_lseek, f.fd, 0, SEEK_CUR)});
    return {};
}

Result<int> create(const Description& d, RestoreContext& ctx) {
    Payload p;
    if (!decode(d.payload, p))
        return Status::refused("damaged description of a file of the kernel's");
    UniqueFd fd = open_fd(d.link.c_str(), d.flags & ~(O_CREAT | O_EXCL | O_TRUNC));
    if (!fd.ok())
        return Status::refused(format("%s: cannot open %s: %s", fd_name(d.first_fd).c_str(),
                                      d.link.c_str(), error_text(fd.error())));
    raw_syscall(SYS_lseek, fd.get(), p.position, SEEK_SET);
    return ctx.lift(fd.release(), d.link.c_str());
}

} // namespace

const FdOps kProcFile{FdKind::ProcFile, recognize, save, create, nullptr};

} // namespace glckpt::ckpt
