// Whether the numbers of a tree's processes, threads, groups and sessions can be given out again in
// this pid namespace.
#pragma once
#include "ckpt/restore/image_tree.h"

namespace glckpt::ckpt {

// Waits up to a second for processes that have ended and are about to be forgotten: a program that
// has just been killed can be restored at once.
bool all_numbers_free(const ImageTree& tree);

} // namespace glckpt::ckpt
