// Does what the image says hang together? Indices within their tables, mappings that do not
// overlap, runs within mappings: checked once, so that nothing behind it has to.
#pragma once
#include "base/status.h"
#include "ckpt/image/format.h"
#include "ckpt/state.h"
#include "ckpt/tree/tree.h"
#include <span>

namespace glckpt::ckpt {

Status check_tree_structure(const TreeState& tree, const ProcessState& root, uint64_t file_bytes);
Status check_image_structure(const ProcessState& state, std::span<const PageRun> runs);

} // namespace glckpt::ckpt
