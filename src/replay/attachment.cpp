// What is attached to a framebuffer and has lost its name.
//
// A texture or renderbuffer that is deleted stays attached where the framebuffer is not bound, or
// is another context's (OpenGL 4.6, section 5.1.3): no name reaches it any more, but whoever reads
// the framebuffer does. glCopyTexImage2D copies from there into a texture of the moment, in the
// format that the original has, which is then read as any other.
#include "replay/attachment.h"
#include "replay/plain_reading.h"

namespace glckpt::replay {

GLuint copy_attachment(Exec& x, const log::ReadbackQuestion& q) {
    const PlainReading plain(x);
    Driver& gl = x.gl;
    const auto wanted = (GLint)x.real(NameClass::framebuffer, (GLuint)q.name);
    GLint framebuffer = -1, texture = 0, buffer = 0, bound = -1;
    gl.glGetIntegerv(GL_READ_FRAMEBUFFER_BINDING, &framebuffer);
    if (framebuffer < 0 || !gl.glReadBuffer)
        return 0; // OpenGL ES 2: reading and drawing cannot be told apart
    gl.glGetIntegerv(GL_TEXTURE_BINDING_2D, &texture);
    gl.glBindFramebuffer(GL_READ_FRAMEBUFFER, (GLuint)wanted);
    gl.glGetIntegerv(GL_READ_FRAMEBUFFER_BINDING, &bound);
    if (wanted <= 0 || bound != wanted) {
        gl.glBindFramebuffer(GL_READ_FRAMEBUFFER, (GLuint)framebuffer);
        return 0;
    }
    const bool color = q.target >= GL_COLOR_ATTACHMENT0 && q.target < GL_COLOR_ATTACHMENT0 + 32;
    gl.glGetIntegerv(GL_READ_BUFFER, &buffer);
    if (color)
        gl.glReadBuffer(q.target);
    GLuint copy = 0;
    gl.glGenTextures(1, &copy);
    gl.glBindTexture(GL_TEXTURE_2D, copy);
    while (gl.glGetError() != GL_NO_ERROR) {
    }
    gl.glCopyTexImage2D(GL_TEXTURE_2D, 0, q.index, 0, 0, q.width, q.height, 0);
    const bool ok = gl.glGetError() == GL_NO_ERROR;
    gl.glBindTexture(GL_TEXTURE_2D, (GLuint)texture);
    if (color)
        gl.glReadBuffer((GLenum)buffer);
    gl.glBindFramebuffer(GL_READ_FRAMEBUFFER, (GLuint)framebuffer);
    if (!ok) {
        gl.glDeleteTextures(1, &copy);
        copy = 0;
    }
    return copy;
}

} // namespace glckpt::replay
