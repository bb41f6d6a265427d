// What the writer asks of memory that lies in the file already; precopy_write.cpp has put it there.
#include "ckpt/image/precopy.h"
#include "ckpt/sys.h"
#include <algorithm>
#include <fcntl.h>

namespace glckpt::ckpt {
namespace {

constexpr PageHash kNone{0, 0};

Status cannot(int error) { return Status::refused(error_text(error)); }

} // namespace

Precopied::Area* Precopied::area_of(uint64_t address) {
    const auto it = std::upper_bound(areas_.begin(), areas_.end(), address,
                                     [](uint64_t a, const Area& x) { return a < x.start; });
    return it == areas_.begin() || address >= std::prev(it)->end ? nullptr : &*std::prev(it);
}

uint64_t Precopied::place_of(uint64_t start, uint64_t end) {
    const Area* area = area_of(start);
    return area && end <= area->end ? area->place + (start - area->start) : 0;
}

void Precopied::split(std::vector<PageRun>& runs) const {
    std::vector<PageRun> out;
    for (PageRun r : runs) {
        for (const Area& a : areas_)
            for (const uint64_t edge : {a.start, a.end})
                if (r.space == kProcessSpace && edge > r.address && edge < r.address + r.bytes) {
                    out.push_back(r);
                    out.back().bytes = edge - r.address;
                    r.bytes -= edge - r.address;
                    r.address = edge;
                }
        out.push_back(r);
    }
    runs = std::move(out);
}

PageHash* Precopied::hashes_of(uint64_t address, uint64_t pages) {
    Area* area = area_of(address);
    const bool all = area && address + pages * kPage <= area->end;
    return all ? area->hashes + (address - area->start) / kPage : nullptr;
}

Status Precopied::clear_rest(int fd) {
    for (const Area& a : areas_) {
        const uint64_t pages = (a.end - a.start) / kPage;
        for (uint64_t i = 0; i < pages;) {
            if (a.hashes[i] == kNone) {
                ++i;
                continue;
            }
            uint64_t last = i;
            while (last < pages && a.hashes[last] != kNone)
                ++last;
            const uint64_t at = a.place + i * kPage, bytes = (last - i) * kPage;
            long r = raw_syscall(SYS_fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at,
                                 bytes);
            static const char zeros[kPage] = {};
            int error = 0;
            for (uint64_t done = 0; r < 0 && done < bytes; done += kPage)
                if (!pwrite_all(fd, zeros, kPage, at + done, &error))
                    return cannot(error);
            i = last;
        }
    }
    return {};
}

} // namespace glckpt::ckpt
