// EGL images in GL: what the app has as one is a number (src/interpose/ws/egl_image.cpp).
#include "log/images.h"
#include "gen/gl/encode.h"
#include "gen/gl/exports.h"
#include "interpose/gl/exports.h"

namespace glckpt {
namespace {

// Pairs up to GL_NONE, with it.
size_t bytes_of(const GLint* attribs) {
    if (!attribs)
        return 0;
    size_t n = 0;
    while (attribs[n] != GL_NONE)
        n += 2;
    return (n + 1) * sizeof *attribs;
}

void give(log::ImageTarget what, GLenum target, GLuint texture, GLeglImageOES image,
          const GLint* attribs) {
    encode::xImageTarget(stream(), (GLint)what, target, texture, (GLuint64)(uintptr_t)image,
                         attribs, bytes_of(attribs));
}

} // namespace

extern "C" {

GLCKPT_GL void glEGLImageTargetTexture2DOES(GLenum target, GLeglImageOES image) {
    give(log::ImageTarget::Texture, target, 0, image, nullptr);
}
GLCKPT_GL void glEGLImageTargetRenderbufferStorageOES(GLenum target, GLeglImageOES image) {
    give(log::ImageTarget::Renderbuffer, target, 0, image, nullptr);
}
GLCKPT_GL void glEGLImageTargetTexStorageEXT(GLenum target, GLeglImageOES image,
                                             const GLint* attribs) {
    give(log::ImageTarget::TexStorage, target, 0, image, attribs);
}
GLCKPT_GL void glEGLImageTargetTextureStorageEXT(GLuint texture, GLeglImageOES image,
                                                 const GLint* attribs) {
    give(log::ImageTarget::NamedStorage, 0, texture, image, attribs);
}

} // extern "C"

} // namespace glckpt
