// Requests by the program itself (include/glckpt/checkpoint.h), handed to the checkpoint thread.
#pragma once
#include "ckpt/checkpoint.h"

namespace glckpt::ckpt {

// On the checkpoint thread: is somebody waiting? And if so, serves it.
bool serve_request_from_inside(const Settings& settings);
// In a restarted process: who waited for its image is told that this is it.
void tell_restarted_to_inside();
void forget_request_from_inside(); // in the child of a fork

} // namespace glckpt::ckpt
