// Memory that is mapped from the image.
//
// A restart maps large anonymous areas privately from a raw image instead of copying them. To
// loads and stores there is no difference. To three calls there is, since beneath lies a file:
// MADV_DONTNEED and MADV_FREE must give zeros and would give the image's bytes back, and mremap
// must grow by zeros and would grow into what follows in the file. So those are wrapped while such
// memory exists. (glibc's malloc uses mremap without asking us, but promises nothing about what
// realloc adds.)
#pragma once
#include "ckpt/mem/maps.h"
#include <string>
#include <vector>

namespace glckpt::ckpt {

// In a restarted process: everything that is mapped from these images now.
void note_lazy_mappings(std::vector<std::string> images);
// Is this mapping one of them?
bool is_lazy_mapping(const Vma& v);

} // namespace glckpt::ckpt
