// The image's descriptor tables in place of the restorer's.
#pragma once
#include "ckpt/fd/kind.h"
#include "ckpt/restore/image_tree.h"

namespace glckpt::ckpt {

// First number that is in nobody's way, above everything the image uses.
int first_scratch_fd(const ImageTree& tree);
// Moves `fd` there; close-on-exec. Returns the new number or -errno.
int lift_fd(int fd, int scratch);

// Everything that is open in the tree, once, by its number there: made by the root-to-be, inherited
// by all.
struct OpenFiles {
    std::vector<int> descriptions; // -1: made by each that has it, see create_descriptions
    std::vector<int> objects;
};
Status create_descriptions(const ImageTree& tree, RestoreContext& ctx, OpenFiles& made);
// In each process: its own table; of what it describes, the contents. Everything else is closed
// then, up to `keep`.
Status place_descriptors(const ProcessState& state, RestoreContext& ctx, OpenFiles& made,
                         std::vector<int> keep);
// The objects of one process, by its own numbers.
std::vector<int> objects_of(const ProcessState& state, const OpenFiles& made);

} // namespace glckpt::ckpt
