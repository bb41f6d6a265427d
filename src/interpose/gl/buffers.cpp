// Buffers: bindings that the encoders need, sizes, and maps.
//
// A map is memory of ours that the app fills; what travels is the data, when it is unmapped or
// flushed. What the map must hold at first depends on how it is opened (OpenGL 4.6, section
// 6.3.2): a map that may be read, or that is written without an invalidate bit (so that bytes the
// app does not touch must keep their values), needs the buffer's contents; asking the renderer for
// them is a round trip a frame for programs that map each frame with plain glMapBuffer. So the
// map's memory is kept after the unmap as a copy of the buffer, valid as long as the GPU cannot
// have written the buffer: then nothing is asked. glckpt knows what writes buffers (transform
// feedback, storage and atomic buffers, pixel packs, copies); those drop the copy.
#include "interpose/gl/buffers.h"
#include "gen/gl/encode.h"
#include "gen/gl/exports.h"
#include "interpose/gl/exports.h"
#include "interpose/gl/names.h"
#include <algorithm>
#include <cstdlib>

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

} // namespace

BufferShadow* buffer_shadow(GLuint buffer) {
    ShareGroup* g = t_context->group.get();
    if (!g || !buffer)
        return nullptr;
    Locked hold(g->lock);
    return &g->buffers[buffer];
}

static void note_data(GLuint buffer, GLsizeiptr size, GLbitfield flags) {
    if (BufferShadow* b = buffer_shadow(buffer); b && size >= 0) {
        b->size = size;
        b->storage_flags = flags;
    }
}

static void* map_range(GLuint buffer, GLintptr offset, GLsizeiptr length, GLbitfield access) {
    BufferShadow* b = buffer_shadow(buffer);
    if (!b || b->map || offset < 0 || length <= 0 || offset + length > b->size)
        return nullptr;
    auto map = std::make_unique<Map>();
    *map = {buffer, nullptr, offset, length, access};
    // Page aligned plus the offset's remainder: GL_MIN_MAP_BUFFER_ALIGNMENT holds for pointer
    // minus offset.
    const size_t room = (size_t)length + (size_t)(offset & 63);
    char* memory = static_cast<char*>(operator new(room + 64));
    map->pointer = memory + (64 - ((uintptr_t)memory & 63)) % 64 + (offset & 63);
    const bool keeps = !(access & (GL_MAP_INVALIDATE_RANGE_BIT | GL_MAP_INVALIDATE_BUFFER_BIT)) &&
                       !(access & GL_MAP_FLUSH_EXPLICIT_BIT);
    if ((access & GL_MAP_READ_BIT) || keeps)
        encode::xBufferRead(stream(), buffer, offset, length, map->pointer, (size_t)length);
    Map* raw = map.get();
    b->map = std::move(map);
    b->map_memory = memory;
    return raw->pointer;
}

static void flush_range(BufferShadow* b, GLintptr offset, GLsizeiptr length) {
    Map& m = *b->map;
    if (offset < 0 || length <= 0 || offset + length > m.length)
        return;
    encode::xBufferWrite(stream(), m.buffer, m.offset + offset, length, m.pointer + offset,
                         (size_t)length);
}

static GLboolean unmap(GLuint buffer) {
    BufferShadow* b = buffer_shadow(buffer);
    if (!b || !b->map)
        return GL_FALSE;
    if ((b->map->access & GL_MAP_WRITE_BIT) && !(b->map->access & GL_MAP_FLUSH_EXPLICIT_BIT))
        flush_range(b, 0, b->map->length);
    b->map.reset();
    operator delete(b->map_memory);
    b->map_memory = nullptr;
    return GL_TRUE;
}

static GLbitfield access_bits(GLenum access) {
    return access == GL_READ_ONLY    ? GL_MAP_READ_BIT
           : access == GL_WRITE_ONLY ? GL_MAP_WRITE_BIT
                                     : GL_MAP_READ_BIT | GL_MAP_WRITE_BIT;
}

// A wrong call must raise the driver's error: a record that is refused for the same reason.
static void* refuse(GLenum target) {
    encode::glBufferData(stream(), target, -1, nullptr, GL_STATIC_DRAW);
    return nullptr;
}

