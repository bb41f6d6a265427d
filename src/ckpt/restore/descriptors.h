// The image's descriptor table in place of the restorer's.
#pragma once
#include "ckpt/fd/kind.h"

namespace glckpt::ckpt {

// First number that is in nobody's way, above everything the image uses.
int first_scratch_fd(const ProcessState& state);
// Moves `fd` there; close-on-exec. Returns the new number or -errno.
int lift_fd(int fd, int scratch);
// Makes all descriptors; the restorer's own below ctx.scratch are gone afterwards.
Status restore_descriptors(RestoreContext& ctx);

} // namespace glckpt::ckpt
