// Buffers: bindings that the encoders need, sizes, and maps.
//
// A map is memory of ours that the app fills; what travels is the data, when it is unmapped or
// flushed. What the map must hold at first depends on how it is opened (OpenGL 4.6, section
// 6.3.2): a map that may be read, or that is written without an invalidate bit (so that bytes the
// app does not touch must keep their values), needs the buffer's contents; asking the renderer for
// them is a round trip a frame for programs that map each frame with plain glMapBuffer. So from
// the first such map on the app's side keeps a copy of the buffer, which follows what the app
// uploads, as long as the driver cannot have written the buffer: then nothing is asked. What writes
// buffers is known (transform feedback, storage and atomic buffers, pixel packs, copies, clears);
// those drop the copy.
#include "interpose/gl/buffers.h"
#include "gen/gl/encode.h"
#include "gen/gl/exports.h"
#include "interpose/gl/exports.h"
#include "interpose/gl/names.h"
#include "interpose/gl/persistent.h"
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

// From the first map that needs the contents on, the app's side keeps them.
static bool know_contents(BufferShadow& b, GLuint buffer) {
    if (b.gpu_may_write)
        return false;
    if (b.copy.size() == (size_t)b.size)
        return true;
    b.copy.resize((size_t)b.size);
    encode::xBufferRead(stream(), buffer, 0, b.size, b.copy.data(), b.copy.size());
    if (stream().shared().reply_error == 0)
        return true;
    b.copy.clear();
    return false;
}

// The conditions of OpenGL 4.6, section 6.3. A call that does not meet them is put to the driver,
// which knows the error.
static bool may_map(const BufferShadow* b, GLintptr offset, GLsizeiptr length, GLbitfield access) {
    constexpr GLbitfield direction = GL_MAP_READ_BIT | GL_MAP_WRITE_BIT;
    constexpr GLbitfield invalidates = GL_MAP_INVALIDATE_RANGE_BIT | GL_MAP_INVALIDATE_BUFFER_BIT;
    constexpr GLbitfield storage = direction | GL_MAP_PERSISTENT_BIT | GL_MAP_COHERENT_BIT;
    constexpr GLbitfield all =
        storage | invalidates | GL_MAP_FLUSH_EXPLICIT_BIT | GL_MAP_UNSYNCHRONIZED_BIT;
    if (!b || b->map || offset < 0 || length <= 0 || offset + length > b->size)
        return false;
    if (!(access & direction) || (access & ~all) || (access & storage & ~b->storage_flags))
        return false;
    if ((access & GL_MAP_READ_BIT) && (access & (invalidates | GL_MAP_UNSYNCHRONIZED_BIT)))
        return false;
    return (access & GL_MAP_WRITE_BIT) || !(access & GL_MAP_FLUSH_EXPLICIT_BIT);
}

// Null: not possible as asked.
static void* map_range(GLuint buffer, GLintptr offset, GLsizeiptr length, GLbitfield access) {
    BufferShadow* b = buffer_shadow(buffer);
    if (!may_map(b, offset, length, access))
        return nullptr;
    const bool invalidates = access & (GL_MAP_INVALIDATE_RANGE_BIT | GL_MAP_INVALIDATE_BUFFER_BIT);
    // Bytes that the app does not write must keep their values, unless it says which it wrote.
    const bool needs =
        (access & GL_MAP_READ_BIT) || !(invalidates || (access & GL_MAP_FLUSH_EXPLICIT_BIT));
    auto map = std::make_unique<Map>();
    map->buffer = buffer;
    map->offset = offset;
    map->length = length;
    map->access = access;
    if (needs && know_contents(*b, buffer)) {
        map->pointer = b->copy.data() + offset;
    } else if (!b->copy.empty()) {
        map->pointer = b->copy.data() + offset;
    } else {
        // GL_MIN_MAP_BUFFER_ALIGNMENT holds for the pointer less the offset.
        const size_t slack = (size_t)(offset & 63);
        map->memory = static_cast<char*>(operator new((size_t)length + slack + 64));
        map->pointer = map->memory + (64 - ((uintptr_t)map->memory & 63)) % 64 + slack;
        if (needs)
            encode::xBufferRead(stream(), buffer, offset, length, map->pointer, (size_t)length);
    }
    Map* raw = map.get();
    b->map = std::move(map);
    return raw->pointer;
}

static void flush_range(BufferShadow* b, GLintptr offset, GLsizeiptr length) {
    Map& m = *b->map;
    if (length == 0)
        return;
    if (m.sent)
        return flush_persistent_range(m, offset, length);
    encode::xBufferWrite(stream(), m.buffer, m.offset + offset, length, m.pointer + offset,
                         (size_t)length);
}

