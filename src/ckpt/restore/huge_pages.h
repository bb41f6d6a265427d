// Huge TLB pages at a restart.
//
// They come out of a pool that the machine's owner has set aside, and a page that the pool cannot
// give at a fault is a SIGBUS. So whatever the image has something of is made before it is filled,
// by calls that answer (fallocate, MADV_POPULATE_WRITE). Where there are none, memory without a
// name gets ordinary pages, and transparent huge ones are asked for: to loads and stores they are
// the same, and what may be done with them (unmapping of a part, say) is more, not less. The
// program's user is told in one line. A file of hugetlbfs stays what it is, or the restart is
// refused.
#pragma once
#include "ckpt/fd/kind.h"
#include "ckpt/image/reader.h"
#include "ckpt/mem/maps.h"
#include "ckpt/restore/image_tree.h"

namespace glckpt::ckpt {

// mmap's, shmget's and memfd_create's way to name a size of pages.
constexpr uint32_t kHugeSizeShift = 26;

// The huge pages within a range of a space that the image has something of.
std::vector<Range> huge_pages_needed(const ImageReader& image, uint32_t space, Range within,
                                     uint32_t shift);

// Makes those of a mapping that is at `at` now; false: there are not so many.
bool make_huge_pages(const ImageReader& image, const SavedMapping& m, uint64_t at);

// A new, empty file of such pages (0: ordinary ones) in memory, not fit for `o` yet.
UniqueFd make_memfd(const std::string& name, uint64_t bytes, uint32_t huge_shift);
// Makes the pages of object `o`, which process `teller` tells of, in the file `fd`, and reserves
// what the tree's mappings had reserved.
bool make_huge_pages(const ImageTree& tree, size_t teller, const SharedObject& o, int fd);

std::string lacking_text(uint32_t huge_shift, uint64_t bytes);

} // namespace glckpt::ckpt
