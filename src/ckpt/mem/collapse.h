// A fork copies page tables: 16 ms for a GiB of small pages, well under one for huge ones. So
// large memory is collapsed into huge pages ahead of the stop, while the app runs.
#pragma once
#include "ckpt/mem/maps.h"

namespace glckpt::ckpt {

void collapse_huge_pages(const std::vector<Vma>& vmas);

} // namespace glckpt::ckpt
