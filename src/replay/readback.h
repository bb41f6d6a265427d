// Reading back what only the GPU has: answers to log::Ask::Readback.
#pragma once
#include <vector>

namespace glckpt::replay {

std::vector<char> readback(std::vector<char>& question);

} // namespace glckpt::replay
