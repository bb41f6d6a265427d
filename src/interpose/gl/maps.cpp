// Maps of buffers.
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
//
// With GL_MAP_FLUSH_EXPLICIT_BIT the app says which bytes it wrote, and those beside them are
// undefined. But a driver that hands out the buffer's own memory has them all the same, and
// programs that count elements where bytes are meant, or from the buffer's beginning instead of the
// map's, have never been told. So what such a map holds is compared when it is unmapped, where that
// costs next to nothing: in small buffers that are neither invalidated nor unsynchronized (a
// program that streams says one of those), and whose contents are known without asking each time.
#include "gen/gl/encode.h"
#include "gen/gl/exports.h"
#include "interpose/gl/buffers.h"
#include "interpose/gl/exports.h"
#include "interpose/gl/persistent.h"

namespace glckpt {

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

static bool looks_for_unflushed(const BufferShadow& b, GLbitfield access) {
    constexpr GLsizeiptr small = 64 << 10;
    constexpr GLbitfield streams =
        GL_MAP_INVALIDATE_RANGE_BIT | GL_MAP_INVALIDATE_BUFFER_BIT | GL_MAP_UNSYNCHRONIZED_BIT;
    return (access & GL_MAP_FLUSH_EXPLICIT_BIT) && !(access & streams) && b.size <= small;
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
    if (looks_for_unflushed(*b, access) && know_contents(*b, buffer)) {
        map->pointer = b->copy.data() + offset;
        map->before.assign(map->pointer, map->pointer + length);
    } else if (needs && know_contents(*b, buffer)) {
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
    if (!m.before.empty())
        memcpy(m.before.data() + offset, m.pointer + offset, (size_t)length);
}

static void flush_the_unflushed(BufferShadow* b) {
    const Map& m = *b->map;
    const auto differs = [&](size_t i) { return m.before[i] != m.pointer[i]; };
    const size_t n = m.before.size();
    if (!n || m.driver_wrote || !memcmp(m.before.data(), m.pointer, n))
        return;
    for (size_t i = 0; i < n; ++i) {
        if (!differs(i))
            continue;
        size_t end = i + 1;
        while (end < n && differs(end))
            ++end;
        flush_range(b, (GLintptr)i, (GLsizeiptr)(end - i));
        i = end;
    }
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
    flush_the_unflushed(b);
    // Beside the mapped part: what the copy has there is old.
    if (b->map->driver_wrote)
        b->copy.clear();
    b->map.reset();
    return GL_TRUE;
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
