#include "ckpt/mem/pages.h"
#include "base/pagemap_scan.h"
#include "ckpt/image/format.h"
#include <algorithm>
#include <cstring>

namespace glckpt::ckpt {
namespace {

// /proc/PID/pagemap entries, for kernels without the scan.
constexpr uint64_t kEntryPresent = 1ull << 63, kEntrySwapped = 1ull << 62, kEntryFile = 1ull << 61,
                   kEntryGuard = 1ull << 58;

void append(std::vector<Range>& out, uint64_t start, uint64_t end) {
    if (!out.empty() && out.back().end == start)
        out.back().end = end;
    else
        out.push_back({start, end});
}

} // namespace

void Pagemap::scan(Range within, uint64_t inverted, uint64_t mask, uint64_t any,
                   std::vector<Range>& out) {
    PageRegion regions[256];
    for (uint64_t at = within.start; at < within.end;) {
        PagemapScan a{};
        a.size = sizeof a;
        a.start = at;
        a.end = within.end;
        a.vec = (uint64_t)regions;
        a.vec_len = std::size(regions);
        a.category_inverted = inverted;
        a.category_mask = mask;
        a.category_anyof_mask = any;
        a.return_mask = kPageIsPresent | kPageIsSwapped;
        const long n = raw_syscall(SYS_ioctl, fd_.get(), kPagemapScan, &a);
        if (n < 0 && knows_guards_ && mask & kPageIsGuard) {
            knows_guards_ = false; // older than them: there are none
            inverted &= ~kPageIsGuard;
            mask &= ~kPageIsGuard;
            if (mask == 0)
                return;
            continue;
        }
        if (n < 0) {
            has_scan_ = false;
            return;
        }
        for (long i = 0; i < n; ++i)
            append(out, regions[i].start, regions[i].end);
        at = a.walk_end > at ? a.walk_end : within.end;
    }
}

void Pagemap::read_entries(Range within, std::vector<Range>& out) {
    uint64_t entries[1024];
    for (uint64_t at = within.start; at < within.end;) {
        const uint64_t pages = std::min<uint64_t>((within.end - at) / kPage, std::size(entries));
        if (!pread_all(fd_.get(), entries, pages * 8, at / kPage * 8))
            memset(entries, 0xff, sizeof entries); // cannot tell: take all
        for (uint64_t i = 0; i < pages; ++i)
            if ((entries[i] & (kEntryPresent | kEntrySwapped)) &&
                (!(entries[i] & kEntryGuard) || entries[i] == ~0ull) &&
                !((entries[i] & kEntryFile) && entries[i] != ~0ull))
                append(out, at + i * kPage, at + (i + 1) * kPage);
        at += pages * kPage;
    }
}

void Pagemap::modified(Range within, std::vector<Range>& out) {
    if (has_scan_) {
        const size_t before = out.size();
        const uint64_t without = kPageIsFile | kPageIsZero | (knows_guards_ ? kPageIsGuard : 0);
        scan(within, without, without, kPageIsPresent | kPageIsSwapped, out);
        if (has_scan_)
            return;
        out.resize(before);
    }
    read_entries(within, out);
}

void Pagemap::guards(Range within, std::vector<Range>& out) {
    if (has_scan_ && knows_guards_)
        scan(within, 0, kPageIsGuard, 0, out);
}

void Pagemap::small(Range within, std::vector<Range>& out) {
    scan(within, kPageIsHuge, kPageIsHuge | kPageIsPresent, 0, out);
}

bool is_zero_page(const void* page) {
    const auto* w = static_cast<const uint64_t*>(page);
    // Most pages that are not zero show it early.
    if (w[0] | w[1] | w[2] | w[3] | w[kPage / 16] | w[kPage / 8 - 1])
        return false;
    uint64_t any = 0;
    for (size_t i = 0; i < kPage / 8 && !any; i += 8)
        any = w[i] | w[i + 1] | w[i + 2] | w[i + 3] | w[i + 4] | w[i + 5] | w[i + 6] | w[i + 7];
    return any == 0;
}

void drop_zero_pages(std::vector<Range>& ranges, unsigned least) {
    std::vector<Range> out;
    for (const Range& r : ranges) {
        uint64_t kept_from = r.start, zeros_from = r.start;
        for (uint64_t at = r.start; at <= r.end; at += kPage) {
            if (at < r.end && is_zero_page(reinterpret_cast<const void*>(at)))
                continue;
            // Pages [zeros_from, at) are zero.
            if (at - zeros_from >= least * kPage) {
                if (zeros_from > kept_from)
                    out.push_back({kept_from, zeros_from});
                kept_from = at;
            }
            zeros_from = at + kPage;
        }
        if (kept_from < r.end)
            out.push_back({kept_from, r.end});
    }
    ranges = std::move(out);
}

} // namespace glckpt::ckpt
