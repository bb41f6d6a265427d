#include "ckpt/mem/describe.h"
#include "ckpt/lazy/lazy.h"
#include "ckpt/mem/file_identity.h"
#include "ckpt/mem/huge.h"
#include "ckpt/mem/pages.h"
#include "ckpt/text.h"
#include <algorithm>
#include <sys/mman.h>
#include <sys/shm.h>

namespace glckpt::ckpt {
namespace {

constexpr unsigned kZeroStretch =
    4; // shorter stretches of zero pages are cheaper kept than skipped

bool is_shared_memory(const Vma& v) {
    return v.shared && (v.name.starts_with("/memfd:") || v.name.starts_with("/SYSV") ||
                        v.name.starts_with("/dev/zero (deleted)") || name_is_deleted(v.name));
}

bool same_file(const struct stat& st, const Vma& v) {
    // maps shows the device of the file system's superblock, which on btrfs and overlays is not
    // stat's: the inode must do.
    return st.st_ino == v.ino;
}

// Does the name still lead to the file that is mapped?
bool name_leads_there(const Vma& v) {
    struct stat st {};
    return !name_is_deleted(v.name) &&
           raw_syscall(SYS_newfstatat, AT_FDCWD, v.name.c_str(), &st, 0) == 0 && same_file(st, v);
}

SharedKind shared_kind(const Vma& v) {
    if (v.name.starts_with("/memfd:"))
        return SharedKind::Memfd;
    if (v.name.starts_with("/SYSV"))
        return SharedKind::SysV;
    if (v.name.starts_with("/dev/zero (deleted)") || v.name.starts_with("/anon_hugepage (deleted)"))
        return SharedKind::Anonymous;
    return SharedKind::DeletedFile;
}

// Of a memfd or deleted file that is saved itself, since it is open or mapped shared; -1: it is
// not.
int object_behind(const Vma& v, const SaveContext& ctx) {
    for (size_t i = 0; i < ctx.objects.size(); ++i) {
        const SharedObject& o = ctx.objects[i];
        if (o.ino == v.ino && o.kind != SharedKind::SysV && v.huge_tlb == (o.huge_shift != 0) &&
            without_deleted(v.name).ends_with(o.name))
            return (int)i;
    }
    return -1;
}

bool is_removed_segment(int id) {
    shmid_ds about{};
    return raw_syscall(SYS_shmctl, id, IPC_STAT, &about) >= 0 && about.shm_perm.mode & SHM_DEST;
}

class Describer {
  public:
    Describer(const SaveContext& ctx, const HugeMemory& huge) : ctx_(ctx), huge_(huge) {}

    Status add(const Vma& v) {
        if (v.name == "[vsyscall]" || v.name == "[uprobes]")
            return {};
        SavedMapping m;
        m.start = v.start;
        m.end = v.end;
        m.offset = v.offset;
        m.prot = v.prot;
        m.flags = v.flags;
        m.huge_shift = v.huge_shift;
        m.name = v.name;
        if (v.is_vvar()) {
            m.kind = MappingKind::Vvar;
        } else if (v.is_vdso()) {
            m.kind = MappingKind::Vdso;
            add_run(v.start, v.end);
        } else if (is_shared_memory(v)) {
            if (Status s = add_shared(v, m); !s)
                return s;
        } else if (v.shared) {
            m.kind = MappingKind::SharedFile;
            m.writable_file = v.may_write;
            if (Status s = add_file(v, m); !s)
                return s;
        } else if (const HugeMapping* h = v.huge_tlb ? huge_.find(v.start) : nullptr) {
            if (Status s = add_huge(*h, m); !s)
                return s;
        } else if (is_lazy_mapping(v)) {
            m.offset = 0;
            m.name.clear();
            add_from_image(v);
        } else {
            if (Status s = add_private(v, m, private_kind(v, ctx_)); !s)
                return s;
            if (m.kind == MappingKind::Anonymous && v.has_file())
                add_all(v);
            else
                add_modified(v);
        }
        out_.mappings.push_back(std::move(m));
        return {};
    }
    MemoryDescription take() { return std::move(out_); }

  private:
    void add_run(uint64_t start, uint64_t end) {
        out_.runs.push_back({start, end - start, 0, kProcessSpace, 0});
    }

    Status add_private(const Vma& v, SavedMapping& m, MappingKind kind) {
        m.kind = kind;
        if (kind == MappingKind::PrivateFile)
            return add_file(v, m);
        if (kind == MappingKind::PrivateObject)
            m.object = object_behind(v, ctx_);
        else
            m.offset = 0;
        return {};
    }

    // It is not here: what it held was copied in the stop.
    Status add_huge(const HugeMapping& h, SavedMapping& m) {
        if (Status s = add_private(h.vma, m, h.kind); !s)
            return s;
        for (const Content& c : h.contents)
            add_run(c.offset, c.offset + c.bytes);
        return {};
    }

    Status add_shared(const Vma& v, SavedMapping& m) {
        m.kind = MappingKind::Shared;
        for (size_t i = 0; i < ctx_.objects.size(); ++i)
            if (shows(v, ctx_.objects[i]) && ctx_.objects[i].kind == shared_kind(v))
                m.object = (int32_t)i;
        if (m.object < 0)
            return Status::refused(
                format("the shared mapping %s appeared during the checkpoint", v.name.c_str()));
        return {};
    }

