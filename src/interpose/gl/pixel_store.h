// Sizes of pixel rectangles in the app's memory (OpenGL 4.6 compatibility, section 8.4.4).
//
// The encoders must know which bytes the driver would read or write: from the pointer to the last
// byte of the last row, rows padded to the alignment, skips included. Nothing is repacked: the same
// bytes travel, and the same glPixelStore state holds on the other side.
#pragma once
#include "gen/gl/gl_types.h"
#include <cstddef>

namespace glckpt {

// Components of a pixel format; 0 if it is none.
int format_components(GLenum format);
// Bytes of one component of a type; for packed types, bytes of the whole pixel (negative).
int type_bytes(GLenum type);

struct PixelStore {
    GLint swap_bytes = 0, lsb_first = 0;
    GLint alignment = 4, row_length = 0, skip_rows = 0, skip_pixels = 0;
    GLint image_height = 0, skip_images = 0;

    // Bytes from the app's pointer to the end of the rectangle; 0 for an empty or invalid one.
    size_t pixels(GLenum format, GLenum type, GLsizei width, GLsizei height, GLsizei depth) const {
        return rectangle(format, type, width, height, depth, false);
    }
    size_t pixels3d(GLenum format, GLenum type, GLsizei width, GLsizei height,
                    GLsizei depth) const {
        return rectangle(format, type, width, height, depth, true);
    }
    size_t bytes(GLsizei n) const { return n > 0 ? (size_t)n : 0; }
    // No gaps: every byte of the result is written.
    bool tight() const {
        return alignment == 1 && !row_length && !skip_rows && !skip_pixels && !image_height &&
               !skip_images;
    }
    // glPixelStorei; false if pname is of the other direction.
    bool set(GLenum pname, GLint value, bool pack);

  private:
    size_t rectangle(GLenum format, GLenum type, GLsizei width, GLsizei height, GLsizei depth,
                     bool three) const;
};

} // namespace glckpt
