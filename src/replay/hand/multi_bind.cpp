// Multi-bind commands: one that fails for some of its names still binds the others (OpenGL 4.6,
// section 2.3.1 and the commands' own: "processed as if by" a loop, whose error stands for the
// entry alone). Which ones it bound the live set must know, and the driver does not tell. So when
// one has failed, each entry is bound again by itself: that changes nothing, and tells. Names that
// are refused become kNoName in the record, for the fold (src/prune/fold).
//
// A range of bindings beyond the limit is refused as a whole.
#include "gen/gl/records.h"
#include "replay/exec.h"
#include "replay/stream.h"

namespace glckpt::replay {
namespace {

GLenum limit_of(GLenum target) {
    switch (target) {
    case GL_UNIFORM_BUFFER:
        return GL_MAX_UNIFORM_BUFFER_BINDINGS;
    case GL_SHADER_STORAGE_BUFFER:
        return GL_MAX_SHADER_STORAGE_BUFFER_BINDINGS;
    case GL_ATOMIC_COUNTER_BUFFER:
        return GL_MAX_ATOMIC_COUNTER_BUFFER_BINDINGS;
    case GL_TRANSFORM_FEEDBACK_BUFFER:
        return GL_MAX_TRANSFORM_FEEDBACK_BUFFERS;
    default:
        return GL_NONE;
    }
}

struct Entries {
    GLenum limit;
    GLuint first;
    GLsizei count;
    NameClass cls;
};

template <class R, class One>
void entry_by_entry(Exec& x, const R& r, log::PayloadRef ref, const Entries& e, One one) {
    Driver& gl = x.gl;
    const GLenum error = gl.glGetError();
    if (error == GL_NO_ERROR)
        return;
    if (x.sticky_error == GL_NO_ERROR)
        x.sticky_error = error;
    x.stream.failed = true;
    auto* names =
        static_cast<GLuint*>(const_cast<void*>(x.in(reinterpret_cast<const char*>(&r), ref)));
    GLint most = 0;
    if (e.limit)
        gl.glGetIntegerv(e.limit, &most);
    if (!names || e.count <= 0 || (uint64_t)e.first + (uint64_t)e.count > (uint64_t)most)
        return;
    for (GLsizei i = 0; i < e.count; ++i) {
        while (gl.glGetError() != GL_NO_ERROR) {
        }
        const GLuint name = x.real(e.cls, names[i]);
        one((size_t)i, e.first + (GLuint)i, &name);
        if (gl.glGetError() != GL_NO_ERROR)
            names[i] = log::kNoName;
    }
    const_cast<log::RecordHeader&>(r.head_).flags |= log::kPartly;
}

template <class T>
const T* array(Exec& x, const void* record, log::PayloadRef ref) {
    return static_cast<const T*>(x.in(static_cast<const char*>(record), ref));
}

} // namespace

void Exec::note_glBindTextures(const rec::glBindTextures& r) {
    entry_by_entry(
        *this, r, r.textures,
        {GL_MAX_COMBINED_TEXTURE_IMAGE_UNITS, r.first, r.count, NameClass::texture},
        [&](size_t, GLuint unit, const GLuint* name) { gl.glBindTextures(unit, 1, name); });
}

void Exec::note_glBindImageTextures(const rec::glBindImageTextures& r) {
    entry_by_entry(
        *this, r, r.textures, {GL_MAX_IMAGE_UNITS, r.first, r.count, NameClass::texture},
        [&](size_t, GLuint unit, const GLuint* name) { gl.glBindImageTextures(unit, 1, name); });
}

void Exec::note_glBindSamplers(const rec::glBindSamplers& r) {
    entry_by_entry(
        *this, r, r.samplers,
        {GL_MAX_COMBINED_TEXTURE_IMAGE_UNITS, r.first, r.count, NameClass::sampler},
        [&](size_t, GLuint unit, const GLuint* name) { gl.glBindSamplers(unit, 1, name); });
}

void Exec::note_glBindBuffersBase(const rec::glBindBuffersBase& r) {
    entry_by_entry(*this, r, r.buffers, {limit_of(r.target), r.first, r.count, NameClass::buffer},
                   [&](size_t, GLuint index, const GLuint* name) {
                       gl.glBindBuffersBase(r.target, index, 1, name);
                   });
}

void Exec::note_glBindBuffersRange(const rec::glBindBuffersRange& r) {
    const auto* offsets = array<GLintptr>(*this, &r, r.offsets);
    const auto* sizes = array<GLsizeiptr>(*this, &r, r.sizes);
    entry_by_entry(*this, r, r.buffers, {limit_of(r.target), r.first, r.count, NameClass::buffer},
                   [&](size_t i, GLuint index, const GLuint* name) {
                       gl.glBindBuffersRange(r.target, index, 1, name, offsets + i, sizes + i);
                   });
}

void Exec::note_glBindVertexBuffers(const rec::glBindVertexBuffers& r) {
    const auto* offsets = array<GLintptr>(*this, &r, r.offsets);
    const auto* strides = array<GLsizei>(*this, &r, r.strides);
    entry_by_entry(*this, r, r.buffers,
                   {GL_MAX_VERTEX_ATTRIB_BINDINGS, r.first, r.count, NameClass::buffer},
                   [&](size_t i, GLuint index, const GLuint* name) {
                       gl.glBindVertexBuffers(index, 1, name, offsets + i, strides + i);
                   });
}

void Exec::note_glVertexArrayVertexBuffers(const rec::glVertexArrayVertexBuffers& r) {
    const auto* offsets = array<GLintptr>(*this, &r, r.offsets);
    const auto* strides = array<GLsizei>(*this, &r, r.strides);
    const GLuint vao = real(NameClass::vertex_array, r.vaobj);
    entry_by_entry(*this, r, r.buffers,
                   {GL_MAX_VERTEX_ATTRIB_BINDINGS, r.first, r.count, NameClass::buffer},
                   [&](size_t i, GLuint index, const GLuint* name) {
                       gl.glVertexArrayVertexBuffers(vao, index, 1, name, offsets + i, strides + i);
                   });
}

} // namespace glckpt::replay
