// What a driver numbers how in a program's executable (log/numbers.h).
#pragma once
#include "gen/gl/driver.h"
#include <vector>

namespace glckpt::replay {

// In the order of log::NumberEntry::stage.
inline constexpr GLenum kStages[] = {GL_VERTEX_SHADER,          GL_TESS_CONTROL_SHADER,
                                     GL_TESS_EVALUATION_SHADER, GL_GEOMETRY_SHADER,
                                     GL_FRAGMENT_SHADER,        GL_COMPUTE_SHADER};

// Empty if the program is not linked. The context must be able to ask (the helper is).
std::vector<char> read_numbers(Driver& gl, GLuint program);

void clear_errors(Driver& gl);
// 0 where the driver does not know the question.
GLint program_value(Driver& gl, GLuint program, GLenum pname);

} // namespace glckpt::replay
