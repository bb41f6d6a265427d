// The images that this program has written, or was made of: what the next one may build on, and
// which ones may go.
#pragma once
#include "ckpt/checkpoint.h"

namespace glckpt::ckpt {

// The image that the next one, to be called `final`, is to build on; empty: none, a full image. In
// doubt (it is gone, another glckpt wrote it, it would be replaced by the new one), a full one.
std::string parent_for(const CheckpointRequest& request, const Settings& settings,
                       const std::string& final);

// Written: by `request`. Of those that glckpt has named itself only the newest `keep` (0: all)
// stay, and whatever they, or any that were named by somebody, build on.
void note_written_image(const CheckpointRequest& request, const std::string& image, unsigned keep);
void note_restored_image(const std::string& image, const Settings& settings);

} // namespace glckpt::ckpt
