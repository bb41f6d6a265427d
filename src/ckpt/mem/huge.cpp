#include "ckpt/mem/huge.h"
#include "ckpt/image/format.h"
#include "ckpt/mem/describe.h"
#include "ckpt/mem/pages.h"
#include "ckpt/text.h"
#include <algorithm>
#include <sys/mman.h>
#include <sys/uio.h>

namespace glckpt::ckpt {
namespace {

constexpr uint64_t kPiece = 64 << 20; // read at a time
constexpr int kPopulateWrite = 23;    // MADV_POPULATE_WRITE, kernel 5.14

Status between(const Vma& v) {
    return Status::refused(format("the memory of huge pages at %lx (%s) appeared during the "
                                  "checkpoint; try again",
                                  (unsigned long)v.start, v.name.c_str()));
}

// In one step, where the program may read it itself; what it may not read is saved as well.
bool read_own(int mem, char* to, uint64_t from, uint64_t bytes, int* error) {
    const iovec here{to, bytes}, there{reinterpret_cast<void*>(from), bytes};
    return raw_syscall(SYS_process_vm_readv, own_pid(), &here, 1, &there, 1, 0) == (long)bytes ||
           pread_all(mem, to, bytes, from, error);
}

} // namespace

void HugeMemory::make_room(const std::vector<Vma>& vmas, Staging& staging) {
    Pagemap pagemap;
    std::vector<Range> ranges;
    for (const Vma& v : vmas)
        if (is_one(v))
            pagemap.modified({v.start, v.end}, ranges);
    uint64_t bytes = 0;
    for (const Range& r : ranges)
        bytes += r.end - r.start;
    char* room = bytes ? static_cast<char*>(staging.take(bytes, true)) : nullptr;
    if (!room)
        return; // then in the stop, if there is room at all
    raw_syscall(SYS_madvise, room, bytes, kPopulateWrite);
    room_ = {(uint64_t)room, (uint64_t)room + bytes};
}

char* HugeMemory::take(uint64_t bytes, Staging& staging) {
    if (room_.end - room_.start < bytes)
        return static_cast<char*>(staging.take(bytes, true));
    room_.start += bytes;
    return reinterpret_cast<char*>(room_.start - bytes);
}

Status HugeMemory::copy_range(int mem, HugeMapping& m, Range range, Staging& staging) {
    for (uint64_t at = range.start; at < range.end; at += kPiece) {
        const uint64_t bytes = std::min(kPiece, range.end - at);
        char* copy = take(bytes, staging);
        if (!copy)
            return Status::refused(
                format("no memory left for a copy of the huge pages at %lx, which a fork cannot "
                       "keep",
                       (unsigned long)m.vma.start));
        int error = 0;
        if (!read_own(mem, copy, at, bytes, &error))
            return Status::refused(format("the huge pages at %lx cannot be read: %s",
                                          (unsigned long)m.vma.start, error_text(error)));
        note_runs(copy, at, bytes, m.contents);
    }
    return {};
}

Status HugeMemory::copy(const std::vector<Vma>& vmas, const SaveContext& ctx, Staging& staging) {
    Pagemap pagemap;
    const UniqueFd mem = open_fd("/proc/thread-self/mem", O_RDONLY);
    for (const Vma& v : vmas) {
        if (!is_one(v))
            continue;
        HugeMapping m{v, private_kind(v, ctx), {}};
        std::vector<Range> ranges;
        // Of a file that will not be there again everything counts, modified or not.
        if (m.kind == MappingKind::Anonymous && !v.name.starts_with("/anon_hugepage"))
            ranges.push_back({v.start, v.end});
        else
            pagemap.modified({v.start, v.end}, ranges);
        for (const Range& r : ranges)
            if (Status s = copy_range(mem.get(), m, r, staging); !s)
                return s;
        all_.push_back(std::move(m));
    }
    return {};
}

void HugeMemory::keep_from_fork() const {
    for (const HugeMapping& m : all_)
        raw_syscall(SYS_madvise, m.vma.start, m.vma.end - m.vma.start, MADV_DONTFORK);
}

void HugeMemory::unkeep() const {
    for (const HugeMapping& m : all_)
        if (!(m.vma.flags & kDontFork))
            raw_syscall(SYS_madvise, m.vma.start, m.vma.end - m.vma.start, MADV_DOFORK);
}

Status HugeMemory::put_back(std::vector<Vma>& vmas, const SaveContext& ctx) const {
    for (const Vma& v : vmas) {
        const auto same = [&](const HugeMapping& m) {
            return m.vma.start <= v.start && v.end <= m.vma.end;
        };
        if (is_one(v) && std::none_of(all_.begin(), all_.end(), same))
            return between(v);
        const auto shown = [&](const SharedObject& o) { return shows(v, o); };
        if (v.huge_tlb && v.shared && name_is_deleted(v.name) &&
            std::none_of(ctx.objects.begin(), ctx.objects.end(), shown))
            return between(v);
    }
    std::erase_if(vmas, is_one);
    for (const HugeMapping& m : all_)
        vmas.push_back(m.vma);
    std::sort(vmas.begin(), vmas.end(),
              [](const Vma& a, const Vma& b) { return a.start < b.start; });
    return {};
}

const HugeMapping* HugeMemory::find(uint64_t start) const {
    for (const HugeMapping& m : all_)
        if (m.vma.start == start)
            return &m;
    return nullptr;
}

const char* HugeMemory::at(uint64_t address) const {
    for (const HugeMapping& m : all_) {
        if (address < m.vma.start || address >= m.vma.end)
            continue;
        const auto it = std::upper_bound(m.contents.begin(), m.contents.end(), address,
                                         [](uint64_t a, const Content& c) { return a < c.offset; });
        return it == m.contents.begin() ? nullptr
                                        : std::prev(it)->data + (address - std::prev(it)->offset);
    }
    return nullptr;
}

} // namespace glckpt::ckpt