static GLboolean unmap(GLuint buffer) {
    BufferShadow* b = buffer_shadow(buffer);
    if (!b || !b->map)
        return GL_FALSE;
    if (b->map->sent) {
        unmap_persistent(*b);
        return GL_TRUE;
    }
    if ((b->map->access & GL_MAP_WRITE_BIT) && !(b->map->access & GL_MAP_FLUSH_EXPLICIT_BIT))
        flush_range(b, 0, b->map->length);
    // Beside the mapped part: what the copy has there is old.
    if (b->map->driver_wrote)
        b->copy.clear();
    b->map.reset();
    return GL_TRUE;
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
static void forget_contents(GLuint buffer) {
    BufferShadow* b = buffer_shadow(buffer);
    if (b && b->map)
        b->map->driver_wrote = true;
    else if (b)
        b->copy.clear();
}
static void driver_may_write(GLuint buffer) {
    if (BufferShadow* b = buffer_shadow(buffer)) {
        b->gpu_may_write = true;
        forget_contents(buffer);
    }
}
static bool written_by_driver(GLenum target) {
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

static GLbitfield access_bits(GLenum access) {
    return access == GL_READ_ONLY    ? GL_MAP_READ_BIT
           : access == GL_WRITE_ONLY ? GL_MAP_WRITE_BIT
                                     : GL_MAP_READ_BIT | GL_MAP_WRITE_BIT;
}

// A wrong call raises the driver's error (extra.spec: xRefusedMap).
enum Wrong : GLint { kMap, kMapRange, kUnmap, kFlush };
static void refuse(Wrong what, GLenum target, GLuint buffer, GLintptr offset, GLsizeiptr length,
                   GLbitfield access, GLenum otherwise) {
    encode::xRefusedMap(stream(), what, target, buffer, offset, length, access, otherwise);
}

// By `target`, or by name if that is 0.
static void* map_or_refuse(Wrong what, GLenum target, GLuint buffer, GLintptr offset,
                           GLsizeiptr length, GLbitfield access, GLbitfield given) {
    BufferShadow* b = buffer_shadow(buffer);
    if (b && (access & GL_MAP_PERSISTENT_BIT) && may_map(b, offset, length, access)) {
        const Map* m = map_persistent(buffer, *b, offset, length, access);
        return m ? m->pointer : nullptr;
    }
    void* p = map_range(buffer, offset, length, access);
    if (!p)
        refuse(what, target, buffer, offset, length, given,
               b && b->map ? GL_INVALID_OPERATION : GL_NO_ERROR);
    return p;
}

static void* map_whole(GLenum target, GLuint buffer, GLenum access) {
    const BufferShadow* b = buffer_shadow(buffer);
    const bool known = access == GL_READ_ONLY || access == GL_WRITE_ONLY || access == GL_READ_WRITE;
    return map_or_refuse(kMap, target, buffer, 0, b ? b->size : 0, known ? access_bits(access) : 0,
                         access);
}

static GLboolean unmap_or_refuse(GLenum target, GLuint buffer) {
    if (unmap(buffer))
        return GL_TRUE;
    refuse(kUnmap, target, buffer, 0, 0, 0, GL_NO_ERROR);
    return GL_FALSE;
}

static void flush_or_refuse(GLenum target, GLuint buffer, GLintptr offset, GLsizeiptr length) {
    BufferShadow* b = buffer_shadow(buffer);
    if (!b || !b->map) {
        refuse(kFlush, target, buffer, offset, length, 0, GL_NO_ERROR);
        return;
    }
    const Map& m = *b->map;
    if (offset < 0 || length < 0 || offset + length > m.length)
        refuse(kFlush, target, buffer, offset, length, 0, GL_INVALID_VALUE);
    else if (!(m.access & GL_MAP_FLUSH_EXPLICIT_BIT))
        refuse(kFlush, target, buffer, offset, length, 0, GL_INVALID_OPERATION);
    else
        flush_range(b, offset, length);
}

static void pointer_of(GLenum target, GLuint buffer, GLenum pname, void** params) {
    const BufferShadow* b = buffer_shadow(buffer);
    if (!b) // the driver refuses it for the same reason
        refuse(kUnmap, target, buffer, 0, 0, 0, GL_NO_ERROR);
    else if (pname != GL_BUFFER_MAP_POINTER)
        encode::xError(stream(), GL_INVALID_ENUM);
    else
        *params = b->map ? b->map->pointer : nullptr;
}

// What the driver does not know of maps that are open.
static bool map_parameter(GLuint buffer, GLenum pname, GLint64* v) {
    const BufferShadow* b = buffer_shadow(buffer);
    if (!b || !b->map)
        return false;
    const Map& m = *b->map;
    constexpr GLbitfield both = GL_MAP_READ_BIT | GL_MAP_WRITE_BIT;
    switch (pname) {
    case GL_BUFFER_MAPPED:
        *v = GL_TRUE;
        return true;
    case GL_BUFFER_ACCESS:
        *v = (m.access & both) == both       ? GL_READ_WRITE
             : (m.access & GL_MAP_WRITE_BIT) ? GL_WRITE_ONLY
                                             : GL_READ_ONLY;
        return true;
    case GL_BUFFER_ACCESS_FLAGS:
        *v = m.access;
        return true;
    case GL_BUFFER_MAP_OFFSET:
        *v = m.offset;
        return true;
    case GL_BUFFER_MAP_LENGTH:
        *v = m.length;
        return true;
    default:
        return false;
    }
}

extern "C" {

GLCKPT_GL void glBindBuffer(GLenum target, GLuint buffer) {
    set_binding(target, buffer);
    note_name(NameClass::buffer, buffer);
    if (written_by_driver(target))
        driver_may_write(buffer);
    encode::glBindBuffer(stream(), target, buffer);
}
GLCKPT_GL void glBindBufferBase(GLenum target, GLuint index, GLuint buffer) {
    set_binding(target, buffer);
    note_name(NameClass::buffer, buffer);
    if (written_by_driver(target))
        driver_may_write(buffer);
    encode::glBindBufferBase(stream(), target, index, buffer);
}
GLCKPT_GL void glBindBufferRange(GLenum target, GLuint index, GLuint buffer, GLintptr offset,
                                 GLsizeiptr size) {
    set_binding(target, buffer);
    note_name(NameClass::buffer, buffer);
    if (written_by_driver(target))
        driver_may_write(buffer);
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
GLCKPT_GL void glBindBuffersBase(GLenum target, GLuint first, GLsizei count,
                                 const GLuint* buffers) {
    for (GLsizei i = 0; buffers && written_by_driver(target) && i < count; ++i)
        driver_may_write(buffers[i]);
    encode::glBindBuffersBase(stream(), target, first, count, buffers);
}
GLCKPT_GL void glBindBuffersRange(GLenum target, GLuint first, GLsizei count, const GLuint* buffers,
                                  const GLintptr* offsets, const GLsizeiptr* sizes) {
    for (GLsizei i = 0; buffers && written_by_driver(target) && i < count; ++i)
        driver_may_write(buffers[i]);
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

GLCKPT_GL void* glMapBufferRange(GLenum target, GLintptr offset, GLsizeiptr length,
                                 GLbitfield access) {
    return map_or_refuse(kMapRange, target, bound_buffer(target), offset, length, access, access);
}
GLCKPT_GL void* glMapBuffer(GLenum target, GLenum access) {
    return map_whole(target, bound_buffer(target), access);
}
GLCKPT_GL void* glMapNamedBufferRange(GLuint buffer, GLintptr offset, GLsizeiptr length,
                                      GLbitfield access) {
    return map_or_refuse(kMapRange, 0, buffer, offset, length, access, access);
}
GLCKPT_GL void* glMapNamedBuffer(GLuint buffer, GLenum access) {
    return map_whole(0, buffer, access);
}
GLCKPT_GL GLboolean glUnmapBuffer(GLenum target) {
    return unmap_or_refuse(target, bound_buffer(target));
}
GLCKPT_GL GLboolean glUnmapNamedBuffer(GLuint buffer) { return unmap_or_refuse(0, buffer); }
GLCKPT_GL void glFlushMappedBufferRange(GLenum target, GLintptr offset, GLsizeiptr length) {
    flush_or_refuse(target, bound_buffer(target), offset, length);
}
GLCKPT_GL void glFlushMappedNamedBufferRange(GLuint buffer, GLintptr offset, GLsizeiptr length) {
    flush_or_refuse(0, buffer, offset, length);
}
GLCKPT_GL void glGetBufferPointerv(GLenum target, GLenum pname, void** params) {
    pointer_of(target, bound_buffer(target), pname, params);
}
GLCKPT_GL void glGetNamedBufferPointerv(GLuint buffer, GLenum pname, void** params) {
    pointer_of(0, buffer, pname, params);
}
GLCKPT_GL void glGetBufferParameteriv(GLenum target, GLenum pname, GLint* params) {
    if (GLint64 v; map_parameter(bound_buffer(target), pname, &v))
        *params = (GLint)v;
    else
        encode::glGetBufferParameteriv(stream(), target, pname, params);
}
GLCKPT_GL void glGetBufferParameteri64v(GLenum target, GLenum pname, GLint64* params) {
    if (!map_parameter(bound_buffer(target), pname, params))
        encode::glGetBufferParameteri64v(stream(), target, pname, params);
}
GLCKPT_GL void glGetNamedBufferParameteriv(GLuint buffer, GLenum pname, GLint* params) {
    if (GLint64 v; map_parameter(buffer, pname, &v))
        *params = (GLint)v;
    else
        encode::glGetNamedBufferParameteriv(stream(), buffer, pname, params);
}
GLCKPT_GL void glGetNamedBufferParameteri64v(GLuint buffer, GLenum pname, GLint64* params) {
    if (!map_parameter(buffer, pname, params))
        encode::glGetNamedBufferParameteri64v(stream(), buffer, pname, params);
}

} // extern "C"
} // namespace glckpt
