// Checks of every byte, with as many threads as there are processors: for the tools.
#include "ckpt/image/reader.h"
#include "ckpt/parallel.h"
#include "ckpt/text.h"
#include <algorithm>
#include <cstring>

namespace glckpt::ckpt {
namespace {

Status damaged(const char* what) {
    return Status::refused(format("the image is damaged (%s)", what));
}

bool all_zero(const char* p, size_t n) {
    return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

} // namespace

Status ImageReader::verify_pages() const {
    if (Status s = for_each_in_parallel(
            frames_.size(), [this](size_t i, char* buffer) { return read_frame(i, buffer); });
        !s)
        return s;
    return for_each_in_parallel(
        ref_batches(),
        [this](size_t batch, char* buffer) {
            FrameCache cache;
            return for_each_in_batch(batch, [&](const PageRef& r, uint64_t offset, uint64_t n) {
                return read_ref(r, offset, n, buffer, cache);
            });
        },
        1);
}

Status ImageReader::verify_gaps() const {
    for (const auto& o : origins_)
        if (Status s = o->verify_gaps(); !s)
            return std::move(s).with_context(o->path());
    std::vector<std::pair<uint64_t, uint64_t>> pieces{{start_, start_ + sizeof(FileHeader)},
                                                      {header_->table_offset, file_bytes_}};
    if (tree_)
        for (const TreeMember& m : tree_->members)
            if (m.end > m.start)
                pieces.emplace_back(m.start, m.end);
    for (const auto& [name, e] : sections_)
        pieces.emplace_back(e.offset, e.offset + e.bytes);
    for (const PageRun& r : runs_)
        if (profile() == Profile::Raw)
            pieces.emplace_back(r.file_offset, r.file_offset + r.bytes);
    for (const PageFrame& f : frames_)
        if (profile() == Profile::Packed)
            pieces.emplace_back(f.file_offset, f.file_offset + f.stored);
    std::sort(pieces.begin(), pieces.end());
    uint64_t covered = start_;
    for (const auto& [start, end] : pieces) {
        if (start < covered && end > start)
            return damaged("overlapping parts");
        while (covered < start) {
            // Holes of the file need no look.
            const long data = raw_syscall(SYS_lseek, fd_.get(), covered, SEEK_DATA);
            if (data < 0 || (uint64_t)data >= start)
                break;
            const uint64_t from = std::max<uint64_t>((uint64_t)data, covered);
            const long hole = raw_syscall(SYS_lseek, fd_.get(), from, SEEK_HOLE);
            const uint64_t to = hole < 0 ? start : std::min<uint64_t>((uint64_t)hole, start);
            if (!all_zero(at(from), to - from))
                return damaged("data between its parts");
            covered = to;
        }
        covered = std::max(covered, end);
    }
    return {};
}

} // namespace glckpt::ckpt
