// Where buffers are bound. Some places mean that the driver writes the buffer by itself, so that
// its contents are no longer known here: what writes buffers is transform feedback, storage and
// atomic buffers, images (of buffer textures), pixel packs, copies and clears.
#include "gen/gl/encode.h"
#include "gen/gl/exports.h"
#include "interpose/gl/buffers.h"
#include "interpose/gl/exports.h"
#include "interpose/gl/names.h"
#include "interpose/gl/persistent.h"

namespace glckpt {

GLuint bound_buffer(GLenum target) {
    Context& c = *t_context;
    switch (target) {
    case GL_ARRAY_BUFFER:
        return c.shadow.array_buffer;
    case GL_ELEMENT_ARRAY_BUFFER:
        return c.shadow.vao->element_buffer;
    case GL_PIXEL_PACK_BUFFER:
        return c.shadow.pack_buffer;
    case GL_PIXEL_UNPACK_BUFFER:
        return c.shadow.unpack_buffer;
    default: {
        const auto it = c.bound_buffers.find(target);
        return it == c.bound_buffers.end() ? 0 : it->second;
    }
    }
}

namespace {

void set_binding(GLenum target, GLuint buffer) {
    Context& c = *t_context;
    switch (target) {
    case GL_ARRAY_BUFFER:
        c.shadow.array_buffer = buffer;
        break;
    case GL_ELEMENT_ARRAY_BUFFER:
        c.shadow.vao->element_buffer = buffer;
        break;
    case GL_PIXEL_PACK_BUFFER:
        c.shadow.pack_buffer = buffer;
        break;
    case GL_PIXEL_UNPACK_BUFFER:
        c.shadow.unpack_buffer = buffer;
        break;
    default:
        c.bound_buffers[target] = buffer;
    }
}

void forget_binding(GLuint buffer) {
    Context& c = *t_context;
    Shadow& s = c.shadow;
    for (GLuint* b : {&s.array_buffer, &s.vao->element_buffer, &s.pack_buffer, &s.unpack_buffer})
        if (*b == buffer)
            *b = 0;
    for (auto& [target, bound] : c.bound_buffers)
        if (bound == buffer)
            bound = 0;
}

bool written_by_driver(GLenum target) {
    switch (target) {
    case GL_TRANSFORM_FEEDBACK_BUFFER:
    case GL_SHADER_STORAGE_BUFFER:
    case GL_ATOMIC_COUNTER_BUFFER:
    case GL_PIXEL_PACK_BUFFER:
    case GL_QUERY_BUFFER:
    case GL_TEXTURE_BUFFER:
        return true;
    default:
        return false;
    }
}

// Binds it to a target in use here, and says what that means for its contents.
void note_binding(GLenum target, GLuint buffer) {
    set_binding(target, buffer);
    note_name(NameClass::buffer, buffer);
    if (written_by_driver(target))
        driver_may_write(buffer);
}

void note_bindings(GLenum target, GLsizei count, const GLuint* buffers) {
    for (GLsizei i = 0; buffers && written_by_driver(target) && i < count; ++i)
        driver_may_write(buffers[i]);
}

} // namespace

extern "C" {

GLCKPT_GL void glBindBuffer(GLenum target, GLuint buffer) {
    note_binding(target, buffer);
    encode::glBindBuffer(stream(), target, buffer);
}
GLCKPT_GL void glBindBufferBase(GLenum target, GLuint index, GLuint buffer) {
    note_binding(target, buffer);
    encode::glBindBufferBase(stream(), target, index, buffer);
}
GLCKPT_GL void glBindBufferRange(GLenum target, GLuint index, GLuint buffer, GLintptr offset,
                                 GLsizeiptr size) {
    note_binding(target, buffer);
    encode::glBindBufferRange(stream(), target, index, buffer, offset, size);
}
GLCKPT_GL void glDeleteBuffers(GLsizei n, const GLuint* buffers) {
    for (GLsizei i = 0; i < n && buffers && stream().persistent_maps; ++i)
        if (BufferShadow* b = buffer_shadow(buffers[i]); b && b->map && b->map->sent)
            unmap_persistent(*b);
    encode::glDeleteBuffers(stream(), n, buffers);
    for (GLsizei i = 0; i < n && buffers; ++i) {
        if (!buffers[i])
            continue;
        forget_binding(buffers[i]);
        if (ShareGroup* g = t_context->group.get()) {
            Locked hold(g->lock);
            g->buffers.erase(buffers[i]);
        }
    }
    free_names(NameClass::buffer, n, buffers);
}

GLCKPT_GL void glBindBuffersBase(GLenum target, GLuint first, GLsizei count,
                                 const GLuint* buffers) {
    note_bindings(target, count, buffers);
    encode::glBindBuffersBase(stream(), target, first, count, buffers);
}
GLCKPT_GL void glBindBuffersRange(GLenum target, GLuint first, GLsizei count, const GLuint* buffers,
                                  const GLintptr* offsets, const GLsizeiptr* sizes) {
    note_bindings(target, count, buffers);
    encode::glBindBuffersRange(stream(), target, first, count, buffers, offsets, sizes);
}
GLCKPT_GL void glBindBufferOffsetEXT(GLenum target, GLuint index, GLuint buffer, GLintptr offset) {
    set_binding(target, buffer);
    driver_may_write(buffer);
    encode::glBindBufferOffsetEXT(stream(), target, index, buffer, offset);
}
GLCKPT_GL void glTransformFeedbackBufferBase(GLuint xfb, GLuint index, GLuint buffer) {
    driver_may_write(buffer);
    encode::glTransformFeedbackBufferBase(stream(), xfb, index, buffer);
}
GLCKPT_GL void glTransformFeedbackBufferRange(GLuint xfb, GLuint index, GLuint buffer,
                                              GLintptr offset, GLsizeiptr size) {
    driver_may_write(buffer);
    encode::glTransformFeedbackBufferRange(stream(), xfb, index, buffer, offset, size);
}
// A buffer texture may be bound as an image and stored to.
GLCKPT_GL void glTexBuffer(GLenum target, GLenum internalformat, GLuint buffer) {
    driver_may_write(buffer);
    encode::glTexBuffer(stream(), target, internalformat, buffer);
}
GLCKPT_GL void glTexBufferRange(GLenum target, GLenum internalformat, GLuint buffer,
                                GLintptr offset, GLsizeiptr size) {
    driver_may_write(buffer);
    encode::glTexBufferRange(stream(), target, internalformat, buffer, offset, size);
}
GLCKPT_GL void glTextureBuffer(GLuint texture, GLenum internalformat, GLuint buffer) {
    driver_may_write(buffer);
    encode::glTextureBuffer(stream(), texture, internalformat, buffer);
}
GLCKPT_GL void glTextureBufferRange(GLuint texture, GLenum internalformat, GLuint buffer,
                                    GLintptr offset, GLsizeiptr size) {
    driver_may_write(buffer);
    encode::glTextureBufferRange(stream(), texture, internalformat, buffer, offset, size);
}

} // extern "C"
} // namespace glckpt
