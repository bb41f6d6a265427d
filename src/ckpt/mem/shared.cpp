#include "ckpt/mem/shared.h"
#include "base/map.h"
#include "ckpt/fd/locks.h"
#include "ckpt/image/format.h"
#include "ckpt/mem/pages.h"
#include "ckpt/text.h"
#include <algorithm>
#include <cerrno>
#include <sys/mman.h>

namespace glckpt::ckpt {
namespace {

uint64_t page_up(uint64_t n) { return (n + kPage - 1) & ~(kPage - 1); }

} // namespace

void note_runs(const char* copy, uint64_t base, uint64_t bytes, std::vector<Content>& out) {
    for (uint64_t at = 0; at < bytes; at += kPage) {
        if (is_zero_page(copy + at))
            continue;
        if (!out.empty() && out.back().offset + out.back().bytes == base + at &&
            out.back().data + out.back().bytes == copy + at)
            out.back().bytes += kPage;
        else
            out.push_back({base + at, copy + at, kPage});
    }
}

namespace {

// By descriptor: exact, holes are skipped without being filled.
Status copy_by_fd(const SharedObject& o, int fd, Staging& staging, std::vector<Content>& out) {
    // The position belongs to the app, and is put back. A description of our own only where it
    // must be: closing that gives up the process's locks on the file.
    char byte;
    const bool readable = raw_syscall(SYS_pread64, fd, &byte, 1, 0) >= 0;
    const std::vector<FileLock> locks =
        readable ? std::vector<FileLock>()
                 : locks_of_process(file_text(format("/proc/thread-self/fdinfo/%d", fd)));
    UniqueFd again(
        readable ? -1 : open_fd(format("/proc/thread-self/fd/%d", fd).c_str(), O_RDONLY).release());
    const int from = again.ok() ? again.get() : fd;
    const long position = raw_syscall(SYS_lseek, from, 0, SEEK_CUR);
    Status status;
    for (uint64_t at = 0; at < o.bytes;) {
        const long data = raw_syscall(SYS_lseek, from, at, SEEK_DATA);
        if (data < 0)
            break; // only a hole is left
        long hole = raw_syscall(SYS_lseek, from, data, SEEK_HOLE);
        if (hole < data)
            hole = (long)o.bytes;
        const uint64_t start = (uint64_t)data & ~(kPage - 1);
        const uint64_t end = std::min<uint64_t>((uint64_t)hole, o.bytes);
        char* copy = static_cast<char*>(staging.take(page_up(end - start)));
        if (!copy || !pread_all(from, copy, end - start, start)) {
            status = Status::refused(format("the contents of %s cannot be read", o.name.c_str()));
            break;
        }
        note_runs(copy, start, page_up(end - start), out);
        at = page_up(end);
    }
    raw_syscall(SYS_lseek, from, position, SEEK_SET);
    again.reset();
    (void)take_locks(fd, locks, o.name); // nobody of ours runs who could have taken them
    return status;
}

// Without a descriptor, by the mapping. Reading a page that nobody has touched would allocate it;
// mincore tells which are there. It cannot tell of pages in swap, so with swap in use all are read.
bool swap_in_use() {
    const std::string text = file_text("/proc/meminfo");
    return Scanner(value_of(text, "SwapTotal:")).decimal() !=
           Scanner(value_of(text, "SwapFree:")).decimal();
}

Status copy_by_mapping(const Vma& v, Staging& staging, std::vector<Content>& out) {
    const uint64_t bytes = v.end - v.start;
    std::string resident(bytes / kPage, '\1');
    // Of huge TLB pages it tells only whether this process has touched them. Reading one that is
    // not there makes it, out of what the mapping has reserved; without a reservation it may fail,
    // and one that is not there is zeros.
    const uint64_t piece = v.huge_tlb ? (1ull << v.huge_shift) / kPage : resident.size();
    if (!v.huge_tlb && !swap_in_use())
        raw_syscall(SYS_mincore, v.start, bytes, resident.data());
    const UniqueFd mem = open_fd("/proc/thread-self/mem", O_RDONLY);
    for (uint64_t i = 0; i < resident.size();) {
        uint64_t n = i;
        while (n < resident.size() && n - i < piece && (resident[n] & 1))
            ++n;
        if (n == i) {
            ++i;
            continue;
        }
        char* copy = static_cast<char*>(staging.take((n - i) * kPage));
        int error = 0;
        // Through mem: the mapping may not be readable, or end beyond its object.
        if (!copy || (!pread_all(mem.get(), copy, (n - i) * kPage, v.start + i * kPage, &error) &&
                      error != EIO && error != EFAULT))
            return Status::refused(format("the shared memory %s cannot be read", v.name.c_str()));
        note_runs(copy, v.offset + i * kPage, (n - i) * kPage, out);
        i = n;
    }
    return {};
}

// Shared memory that cannot be seen as a whole, and of which another process may map what this one
// does not.
bool has_gaps(const std::vector<Vma>& vmas, const SharedObject& o) {
    std::vector<Range> parts;
    for (const Vma& v : vmas)
        if (shows(v, o))
            parts.push_back({v.offset, v.offset + (v.end - v.start)});
    std::sort(parts.begin(), parts.end(),
              [](const Range& a, const Range& b) { return a.start < b.start; });
    uint64_t seen = parts.empty() ? 0 : parts.front().start;
    for (const Range& p : parts) {
        if (p.start > seen)
            return true;
        seen = std::max(seen, p.end);
    }
    return seen < o.bytes;
}

// What is mapped may be a part with holes, while others map the rest, or nobody does any more.
// mremap of nothing from a shared mapping makes another one from there on, as long as is wanted.
class WholeView {
  public:
    WholeView(const Vma& lowest, uint64_t bytes) : vma_(lowest) {
        if (bytes <= lowest.offset)
            return;
        const uint64_t length = page_up(bytes - lowest.offset);
        at_ = raw_syscall(SYS_mremap, lowest.start, 0, length, 1 /*MREMAP_MAYMOVE*/);
        if (!ok())
            return;
        vma_.start = (uint64_t)at_;
        vma_.end = (uint64_t)at_ + length;
    }
    ~WholeView() {
        if (ok())
            raw_syscall(SYS_munmap, vma_.start, vma_.end - vma_.start);
    }
    bool ok() const { return at_ > 0; }
    const Vma& vma() const { return vma_; }

