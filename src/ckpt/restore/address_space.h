// Finding room: where the image's mappings, the restorer's own and what must outlive it can lie
// without touching each other.
#pragma once
#include "ckpt/mem/maps.h"
#include "ckpt/state.h"

namespace glckpt::ckpt {

class AddressSpace {
  public:
    explicit AddressSpace(const ProcessState& state);
    // Addresses for `bytes`, 2 MiB aligned, clear of every mapping of the image and of the
    // restorer, and of what was given out before. Nothing is mapped there yet.
    uint64_t reserve(uint64_t bytes, uint32_t huge_shift = 0);

  private:
    bool overlaps(uint64_t start, uint64_t end) const;
    std::vector<Range> taken_;
    uint64_t next_ = 0x1000'0000'0000;
};

} // namespace glckpt::ckpt
