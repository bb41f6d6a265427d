// Contents of multisample images by sample; in the helper context.
#pragma once
#include "gen/gl/driver.h"
#include "replay/formats.h"
#include <vector>

namespace glckpt::replay {

bool multisample_target(GLenum target);
// Each appends a log::ReadbackPart with its bytes for every sample (and depth and stencil apart).
// False: this driver cannot.
bool read_texture_samples(Driver& gl, GLuint texture, GLenum target, std::vector<char>& to);
// Of the renderbuffer that is attached to GL_READ_FRAMEBUFFER.
bool read_renderbuffer_samples(Driver& gl, const RenderbufferLayout& l, std::vector<char>& to);
// Of the drawable that is current.
bool read_drawable_samples(Driver& gl, GLsizei width, GLsizei height, GLint samples,
                           std::vector<char>& to);

} // namespace glckpt::replay