  private:
    Vma vma_;
    long at_ = -1;
};

const Vma* lowest_view(const std::vector<Vma>& vmas, const SharedObject& o) {
    const Vma* lowest = nullptr;
    for (const Vma& v : vmas)
        if (shows(v, o) && (!lowest || v.offset < lowest->offset))
            lowest = &v;
    return lowest;
}

} // namespace

void* Staging::take(uint64_t bytes, bool shared) {
    const long p = map_guest_memory(bytes, (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_NORESERVE);
    if (p < 0 && p > -4096)
        return nullptr;
    ranges_.push_back({(uint64_t)p, (uint64_t)p + page_up(bytes)});
    return (void*)p;
}

void Staging::release() {
    for (const Range& r : ranges_)
        raw_syscall(SYS_munmap, r.start, r.end - r.start);
    ranges_.clear();
}

Status copy_shared(SaveContext& ctx, const std::vector<Vma>& vmas, Staging& staging,
                   SharedContents& out) {
    out.of.resize(ctx.objects.size());
    for (size_t i = 0; i < ctx.objects.size(); ++i) {
        const SharedObject& o = ctx.objects[i];
        if (o.elsewhere)
            continue;
        const auto fd = ctx.object_fd.find((int)i);
        if (fd != ctx.object_fd.end()) {
            if (Status s = copy_by_fd(o, fd->second, staging, out.of[i]); !s)
                return s;
            continue;
        }
        if (const Vma* lowest = lowest_view(vmas, o); lowest && o.kind != SharedKind::SysV) {
            const WholeView whole(*lowest, o.bytes);
            if (whole.ok()) {
                if (Status s = copy_by_mapping(whole.vma(), staging, out.of[i]); !s)
                    return s;
                continue;
            }
        }
        if (o.kind != SharedKind::SysV && !ctx.tree_pids.empty() && has_gaps(vmas, o))
            return Status::refused(format("the processes of the tree map different parts of the "
                                          "shared memory %s",
                                          o.name.c_str()));
        // Several mappings may show parts of it, or the same part twice.
        std::vector<Range> done;
        for (const Vma& v : vmas) {
            if (!shows(v, o))
                continue;
            const Range part{v.offset, v.offset + (v.end - v.start)};
            bool seen = false;
            for (const Range& d : done)
                seen |= part.start >= d.start && part.end <= d.end;
            if (seen)
                continue;
            done.push_back(part);
            if (Status s = copy_by_mapping(v, staging, out.of[i]); !s)
                return s;
        }
    }
    return {};
}

} // namespace glckpt::ckpt
