// Buffers: sizes, and the copy of their contents that maps may have asked for (maps.cpp).
#include "interpose/gl/buffers.h"
#include "gen/gl/encode.h"
#include "gen/gl/exports.h"
#include "interpose/gl/exports.h"

namespace glckpt {

BufferShadow* buffer_shadow(GLuint buffer) {
    ShareGroup* g = t_context->group.get();
    if (!g || !buffer)
        return nullptr;
    Locked hold(g->lock);
    return &g->buffers[buffer];
}

// glBufferData's storage may be mapped in all ways but persistently (section 6.2).
constexpr GLbitfield kMutable = GL_MAP_READ_BIT | GL_MAP_WRITE_BIT | GL_DYNAMIC_STORAGE_BIT;

static void note_data(GLuint buffer, GLsizeiptr size, const void* data, GLbitfield flags,
                      bool immutable = false) {
    BufferShadow* b = buffer_shadow(buffer);
    if (!b || size < 0 || b->immutable)
        return; // refused by the driver
    b->size = size;
    b->immutable = immutable && size > 0;
    b->storage_flags = flags;
    b->map.reset(); // new storage ends a map (OpenGL 4.6, section 6.2)
    if (b->copy.empty())
        return;
    // Without data the new contents are undefined: what the copy has is as good as any.
    if ((GLsizeiptr)b->copy.size() != size)
        b->copy.clear();
    else if (data)
        memcpy(b->copy.data(), data, (size_t)size);
}

// The app writes [offset, offset + size) through the driver: the copy follows.
static void follow_write(GLuint buffer, GLintptr offset, GLsizeiptr size, const void* data) {
    BufferShadow* b = buffer_shadow(buffer);
    if (b && b->map && b->map->sent)
        b->map->driver_wrote = true;
    if (!b || b->copy.empty())
        return;
    if (data && offset >= 0 && size >= 0 && offset + size <= (GLsizeiptr)b->copy.size())
        memcpy(b->copy.data() + offset, data, (size_t)size);
}

// What the driver writes by itself is not known here. A map that is open keeps its memory.
void forget_contents(GLuint buffer) {
    BufferShadow* b = buffer_shadow(buffer);
    if (b && b->map)
        b->map->driver_wrote = true;
    else if (b)
        b->copy.clear();
}

void driver_may_write(GLuint buffer) {
    if (BufferShadow* b = buffer_shadow(buffer)) {
        b->gpu_may_write = true;
        forget_contents(buffer);
    }
}

// The driver does not know that the app has mapped a buffer, and so does not refuse to read or
// write it (OpenGL 4.6, section 6.3.2: an error unless the map is persistent).
static bool refuse_mapped(GLuint buffer) {
    const BufferShadow* b = buffer_shadow(buffer);
    if (!b || !b->map || b->map->sent)
        return false;
    encode::xError(stream(), GL_INVALID_OPERATION);
    return true;
}
// Of commands for a part, only where it meets the mapped one.
static bool refuse_mapped(GLuint buffer, GLintptr offset, GLsizeiptr size) {
    const BufferShadow* b = buffer_shadow(buffer);
    if (!b || !b->map || b->map->sent || offset + size <= b->map->offset ||
        offset >= b->map->offset + b->map->length)
        return false;
    encode::xError(stream(), GL_INVALID_OPERATION);
    return true;
}

extern "C" {

GLCKPT_GL void glBufferData(GLenum target, GLsizeiptr size, const void* data, GLenum usage) {
    note_data(bound_buffer(target), size, data, kMutable);
    encode::glBufferData(stream(), target, size, data, usage);
}
GLCKPT_GL void glBufferStorage(GLenum target, GLsizeiptr size, const void* data, GLbitfield flags) {
    note_data(bound_buffer(target), size, data, flags, true);
    encode::glBufferStorage(stream(), target, size, data, flags);
}
GLCKPT_GL void glNamedBufferData(GLuint buffer, GLsizeiptr size, const void* data, GLenum usage) {
    note_data(buffer, size, data, kMutable);
    encode::glNamedBufferData(stream(), buffer, size, data, usage);
}
GLCKPT_GL void glNamedBufferStorage(GLuint buffer, GLsizeiptr size, const void* data,
                                    GLbitfield flags) {
    note_data(buffer, size, data, flags, true);
    encode::glNamedBufferStorage(stream(), buffer, size, data, flags);
}

GLCKPT_GL void glGetBufferSubData(GLenum target, GLintptr offset, GLsizeiptr size, void* data) {
    if (!refuse_mapped(bound_buffer(target)))
        encode::glGetBufferSubData(stream(), target, offset, size, data);
}
GLCKPT_GL void glGetNamedBufferSubData(GLuint buffer, GLintptr offset, GLsizeiptr size,
                                       void* data) {
    if (!refuse_mapped(buffer))
        encode::glGetNamedBufferSubData(stream(), buffer, offset, size, data);
}
GLCKPT_GL void glBufferSubData(GLenum target, GLintptr offset, GLsizeiptr size, const void* data) {
    if (refuse_mapped(bound_buffer(target), offset, size))
        return;
    follow_write(bound_buffer(target), offset, size, data);
    encode::glBufferSubData(stream(), target, offset, size, data);
}
GLCKPT_GL void glNamedBufferSubData(GLuint buffer, GLintptr offset, GLsizeiptr size,
                                    const void* data) {
    if (refuse_mapped(buffer, offset, size))
        return;
    follow_write(buffer, offset, size, data);
    encode::glNamedBufferSubData(stream(), buffer, offset, size, data);
}
GLCKPT_GL void glCopyBufferSubData(GLenum readTarget, GLenum writeTarget, GLintptr readOffset,
                                   GLintptr writeOffset, GLsizeiptr size) {
    if (refuse_mapped(bound_buffer(readTarget)) || refuse_mapped(bound_buffer(writeTarget)))
        return;
    forget_contents(bound_buffer(writeTarget));
    encode::glCopyBufferSubData(stream(), readTarget, writeTarget, readOffset, writeOffset, size);
}
GLCKPT_GL void glCopyNamedBufferSubData(GLuint readBuffer, GLuint writeBuffer, GLintptr readOffset,
                                        GLintptr writeOffset, GLsizeiptr size) {
    if (refuse_mapped(readBuffer) || refuse_mapped(writeBuffer))
        return;
    forget_contents(writeBuffer);
    encode::glCopyNamedBufferSubData(stream(), readBuffer, writeBuffer, readOffset, writeOffset,
                                     size);
}
GLCKPT_GL void glClearBufferData(GLenum target, GLenum internalformat, GLenum format, GLenum type,
                                 const void* data) {
    if (refuse_mapped(bound_buffer(target)))
        return;
    forget_contents(bound_buffer(target));
    encode::glClearBufferData(stream(), target, internalformat, format, type, data);
}
GLCKPT_GL void glClearBufferSubData(GLenum target, GLenum internalformat, GLintptr offset,
                                    GLsizeiptr size, GLenum format, GLenum type, const void* data) {
    if (refuse_mapped(bound_buffer(target), offset, size))
        return;
    forget_contents(bound_buffer(target));
    encode::glClearBufferSubData(stream(), target, internalformat, offset, size, format, type,
                                 data);
}
GLCKPT_GL void glClearNamedBufferData(GLuint buffer, GLenum internalformat, GLenum format,
                                      GLenum type, const void* data) {
    if (refuse_mapped(buffer))
        return;
    forget_contents(buffer);
    encode::glClearNamedBufferData(stream(), buffer, internalformat, format, type, data);
}
GLCKPT_GL void glClearNamedBufferSubData(GLuint buffer, GLenum internalformat, GLintptr offset,
                                         GLsizeiptr size, GLenum format, GLenum type,
                                         const void* data) {
    if (refuse_mapped(buffer, offset, size))
        return;
    forget_contents(buffer);
    encode::glClearNamedBufferSubData(stream(), buffer, internalformat, offset, size, format, type,
                                      data);
}
GLCKPT_GL void glInvalidateBufferData(GLuint buffer) {
    if (!refuse_mapped(buffer))
        encode::glInvalidateBufferData(stream(), buffer);
}
GLCKPT_GL void glInvalidateBufferSubData(GLuint buffer, GLintptr offset, GLsizeiptr length) {
    if (!refuse_mapped(buffer, offset, length))
        encode::glInvalidateBufferSubData(stream(), buffer, offset, length);
}

} // extern "C"
} // namespace glckpt