extern "C" {

GLCKPT_GL void glBindBuffer(GLenum target, GLuint buffer) {
    set_binding(target, buffer);
    note_name(NameClass::buffer, buffer);
    encode::glBindBuffer(stream(), target, buffer);
}
GLCKPT_GL void glBindBufferBase(GLenum target, GLuint index, GLuint buffer) {
    set_binding(target, buffer);
    note_name(NameClass::buffer, buffer);
    encode::glBindBufferBase(stream(), target, index, buffer);
}
GLCKPT_GL void glBindBufferRange(GLenum target, GLuint index, GLuint buffer, GLintptr offset,
                                 GLsizeiptr size) {
    set_binding(target, buffer);
    note_name(NameClass::buffer, buffer);
    encode::glBindBufferRange(stream(), target, index, buffer, offset, size);
}
GLCKPT_GL void glDeleteBuffers(GLsizei n, const GLuint* buffers) {
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

GLCKPT_GL void glBufferData(GLenum target, GLsizeiptr size, const void* data, GLenum usage) {
    note_data(bound_buffer(target), size, 0);
    encode::glBufferData(stream(), target, size, data, usage);
}
GLCKPT_GL void glBufferStorage(GLenum target, GLsizeiptr size, const void* data, GLbitfield flags) {
    note_data(bound_buffer(target), size, flags);
    encode::glBufferStorage(stream(), target, size, data, flags);
}
GLCKPT_GL void glNamedBufferData(GLuint buffer, GLsizeiptr size, const void* data, GLenum usage) {
    note_data(buffer, size, 0);
    encode::glNamedBufferData(stream(), buffer, size, data, usage);
}
GLCKPT_GL void glNamedBufferStorage(GLuint buffer, GLsizeiptr size, const void* data,
                                    GLbitfield flags) {
    note_data(buffer, size, flags);
    encode::glNamedBufferStorage(stream(), buffer, size, data, flags);
}

GLCKPT_GL void* glMapBufferRange(GLenum target, GLintptr offset, GLsizeiptr length,
                                 GLbitfield access) {
    void* p = map_range(bound_buffer(target), offset, length, access);
    return p ? p : refuse(target);
}
GLCKPT_GL void* glMapBuffer(GLenum target, GLenum access) {
    const GLuint buffer = bound_buffer(target);
    BufferShadow* b = buffer_shadow(buffer);
    void* p = b ? map_range(buffer, 0, b->size, access_bits(access)) : nullptr;
    return p ? p : refuse(target);
}
GLCKPT_GL void* glMapNamedBufferRange(GLuint buffer, GLintptr offset, GLsizeiptr length,
                                      GLbitfield access) {
    void* p = map_range(buffer, offset, length, access);
    return p ? p : refuse(GL_ARRAY_BUFFER);
}
GLCKPT_GL void* glMapNamedBuffer(GLuint buffer, GLenum access) {
    BufferShadow* b = buffer_shadow(buffer);
    void* p = b ? map_range(buffer, 0, b->size, access_bits(access)) : nullptr;
    return p ? p : refuse(GL_ARRAY_BUFFER);
}
GLCKPT_GL GLboolean glUnmapBuffer(GLenum target) { return unmap(bound_buffer(target)); }
GLCKPT_GL GLboolean glUnmapNamedBuffer(GLuint buffer) { return unmap(buffer); }
GLCKPT_GL void glFlushMappedBufferRange(GLenum target, GLintptr offset, GLsizeiptr length) {
    BufferShadow* b = buffer_shadow(bound_buffer(target));
    if (b && b->map)
        flush_range(b, offset, length);
    else
        refuse(target);
}
GLCKPT_GL void glFlushMappedNamedBufferRange(GLuint buffer, GLintptr offset, GLsizeiptr length) {
    BufferShadow* b = buffer_shadow(buffer);
    if (b && b->map)
        flush_range(b, offset, length);
    else
        refuse(GL_ARRAY_BUFFER);
}
GLCKPT_GL void glGetBufferPointerv(GLenum target, GLenum, void** params) {
    BufferShadow* b = buffer_shadow(bound_buffer(target));
    *params = b && b->map ? b->map->pointer : nullptr;
}
GLCKPT_GL void glGetNamedBufferPointerv(GLuint buffer, GLenum, void** params) {
    BufferShadow* b = buffer_shadow(buffer);
    *params = b && b->map ? b->map->pointer : nullptr;
}

} // extern "C"
} // namespace glckpt
