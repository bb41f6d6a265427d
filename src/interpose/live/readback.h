// Reading back what only the GPU has into the live set.
#pragma once
#include "base/status.h"
#include "interpose/live/pruner.h"

namespace glckpt {

struct DrawableContents {
    struct Part {
        int32_t buffer; // log::DrawableBuffer
        prune::Contents contents;
    };
    std::vector<Part> parts;
    int32_t config = -1;
};

// Everything dirty, of every group and drawable; the pruner's lock is held and the renderer
// paused. The history of what was read back is dropped.
Status read_back_dirty(Pruner& p);

// As of the last readback, by drawable.
std::map<uint64_t, DrawableContents>& drawable_contents();

} // namespace glckpt
