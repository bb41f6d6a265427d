// Buffer writes and reads that are no single GL call on the app's side.
#include "gen/gl/records.h"
#include "replay/exec.h"

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

} // namespace

void decode_xBufferWrite(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xBufferWrite*>(record);
    const void* data = x.in(record, r->data);
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
    if (x.gl.glGetBufferSubData) {
        x.gl.glGetBufferSubData(b.target(), r->offset, r->size, to);
        return;
    }
    // GLES has no glGetBufferSubData.
    if (const void* p = x.gl.glMapBufferRange(b.target(), r->offset, r->size, GL_MAP_READ_BIT)) {
        memcpy(to, p, (size_t)r->size);
        x.gl.glUnmapBuffer(b.target());
    }
}

// Persistent maps are kept on the app's side (src/interpose/gl/buffers.cpp); what reaches the
// renderer are writes.
void decode_xMapPersistent(Exec&, const char*) {}
void decode_xUnmapPersistent(Exec&, const char*) {}

} // namespace glckpt::replay
