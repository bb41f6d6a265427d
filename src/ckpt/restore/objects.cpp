// Shared memory objects, made again empty; load() fills them.
#include "ckpt/mem/huge_page_size.h"
#include "ckpt/restore/huge_pages.h"
#include "ckpt/restore/memory.h"
#include "ckpt/text.h"
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>

namespace glckpt::ckpt {
namespace {

// A file without a name again, in the folder it was in; a memfd where that cannot be written.
UniqueFd make_deleted_file(const SharedObject& o, uint32_t huge_shift) {
    const std::string folder = o.name.substr(0, o.name.rfind('/') + 1);
    UniqueFd fd = open_fd(folder.c_str(), O_TMPFILE | O_RDWR, (int)o.mode);
    if (!fd.ok() || huge_shift_of(fd.get()) != huge_shift)
        return make_memfd(o.name.substr(o.name.rfind('/') + 1), o.bytes, huge_shift);
    raw_syscall(SYS_ftruncate, fd.get(), o.bytes);
    raw_syscall(SYS_fchown, fd.get(), o.uid, o.gid);
    raw_syscall(SYS_fchmod, fd.get(), o.mode);
    return fd;
}

long make_segment(const SharedObject& o, uint32_t huge_shift) {
    const int huge = huge_shift ? SHM_HUGETLB | (int)(huge_shift << kHugeSizeShift) : 0;
    const long id = raw_syscall(SYS_shmget, IPC_PRIVATE, o.bytes, IPC_CREAT | 0600 | huge);
    if (id < 0 || !o.removed)
        return id;
    // It is to go with the last who has it attached. Until the program has, that is the restorer
    // (and its children, the rest of the tree), by this place, which nothing else uses and which
    // the blob unmaps.
    const long at = raw_syscall(SYS_shmat, id, 0, 0);
    raw_syscall(SYS_shmctl, id, IPC_RMID, 0);
    return at < 0 && at > -4096 ? at : id;
}

// Anonymous shared memory is only ever reached by mapping it. Its twin of one mapping is carved
// from /dev/zero's kind: a memfd shows another name in maps, but is the same to the program.
// `huge_shift`: the object's, or 0 where there are no such pages.
Result<int> make_object(const SharedObject& o, uint32_t huge_shift) {
    UniqueFd fd;
    switch (o.kind) {
    case SharedKind::Memfd:
        fd = make_memfd(o.name, o.bytes, huge_shift);
        if (fd.ok() && o.mode) {
            raw_syscall(SYS_fchmod, fd.get(), o.mode);
            raw_syscall(SYS_fchown, fd.get(), o.uid, o.gid);
        }
        break;
    case SharedKind::Anonymous:
        fd = make_memfd("shared", o.bytes, huge_shift);
        break;
    case SharedKind::DeletedFile:
        fd = make_deleted_file(o, huge_shift);
        break;
    case SharedKind::SysV: {
        const long id = make_segment(o, huge_shift);
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

// Of huge TLB pages if it had them and they are to be had.
Result<int> make_object(const ImageTree& tree, size_t teller, const SharedObject& o,
                        RestoreContext& ctx) {
    if (o.huge_shift == 0)
        return make_object(o, 0);
    if (auto made = make_object(o, o.huge_shift); made) {
        if (o.kind == SharedKind::SysV || make_huge_pages(tree, teller, o, *made))
            return made;
        raw_syscall(SYS_close, *made);
    }
    ctx.lacking_huge[o.huge_shift] += o.bytes;
    return make_object(o, 0);
}

} // namespace

Status make_objects(const ImageTree& tree, std::vector<int>& out, RestoreContext& ctx) {
    out.assign((size_t)tree.objects(), -1);
    for (size_t i = 0; i < tree.size(); ++i) {
        if (!tree.living(i))
            continue;
        for (const SharedObject& o : tree.process(i).objects) {
            if (o.elsewhere)
                continue;
            auto made = make_object(tree, i, o, ctx);
            if (!made)
                return made.status();
            int& fd = out[(size_t)o.tree_id];
            if (o.kind == SharedKind::SysV) {
                fd = *made;
                continue;
            }
            const long high = raw_syscall(SYS_fcntl, *made, F_DUPFD_CLOEXEC, ctx.scratch);
            raw_syscall(SYS_close, *made);
            if (high < 0)
                return Status::refused(error_text((int)-high));
            fd = (int)high;
        }
    }
    return {};
}

} // namespace glckpt::ckpt
