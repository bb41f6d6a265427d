// Which files are of huge TLB pages: of hugetlbfs, a memfd of MFD_HUGETLB among them.
#pragma once
#include <cstdint>

namespace glckpt::ckpt {

// The binary logarithm of the size of its pages; 0: ordinary ones.
uint32_t huge_shift_of(int fd);

} // namespace glckpt::ckpt
