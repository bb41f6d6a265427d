#pragma once
#include "interpose/gl/context.h"

namespace glckpt {

// Name bound to a target of the current context; 0 if none.
GLuint bound_buffer(GLenum target);
// Null for 0. The entry lives as long as the buffer's name.
BufferShadow* buffer_shadow(GLuint buffer);
// What the driver writes by itself is not known here; driver_may_write: from now on, at any time.
void forget_contents(GLuint buffer);
void driver_may_write(GLuint buffer);

} // namespace glckpt
