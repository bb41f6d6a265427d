#include "ckpt/image/chain.h"
#include "ckpt/image/precopy.h"
#include "ckpt/image/writer.h"
#include "ckpt/mem/pages.h"
#include "ckpt/sys.h"
#include <algorithm>
#include <memory>
#include <sys/mman.h>

namespace glckpt::ckpt {
namespace {

constexpr uint64_t kWorthIt = 2 * kHugePage; // less is written in the stop

// Only what is all its own: files, shared memory and what cannot be read take the long way.
bool is_candidate(const Vma& v) {
    const bool anonymous = v.name.empty() || v.name == "[heap]" || v.name.starts_with("[anon");
    return !v.shared && anonymous && (v.prot & PROT_READ) && !(v.flags & kGrowsDown) &&
           v.end - v.start >= kWorthIt;
}

Status cannot(int error) { return Status::refused(error_text(error)); }

} // namespace

// The program may take the memory away meanwhile: read as the kernel reads it, which then only says
// that there is nothing.
Status Precopied::write_range(int fd, int mem, const Area& area, Range range, char* buffer) {
    for (uint64_t at = range.start; at < range.end;) {
        const uint64_t bytes = std::min(kFrameBytes, range.end - at);
        const uint64_t here = at;
        at += bytes;
        if (!pread_all(mem, buffer, bytes, here))
            continue;
        uint64_t from = 0;
        const auto flush = [&](uint64_t to) {
            int error = 0;
            const bool ok =
                to == from || pwrite_all(fd, buffer + from, to - from,
                                         area.place + (here + from - area.start), &error);
            from = to;
            return ok ? Status() : cannot(error);
        };
        for (uint64_t page = 0; page < bytes; page += kPage) {
            if (is_zero_page(buffer + page)) {
                if (Status s = flush(page); !s)
                    return s;
                from = page + kPage;
                continue;
            }
            area.hashes[(here + page - area.start) / kPage] = hash_of_page(buffer + page, seed_);
        }
        if (from < bytes)
            if (Status s = flush(bytes); !s)
                return s;
    }
    return {};
}

Status Precopied::write(int fd, uint64_t data_at, const std::vector<Vma>& vmas, Staging& staging) {
    const UniqueFd mem = open_fd("/proc/thread-self/mem", O_RDONLY);
    const auto buffer = std::make_unique<char[]>(kFrameBytes);
    Pagemap pagemap;
    seed_ = random_seed();
    end_ = data_at;
    for (const Vma& v : vmas) {
        std::vector<Range> there;
        if (is_candidate(v))
            pagemap.modified({v.start, v.end}, there);
        uint64_t present = 0;
        for (const Range& r : there)
            present += r.end - r.start;
        if (present < kWorthIt || v.end - v.start > 4 * present)
            continue;
        auto* hashes =
            static_cast<PageHash*>(staging.take((v.end - v.start) / kPage * sizeof(PageHash)));
        if (!hashes)
            continue; // no room: in the stop, then
        areas_.push_back({v.start, v.end, congruent(end_, v.start), hashes});
        end_ = areas_.back().place + (v.end - v.start);
        for (const Range& r : there)
            if (Status s = write_range(fd, mem.get(), areas_.back(), r, buffer.get()); !s)
                return s;
    }
    // What is on its way to the disk already need not be waited for later.
    raw_syscall(SYS_fdatasync, fd);
    done_ = true;
    return {};
}

} // namespace glckpt::ckpt
