// A full image out of one that builds on others.
#pragma once
#include "base/status.h"
#include <string>

namespace glckpt::ckpt {

// Writes what `image` and its origins say into `out`, which is there whole or not at all. Checks
// every byte on the way.
Status flatten_image(const std::string& image, const std::string& out);

} // namespace glckpt::ckpt
