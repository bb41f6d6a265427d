#include "ckpt/restore/huge_pages.h"
#include "ckpt/text.h"
#include <algorithm>
#include <cerrno>
#include <sys/mman.h>

namespace glckpt::ckpt {
namespace {

constexpr int kPopulateWrite = 23; // MADV_POPULATE_WRITE, kernel 5.14
constexpr unsigned kMemfdCloexec = 1, kMemfdSealable = 2, kMemfdHuge = 4;

// A mapping keeps what it does not use reserved for its file, also when it is gone.
bool reserve(const SavedMapping& m, int fd) {
    const long at = raw_syscall(SYS_mmap, 0, m.bytes(), PROT_READ, MAP_SHARED, fd, m.offset);
    if (at < 0 && at > -4096)
        return false;
    raw_syscall(SYS_munmap, at, m.bytes());
    return true;
}

} // namespace

std::vector<Range> huge_pages_needed(const ImageReader& image, uint32_t space, Range within,
                                     uint32_t shift) {
    std::vector<Range> out;
    const uint64_t below = (1ull << shift) - 1;
    const auto add = [&](const auto& r) {
        if (r.space == space && r.address < within.end && r.address + r.bytes > within.start)
            out.push_back({r.address & ~below, (r.address + r.bytes + below) & ~below});
    };
    std::for_each(image.runs().begin(), image.runs().end(), add);
    std::for_each(image.refs().begin(), image.refs().end(), add);
    std::sort(out.begin(), out.end(),
              [](const Range& a, const Range& b) { return a.start < b.start; });
    std::vector<Range> joined;
    for (const Range& r : out)
        if (!joined.empty() && r.start <= joined.back().end)
            joined.back().end = std::max(joined.back().end, r.end);
        else
            joined.push_back(r);
    return joined;
}

bool make_huge_pages(const ImageReader& image, const SavedMapping& m, uint64_t at) {
    for (const Range& r : huge_pages_needed(image, kProcessSpace, {m.start, m.end}, m.huge_shift)) {
        const long done =
            raw_syscall(SYS_madvise, at + (r.start - m.start), r.end - r.start, kPopulateWrite);
        if (done == -EINVAL)
            return true; // an older kernel; what is reserved is there
        if (done < 0)
            return false;
    }
    return true;
}

UniqueFd make_memfd(const std::string& name, uint64_t bytes, uint32_t huge_shift) {
    const unsigned huge = huge_shift ? kMemfdHuge | huge_shift << kHugeSizeShift : 0;
    UniqueFd fd(raw_syscall(SYS_memfd_create, name.c_str(), kMemfdCloexec | kMemfdSealable | huge));
    if (fd.ok())
        raw_syscall(SYS_ftruncate, fd.get(), bytes);
    return fd;
}

bool make_huge_pages(const ImageTree& tree, size_t teller, const SharedObject& o, int fd) {
    const ImageReader& image = tree.reader(teller);
    const auto space = (uint32_t)(&o - image.process().objects.data()) + 1;
    for (const Range& r : huge_pages_needed(image, space, {0, o.bytes}, o.huge_shift))
        if (raw_syscall(SYS_fallocate, fd, 0, r.start, r.end - r.start) < 0)
            return false;
    for (size_t i = 0; i < tree.size(); ++i) {
        if (!tree.living(i))
            continue;
        const ProcessState& s = tree.process(i);
        for (const SavedMapping& m : s.mappings)
            if (m.kind == MappingKind::Shared && !(m.flags & kNoReserve) &&
                s.objects[(size_t)m.object].tree_id == o.tree_id && !reserve(m, fd))
                return false;
    }
    return true;
}

std::string lacking_text(uint32_t huge_shift, uint64_t bytes) {
    return format("this machine has not enough huge pages of %llu MiB: %llu MiB of the program's "
                  "memory are of ordinary pages now",
                  (unsigned long long)((1ull << huge_shift) >> 20),
                  (unsigned long long)(bytes >> 20));
}

} // namespace glckpt::ckpt
