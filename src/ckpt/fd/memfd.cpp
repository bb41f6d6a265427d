#include "ckpt/fd/kind.h"
#include "ckpt/image/archive.h"
#include "ckpt/mem/huge_page_size.h"
#include "ckpt/text.h"
#include <sys/mman.h>

namespace glckpt::ckpt {
namespace {

struct Payload {
    int32_t object = -1;
    int64_t position = 0;
    auto fields() { return std::tie(object, position); }
};

bool recognize(const OpenFd& f) {
    return S_ISREG(f.st.st_mode) && f.link.starts_with("/memfd:") && name_is_deleted(f.link);
}

Status save(const OpenFd& f, SaveContext& ctx, Description& d) {
    SharedObject o;
    o.kind = SharedKind::Memfd;
    o.dev = f.st.st_dev;
    o.ino = f.st.st_ino;
    o.bytes = (uint64_t)f.st.st_size;
    o.name = without_deleted(f.link).substr(sizeof("/memfd:") - 1);
    o.mode = f.st.st_mode & 07777;
    o.uid = f.st.st_uid;
    o.gid = f.st.st_gid;
    const long seals = raw_syscall(SYS_fcntl, f.fd, F_GET_SEALS);
    o.seals = seals < 0 ? F_SEAL_SEAL : (uint32_t)seals;
    o.huge_shift = huge_shift_of(f.fd);
    Payload p;
    p.object = ctx.object_for(o);
    ctx.object_fd.emplace(p.object, f.fd);
    p.position = raw_syscall(SYS_lseek, f.fd, 0, SEEK_CUR);
    d.payload = encode(p);
    return {};
}

Result<int> create(const Description& d, RestoreContext& ctx) {
    Payload p;
    if (!decode(d.payload, p) || p.object < 0 || (size_t)p.object >= ctx.object_fds.size())
        return Status::refused("damaged description of a memfd");
    // What memfd_create() gives does not count as open for writing: such a file can be executed.
    // Further descriptions, with positions and access modes of their own, are opened by name.
    const int object = ctx.object_fds[(size_t)p.object];
    const bool first = (d.flags & O_ACCMODE) == O_RDWR && ctx.memfds_used.insert(object).second;
    const std::string path = format("/proc/thread-self/fd/%d", object);
    Result<int> fd = ctx.lift(
        first ? raw_syscall(SYS_dup, object)
              : open_fd(path.c_str(), d.flags & (O_ACCMODE | O_NONBLOCK | O_APPEND)).release(),
        "memfd");
    if (fd)
        raw_syscall(SYS_lseek, *fd, p.position, SEEK_SET);
    return fd;
}

} // namespace

const FdOps kMemfd{FdKind::Memfd, recognize, save, create, nullptr};

} // namespace glckpt::ckpt
