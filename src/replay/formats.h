// Pixel layouts in which contents leave the driver and come back without loss.
#pragma once
#include "gen/gl/driver.h"

namespace glckpt::replay {

struct PixelLayout {
    GLenum format = 0, type = 0;
    size_t bytes = 0; // of a pixel; 0: cannot be read
};

struct ComponentBits {
    int red = 0, green = 0, blue = 0, alpha = 0, luminance = 0, intensity = 0, depth = 0,
        stencil = 0;
    GLint kind = 0; // GL_UNSIGNED_NORMALIZED, GL_FLOAT, GL_INT, ...
    GLint internal_format = 0;
};
PixelLayout exact_layout(const ComponentBits& bits);

// Of a level of the texture that is bound.
ComponentBits texture_bits(Driver& gl, GLenum image_target, GLint level);

struct RenderbufferLayout {
    PixelLayout pixel;
    ComponentBits bits;
    GLenum attachment = 0;
    GLint width = 0, height = 0, samples = 0, internal_format = 0;
};
// Of the renderbuffer that is bound.
RenderbufferLayout renderbuffer_layout(Driver& gl);

} // namespace glckpt::replay
