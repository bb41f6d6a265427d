// Shared memory objects, made again empty; load() fills them.
#include "ckpt/restore/memory.h"
#include "ckpt/text.h"
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>

namespace glckpt::ckpt {
namespace {

constexpr unsigned kMemfdSealable = 2; // MFD_ALLOW_SEALING

UniqueFd make_memfd(const std::string& name, uint64_t bytes) {
    UniqueFd fd(raw_syscall(SYS_memfd_create, name.c_str(), 1 /*MFD_CLOEXEC*/ | kMemfdSealable));
    if (fd.ok())
        raw_syscall(SYS_ftruncate, fd.get(), bytes);
    return fd;
}

// A file without a name again, in the folder it was in; a memfd where that cannot be written.
UniqueFd make_deleted_file(const SharedObject& o) {
    const std::string folder = o.name.substr(0, o.name.rfind('/') + 1);
    UniqueFd fd = open_fd(folder.c_str(), O_TMPFILE | O_RDWR, (int)o.mode);
    if (!fd.ok())
        return make_memfd(o.name.substr(o.name.rfind('/') + 1), o.bytes);
    raw_syscall(SYS_ftruncate, fd.get(), o.bytes);
    raw_syscall(SYS_fchown, fd.get(), o.uid, o.gid);
    raw_syscall(SYS_fchmod, fd.get(), o.mode);
    return fd;
}

// Anonymous shared memory is only ever reached by mapping it. Its twin of one mapping is carved
// from /dev/zero's kind: a memfd shows another name in maps, but is the same to the program.
Result<int> make_object(const SharedObject& o) {
    UniqueFd fd;
    switch (o.kind) {
    case SharedKind::Memfd:
        fd = make_memfd(o.name, o.bytes);
        if (o.mode) {
            raw_syscall(SYS_fchmod, fd.get(), o.mode);
            raw_syscall(SYS_fchown, fd.get(), o.uid, o.gid);
        }
        break;
    case SharedKind::Anonymous:
        fd = make_memfd("shared", o.bytes);
        break;
    case SharedKind::DeletedFile:
        fd = make_deleted_file(o);
        break;
    case SharedKind::SysV: {
        const long id = raw_syscall(SYS_shmget, IPC_PRIVATE, o.bytes, IPC_CREAT | 0600);
        if (id < 0)
            return Status::refused(format("cannot make shared memory: %s", error_text((int)-id)));
        return (int)id;
    }
    }
    if (!fd.ok())
        return Status::refused(
            format("cannot make %s again: %s", o.name.c_str(), error_text(fd.error())));
    return fd.release();
}

} // namespace

Status make_objects(const ImageTree& tree, std::vector<int>& out, int scratch) {
    out.assign((size_t)tree.objects(), -1);
    for (size_t i = 0; i < tree.size(); ++i) {
        if (!tree.living(i))
            continue;
        for (const SharedObject& o : tree.process(i).objects) {
            if (o.elsewhere)
                continue;
            auto made = make_object(o);
            if (!made)
                return made.status();
            int& fd = out[(size_t)o.tree_id];
            if (o.kind == SharedKind::SysV) {
                fd = *made;
                continue;
            }
            const long high = raw_syscall(SYS_fcntl, *made, F_DUPFD_CLOEXEC, scratch);
            raw_syscall(SYS_close, *made);
            if (high < 0)
                return Status::refused(error_text((int)-high));
            fd = (int)high;
        }
    }
    return {};
}

} // namespace glckpt::ckpt
