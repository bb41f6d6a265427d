// The PAGEMAP_SCAN request of /proc/PID/pagemap (Linux 6.7;
// Documentation/admin-guide/mm/pagemap.rst), as linux/fs.h has it, which the headers here may be
// older than.
#pragma once
#include <cstdint>
#include <linux/ioctl.h>

namespace glckpt {

struct PageRegion {
    uint64_t start, end, categories;
};
struct PagemapScan {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages, category_inverted,
        category_mask, category_anyof_mask, return_mask;
};
constexpr unsigned long kPagemapScan = _IOWR('f', 16, PagemapScan);

// Flags: protect what is found against writing, and only where writes are tracked.
constexpr uint64_t kScanProtects = 1 << 0, kScanChecksTracking = 1 << 1;

// Categories. Guards are younger (6.15).
constexpr uint64_t kPageIsWritten = 1 << 1, kPageIsFile = 1 << 2, kPageIsPresent = 1 << 3,
                   kPageIsSwapped = 1 << 4, kPageIsZero = 1 << 5, kPageIsHuge = 1 << 6,
                   kPageIsGuard = 1 << 8;

} // namespace glckpt