    Status add_file(const Vma& v, SavedMapping& m) {
        for (size_t i = 0; i < out_.files.size(); ++i)
            if (out_.files[i].path == v.name) {
                m.file = (int32_t)i;
                return {};
            }
        const UniqueFd fd = open_fd(v.name.c_str(), O_RDONLY);
        if (!fd.ok())
            return Status::refused(format("the mapped file %s cannot be opened: %s", v.name.c_str(),
                                          error_text(fd.error())));
        m.file = (int32_t)out_.files.size();
        out_.files.push_back(identify_file(fd.get(), v.name));
        return {};
    }

    // Mostly this is the writer's own copy of the address space.
    void make_readable(const Vma& v) {
        if (v.prot & PROT_READ)
            return;
        raw_syscall(SYS_mprotect, v.start, v.end - v.start, PROT_READ);
        out_.made_readable.push_back(v);
    }

    void add_modified(const Vma& v) {
        std::vector<Range> ranges;
        pagemap_.guards({v.start, v.end}, ranges);
        for (const Range& r : ranges)
            out_.guards.push_back({r.start, r.end});
        ranges.clear();
        pagemap_.modified({v.start, v.end}, ranges);
        if (ranges.empty())
            return;
        make_readable(v);
        // Zero is what a fresh anonymous page is, but not what a fresh page of a file is.
        if (!v.has_file())
            drop_zero_pages(ranges, kZeroStretch);
        for (const Range& r : ranges)
            add_run(r.start, r.end);
    }

    // Mapped from the image of the last restart. Of our own making, so all of it is there; what is
    // a hole in that file reads as zeros and is left out again.
    void add_from_image(const Vma& v) {
        make_readable(v);
        std::vector<Range> ranges{{v.start, v.end}};
        drop_zero_pages(ranges, kZeroStretch);
        for (const Range& r : ranges)
            add_run(r.start, r.end);
    }

    // Private pages of a file that will not be there at the restart: everything counts, modified
    // or not. Beyond the file's end there is nothing to read; the kernel says so when asked by
    // /proc/self/mem, where a load would be a SIGBUS.
    void add_all(const Vma& v) {
        make_readable(v);
        const UniqueFd mem = open_fd("/proc/thread-self/mem", O_RDONLY);
        alignas(8) static char page[kPage];
        for (uint64_t at = v.start; at < v.end; at += kPage) {
            if (raw_syscall(SYS_pread64, mem.get(), page, kPage, at) != (long)kPage ||
                is_zero_page(page))
                continue;
            if (!out_.runs.empty() && out_.runs.back().address + out_.runs.back().bytes == at &&
                at != v.start)
                out_.runs.back().bytes += kPage;
            else
                add_run(at, at + kPage);
        }
        out_.careful.push_back({v.start, v.end});
    }

    const SaveContext& ctx_;
    const HugeMemory& huge_;
    Pagemap pagemap_;
    MemoryDescription out_;
};

} // namespace

Status check_mappings(const std::vector<Vma>& vmas) {
    for (const Vma& v : vmas) {
        const bool special = v.is_vvar() || v.name == "[vdso]" || v.name == "[vsyscall]";
        if (v.name.starts_with("/[aio]"))
            return Status::refused("it has a context of asynchronous I/O (io_setup)");
        if (!special && !v.huge_tlb &&
            (v.device || v.name.starts_with("anon_inode:") ||
             (v.name.starts_with("/dev/") && !v.name.starts_with("/dev/zero") &&
              !v.name.starts_with("/dev/shm/"))))
            return Status::refused(format("memory at %lx is a mapping of the device %s",
                                          (unsigned long)v.start, v.name.c_str()));
    }
    return {};
}

MappingKind private_kind(const Vma& v, const SaveContext& ctx) {
    if (v.has_file() && name_leads_there(v))
        return MappingKind::PrivateFile;
    return v.has_file() && object_behind(v, ctx) >= 0 ? MappingKind::PrivateObject
                                                      : MappingKind::Anonymous;
}

Status note_shared_mappings(const std::vector<Vma>& vmas, SaveContext& ctx) {
    for (const Vma& v : vmas) {
        if (!is_shared_memory(v))
            continue;
        SharedObject o;
        o.kind = shared_kind(v);
        o.dev = v.dev;
        o.ino = v.ino;
        o.huge_shift = v.huge_shift;
        o.bytes = v.offset + (v.end - v.start);
        o.mode = 0600;
        o.name = without_deleted(v.name);
        if (o.kind == SharedKind::Memfd)
            o.name = o.name.substr(sizeof("/memfd:") - 1);
        if (o.kind == SharedKind::SysV) {
            o.sysv_id = (int32_t)v.ino;
            o.removed = is_removed_segment(o.sysv_id);
        }
        int index = -1;
        for (size_t i = 0; i < ctx.objects.size(); ++i)
            if (shows(v, ctx.objects[i]) && ctx.objects[i].kind == o.kind)
                index = (int)i;
        if (index < 0)
            index = ctx.object_for(o);
        SharedObject& known = ctx.objects[(size_t)index];
        known.from = std::min(known.from, v.offset);
        if (!ctx.object_fd.count(index))
            ctx.objects[(size_t)index].bytes = std::max(ctx.objects[(size_t)index].bytes, o.bytes);
    }
    return {};
}

void unmake_readable(const MemoryDescription& memory) {
    for (const Vma& v : memory.made_readable)
        raw_syscall(SYS_mprotect, v.start, v.end - v.start, v.prot);
}

Result<MemoryDescription> describe_memory(const std::vector<Vma>& vmas, const SaveContext& ctx,
                                          const HugeMemory& huge) {
    Describer d(ctx, huge);
    for (const Vma& v : vmas)
        if (Status s = d.add(v); !s)
            return s;
    return d.take();
}

} // namespace glckpt::ckpt
