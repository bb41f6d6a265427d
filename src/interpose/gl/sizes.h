// Helpers of spec/gl/sizes.spec: how many bytes of the app's memory a pointer means. All of them
// give 0 for negative and invalid arguments: the driver will refuse those without looking.
#pragma once
#include "interpose/gl/pixel_store.h"
#include <cstring>

namespace glckpt {

inline size_t bytes(int64_t n) { return n > 0 ? (size_t)n : 0; }
inline size_t bytes(int64_t count, size_t each) { return count > 0 ? (size_t)count * each : 0; }
// Values for a uniform array. GL ignores those behind its last element (OpenGL 4.6, section 7.6.1),
// so a program may give a count far beyond its own memory.
constexpr size_t kSurelyTheirs = 16 << 10;
size_t readable_uniform_bytes(const void* value, size_t n);
inline size_t uniform_bytes(GLsizei count, size_t each, const void* value) {
    const size_t n = bytes(count, each);
    return n <= kSurelyTheirs ? n : readable_uniform_bytes(value, n);
}

// A string with an optional length (negative: it ends in NUL, which travels too).
inline size_t label_bytes(const char* text, GLsizei length) {
    return !text ? 0 : length < 0 ? strlen(text) + 1 : (size_t)length;
}
inline size_t index_bytes(GLenum type) {
    return type == GL_UNSIGNED_BYTE    ? 1
           : type == GL_UNSIGNED_SHORT ? 2
           : type == GL_UNSIGNED_INT   ? 4
                                       : 0;
}
inline size_t indices_bytes(GLsizei count, GLenum type) { return bytes(count, index_bytes(type)); }
// One pixel, not padded (glClearBufferData and the like).
size_t pixels_tight(GLenum format, GLenum type);
size_t call_lists_bytes(GLsizei n, GLenum type);
// Values behind a setter's pname ("GL_AMBIENT: 4").
size_t pname_values(GLenum pname);
size_t map1_bytes(GLenum target, GLint stride, GLint order, size_t scalar);
size_t map2_bytes(GLenum target, GLint ustride, GLint uorder, GLint vstride, GLint vorder,
                  size_t scalar);
// Bytes glGetPixelMap will write; asks the driver for the map's size.
size_t pixel_map_bytes(GLenum map, size_t scalar);
// Bytes glGetTexImage will write; asks the driver for the level's size.
size_t teximage(GLenum target, GLint level, GLenum format, GLenum type);
size_t compressed_size(GLenum target, GLint level);
// The same for an image of a texture object, or of what is bound to a unit.
size_t texture_image(GLuint texture, GLenum target, GLint level, GLenum format, GLenum type);
size_t unit_image(GLenum unit, GLenum target, GLint level, GLenum format, GLenum type);
size_t texture_compressed(GLuint texture, GLenum target, GLint level);
size_t unit_compressed(GLenum unit, GLenum target, GLint level);

} // namespace glckpt
