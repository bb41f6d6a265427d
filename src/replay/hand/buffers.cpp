// Buffer writes and reads that are no single GL call on the app's side.
#include "gen/gl/records.h"
#include "replay/exec.h"
#include "replay/stream.h"

namespace glckpt::replay {
namespace {

// Binds a buffer to a target nobody draws from, and puts back what was there.
class Bound {
  public:
    Bound(Exec& x, GLuint buffer) : x_(x) {
        // GL_COPY_WRITE_BUFFER came with GL 3.1 and ES 3.0; before, the array binding serves.
        x.gl.glGetIntegerv(GL_COPY_WRITE_BUFFER_BINDING, &old_);
        if (x.gl.glGetError() == GL_NO_ERROR) {
            target_ = GL_COPY_WRITE_BUFFER;
        } else {
            target_ = GL_ARRAY_BUFFER;
            x.gl.glGetIntegerv(GL_ARRAY_BUFFER_BINDING, &old_);
        }
        x.gl.glBindBuffer(target_, buffer);
    }
    ~Bound() { x_.gl.glBindBuffer(target_, (GLuint)old_); }
    Bound(const Bound&) = delete;
    Bound& operator=(const Bound&) = delete;
    GLenum target() const { return target_; }

  private:
    Exec& x_;
    GLenum target_;
    GLint old_ = 0;
};

bool must_map(Exec& x, GLuint buffer) {
    GroupLock hold(*x.group);
    const auto it = x.group->storage_flags.find(buffer);
    return it != x.group->storage_flags.end() && !(it->second & GL_DYNAMIC_STORAGE_BIT);
}

// GLES has no glGetBufferSubData, though a driver may have a function of that name there, which
// does nothing. (A context has a thread of its own.)
bool is_es(Exec& x) {
    static thread_local int es = -1;
    if (es < 0) {
        const auto* version = reinterpret_cast<const char*>(x.gl.glGetString(GL_VERSION));
        es = version && strncmp(version, "OpenGL ES", 9) == 0;
    }
    return es;
}

// A persistent map of the driver's own takes the bytes beside the pipeline, as the app's would.
bool write_through_map(Exec& x, const rec::xBufferWrite& r, const void* data) {
    Group::PersistentMap m;
    {
        GroupLock hold(*x.group);
        const auto it = x.group->maps.find(r.buffer);
        if (it == x.group->maps.end())
            return false;
        m = it->second;
    }
    const GLintptr at = r.offset - m.offset;
    if (at < 0 || at + r.size > m.length || !(m.access & GL_MAP_WRITE_BIT))
        return false;
    memcpy(m.pointer + at, data, (size_t)r.size);
    if (m.access & GL_MAP_FLUSH_EXPLICIT_BIT) {
        const Bound b(x, x.real(NameClass::buffer, r.buffer));
        x.gl.glFlushMappedBufferRange(b.target(), at, r.size);
    } else if (!(m.access & GL_MAP_COHERENT_BIT)) {
        x.gl.glMemoryBarrier(GL_CLIENT_MAPPED_BUFFER_BARRIER_BIT);
    }
    return true;
}

bool read_through_map(Exec& x, const rec::xBufferRead& r, void* to) {
    GroupLock hold(*x.group);
    const auto it = x.group->maps.find(r.buffer);
    if (it == x.group->maps.end())
        return false;
    const Group::PersistentMap& m = it->second;
    const GLintptr at = r.offset - m.offset;
    if (at < 0 || at + r.size > m.length || !(m.access & GL_MAP_READ_BIT))
        return false;
    memcpy(to, m.pointer + at, (size_t)r.size);
    return true;
}

// A buffer that is mapped already can still be copied from.
void read_a_copy(Exec& x, GLenum target, const rec::xBufferRead& r, void* to) {
    GLint old = 0;
    GLuint copy = 0;
    x.gl.glGetIntegerv(GL_COPY_READ_BUFFER_BINDING, &old);
    x.gl.glGenBuffers(1, &copy);
    x.gl.glBindBuffer(GL_COPY_READ_BUFFER, copy);
    x.gl.glBufferData(GL_COPY_READ_BUFFER, r.size, nullptr, GL_STREAM_READ);
    x.gl.glCopyBufferSubData(target, GL_COPY_READ_BUFFER, r.offset, 0, r.size);
    if (const void* p = x.gl.glMapBufferRange(GL_COPY_READ_BUFFER, 0, r.size, GL_MAP_READ_BIT)) {
        memcpy(to, p, (size_t)r.size);
        x.gl.glUnmapBuffer(GL_COPY_READ_BUFFER);
    }
    x.gl.glBindBuffer(GL_COPY_READ_BUFFER, (GLuint)old);
    x.gl.glDeleteBuffers(1, &copy);
}

void fail(Exec& x, GLenum error) {
    if (x.sticky_error == GL_NO_ERROR)
        x.sticky_error = error;
    x.stream.failed = true;
}

// Of the records that are no commands; the loop looks only after commands.
bool take_error(Exec& x) {
    const GLenum e = x.gl.glGetError();
    if (e != GL_NO_ERROR)
        fail(x, e);
    return e != GL_NO_ERROR;
}

} // namespace

void decode_xBufferWrite(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xBufferWrite*>(record);
    const void* data = x.in(record, r->data);
    if (write_through_map(x, *r, data))
        return;
    const Bound b(x, x.real(NameClass::buffer, r->buffer));
    if (!must_map(x, r->buffer)) {
        x.gl.glBufferSubData(b.target(), r->offset, r->size, data);
        return;
    }
    void* p = x.gl.glMapBufferRange(b.target(), r->offset, r->size,
                                    GL_MAP_WRITE_BIT | GL_MAP_INVALIDATE_RANGE_BIT);
    if (p) {
        memcpy(p, data, (size_t)r->size);
        x.gl.glUnmapBuffer(b.target());
    }
}

void decode_xBufferRead(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xBufferRead*>(record);
    void* to = x.out(record, r->data);
    if (!to)
        return;
    const Bound b(x, x.real(NameClass::buffer, r->buffer));
    if (x.gl.glGetBufferSubData && !is_es(x)) {
        x.gl.glGetBufferSubData(b.target(), r->offset, r->size, to);
        take_error(x);
        return;
    }
    if (read_through_map(x, *r, to))
        return;
    if (b.target() == GL_COPY_WRITE_BUFFER) {
        read_a_copy(x, b.target(), *r, to);
    } else if (const void* p = x.gl.glMapBufferRange(b.target(), r->offset, r->size,
                                                     GL_MAP_READ_BIT)) { // GLES 2.0
        memcpy(to, p, (size_t)r->size);
        x.gl.glUnmapBuffer(b.target());
    }
    take_error(x);
}

// The driver's buffer is mapped as the app's is (src/interpose/gl/persistent.cpp).
void decode_xMapPersistent(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xMapPersistent*>(record);
    const Bound b(x, x.real(NameClass::buffer, r->buffer));
    // The contents have been read before; nothing of the buffer may be thrown away here.
    const GLbitfield access =
        r->access & ~(GLbitfield)(GL_MAP_INVALIDATE_BUFFER_BIT | GL_MAP_INVALIDATE_RANGE_BIT);
    void* p = x.gl.glMapBufferRange(b.target(), r->offset, r->length, access);
    if (take_error(x) || !p)
        return;
    x.reply_value(1);
    GroupLock hold(*x.group);
    x.group->maps[r->buffer] = {static_cast<char*>(p), r->offset, r->length, access};
}
void decode_xUnmapPersistent(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xUnmapPersistent*>(record);
    {
        GroupLock hold(*x.group);
        if (!x.group->maps.erase(r->buffer))
            return;
    }
    const Bound b(x, x.real(NameClass::buffer, r->buffer));
    x.gl.glUnmapBuffer(b.target());
    take_error(x);
}

void decode_xRefusedMap(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xRefusedMap*>(record);
    Driver& gl = x.gl;
    const GLuint buffer = r->target ? 0 : x.real(NameClass::buffer, r->buffer);
    void* p = nullptr;
    GLboolean unmapped = GL_FALSE;
    switch (r->what) {
    case 0:
        p = r->target ? gl.glMapBuffer(r->target, r->access)
                      : gl.glMapNamedBuffer(buffer, r->access);
        break;
    case 1:
        p = r->target ? gl.glMapBufferRange(r->target, r->offset, r->length, r->access)
                      : gl.glMapNamedBufferRange(buffer, r->offset, r->length, r->access);
        break;
    case 2:
        if (r->otherwise == GL_NO_ERROR)
            unmapped = r->target ? gl.glUnmapBuffer(r->target) : gl.glUnmapNamedBuffer(buffer);
        break;
    default:
        if (r->otherwise == GL_NO_ERROR) {
            if (r->target)
                gl.glFlushMappedBufferRange(r->target, r->offset, r->length);
            else
                gl.glFlushMappedNamedBufferRange(buffer, r->offset, r->length);
        }
    }
    if (take_error(x))
        return;
    if (p)
        unmapped = r->target ? gl.glUnmapBuffer(r->target) : gl.glUnmapNamedBuffer(buffer);
    (void)unmapped;
    fail(x, r->otherwise ? r->otherwise : GL_INVALID_OPERATION);
}

void decode_xError(Exec& x, const char* record) {
    fail(x, reinterpret_cast<const rec::xError*>(record)->error);
}

} // namespace glckpt::replay
