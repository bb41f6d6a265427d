#include "ckpt/mem/collapse.h"
#include "ckpt/image/format.h"
#include "ckpt/mem/pages.h"
#include "ckpt/state.h"
#include <sys/mman.h>

namespace glckpt::ckpt {
namespace {

constexpr int kMadvCollapse = 25;       // MADV_COLLAPSE, kernel 6.1
constexpr uint64_t kWorthIt = 32 << 20; // less than this forks in half a millisecond anyway

bool is_candidate(const Vma& v) {
    return !v.shared && !v.has_file() && v.prot == (PROT_READ | PROT_WRITE) &&
           v.end - v.start >= 2 * kHugePage && !(v.flags & kNoHugePages);
}

} // namespace

// Only where every small page is there already: collapsing a sparse area would cost the app
// memory that it never asked for.
void collapse_huge_pages(const std::vector<Vma>& vmas) {
    Pagemap pagemap;
    std::vector<Range> small;
    for (const Vma& v : vmas)
        if (is_candidate(v))
            pagemap.small({v.start, v.end}, small);
    uint64_t total = 0;
    for (const Range& r : small)
        total += r.end - r.start;
    if (total < kWorthIt)
        return;
    for (const Range& r : small) {
        uint64_t at = (r.start + kHugePage - 1) & ~(kHugePage - 1);
        for (; at + kHugePage <= r.end; at += kHugePage)
            raw_syscall(SYS_madvise, at, kHugePage, kMadvCollapse);
    }
}

} // namespace glckpt::ckpt
