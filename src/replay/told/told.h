// The state that glPopAttrib is about, as the driver has it (told.cpp).
#pragma once
#include "replay/exec.h"
#include <vector>

namespace glckpt::replay {

// What the groups of `mask` save, of the context that is current. Only for xStateTold, here or in
// another renderer.
std::vector<char> state_told(Exec& x, GLbitfield mask);

} // namespace glckpt::replay
