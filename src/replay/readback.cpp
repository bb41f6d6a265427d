#include "replay/readback.h"

namespace glckpt::replay {

std::vector<char> readback(std::vector<char>&) { return {}; }

} // namespace glckpt::replay
