// The extension strings the app sees: the driver's, less those that cannot be virtualized
// (spec/gl/scope.spec). Frozen for a context's life.
#pragma once
#include "gen/gl/gl_types.h"

namespace glckpt {

const GLubyte* extension_string();
GLuint extension_count();
const GLubyte* extension_name(GLuint index);
// Straight from the driver (gets.cpp).
const GLubyte* driver_string(GLenum name, bool quietly = false);
const GLubyte* driver_string_i(GLenum name, GLuint index);

} // namespace glckpt
