// Objects that have lost their names, read through the framebuffers that they are attached to.
#pragma once
#include "log/readback.h"
#include "prune/fold.h"
#include "prune/state.h"

namespace glckpt {

// What a part of an answer says of an image.
prune::Contents contents_of(const log::ReadbackPart& p, const char* bytes);

// False, and nothing is changed: it is attached to no framebuffer of this context that has a name,
// or is not one plain two-dimensional image, or the driver does not give it. With the pruner's lock
// held (live/pruner.h), while the application stands.
bool read_attached(uint32_t stream, prune::ContextState& c, prune::Texture& t);
bool read_attached(uint32_t stream, prune::ContextState& c, prune::Renderbuffer& b);

} // namespace glckpt
