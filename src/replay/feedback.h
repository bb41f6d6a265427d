// Transform feedback that goes on from another renderer (hand/feedback.cpp).
#pragma once
#include "log/readback.h"
#include "replay/exec.h"

namespace glckpt::replay {

// Vertices captured so far by the transform feedback asked for. One that is active is split there.
bool read_feedback(Exec& x, const log::ReadbackQuestion& q, uint64_t* value);
// Where the app has bound the buffers of one that is split; false: the driver knows.
bool feedback_value(Exec& x, GLuint id, GLenum pname, GLuint index, GLint64* value);
bool bound_feedback_value(Exec& x, GLenum pname, GLuint index, GLint64* value);

} // namespace glckpt::replay
