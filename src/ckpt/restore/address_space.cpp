#include "ckpt/restore/address_space.h"
#include "ckpt/image/format.h"
#include <algorithm>

namespace glckpt::ckpt {
namespace {

// Room for a stack or heap beside to grow into while the restorer is at work.
constexpr uint64_t kMargin = 16 << 20;

} // namespace

AddressSpace::AddressSpace(const ProcessState& state) {
    for (const SavedMapping& m : state.mappings)
        taken_.push_back({m.start, m.end});
    for (const Vma& v : read_maps())
        taken_.push_back({v.start, v.end});
}

bool AddressSpace::overlaps(uint64_t start, uint64_t end) const {
    for (const Range& r : taken_)
        if (start < r.end + kMargin && r.start < end + kMargin)
            return true;
    return false;
}

uint64_t AddressSpace::reserve(uint64_t bytes, uint32_t huge_shift) {
    const uint64_t unit = std::max(kHugePage, (uint64_t)1 << huge_shift);
    bytes = (bytes + unit - 1) & ~(unit - 1);
    next_ = (next_ + unit - 1) & ~(unit - 1);
    while (overlaps(next_, next_ + bytes))
        next_ += 1 << 30;
    const uint64_t at = next_;
    next_ += bytes + kMargin;
    return at;
}

} // namespace glckpt::ckpt
