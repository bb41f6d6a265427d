// Client arrays, multi-draws and display list names.
#include "log/arrays.h"
#include "gen/gl/records.h"
#include "replay/exec.h"

namespace glckpt::replay {
namespace {

void set_legacy_pointer(Exec& x, const rec::xClientArray* r, const void* p) {
    switch (r->array) {
    case log::kVertexArray:
        return x.gl.glVertexPointer(r->size, r->type, r->stride, p);
    case log::kNormalArray:
        return x.gl.glNormalPointer(r->type, r->stride, p);
    case log::kColorArray:
        return x.gl.glColorPointer(r->size, r->type, r->stride, p);
    case log::kIndexArray:
        return x.gl.glIndexPointer(r->type, r->stride, p);
    case log::kEdgeFlagArray:
        return x.gl.glEdgeFlagPointer(r->stride, p);
    case log::kFogCoordArray:
        return x.gl.glFogCoordPointer(r->type, r->stride, p);
    case log::kSecondaryColorArray:
        return x.gl.glSecondaryColorPointer(r->size, r->type, r->stride, p);
    case log::kPointSizeArray:
        return x.gl.glPointSizePointerOES(r->type, r->stride, p);
    default: {
        GLint active = 0;
        x.gl.glGetIntegerv(GL_CLIENT_ACTIVE_TEXTURE, &active);
        const GLenum unit = GL_TEXTURE0 + r->array - log::kTexCoordArray;
        if ((GLenum)active != unit)
            x.gl.glClientActiveTexture(unit);
        x.gl.glTexCoordPointer(r->size, r->type, r->stride, p);
        if ((GLenum)active != unit)
            x.gl.glClientActiveTexture((GLenum)active);
    }
    }
}

void set_attrib_pointer(Exec& x, const rec::xClientArray* r, const void* p) {
    const GLuint i = r->array - log::kAttribArray;
    if (r->flags & log::kArrayInteger)
        x.gl.glVertexAttribIPointer(i, r->size, r->type, r->stride, p);
    else if (r->flags & log::kArrayDouble)
        x.gl.glVertexAttribLPointer(i, r->size, r->type, r->stride, p);
    else
        x.gl.glVertexAttribPointer(i, r->size, r->type,
                                   (GLboolean)(r->flags & log::kArrayNormalized), r->stride, p);
}

} // namespace

// The elements sent are [first, ...): the pointer is moved back so that the app's indices fit.
void decode_xClientArray(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xClientArray*>(record);
    const char* data = static_cast<const char*>(x.in(record, r->data));
    if (!data)
        return;
    // Used by draws that come later: the ring may be reused by then.
    if (r->flags & log::kArrayLocked) {
        auto& copy = x.locked[r->array].bytes;
        copy.assign(data, data + r->data.bytes);
        data = copy.data();
    } else {
        x.holds_arrays = true;
    }
    const char* pointer = data - (ptrdiff_t)(r->first * (uint64_t)r->stride);
    GLint bound = 0;
    x.gl.glGetIntegerv(GL_ARRAY_BUFFER_BINDING, &bound);
    if (bound)
        x.gl.glBindBuffer(GL_ARRAY_BUFFER, 0);
    if (r->array >= log::kAttribArray)
        set_attrib_pointer(x, r, pointer);
    else
        set_legacy_pointer(x, r, pointer);
    if (bound)
        x.gl.glBindBuffer(GL_ARRAY_BUFFER, (GLuint)bound);
}

void decode_xMultiDrawElements(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xMultiDrawElements*>(record);
    auto* count = static_cast<const GLsizei*>(x.in(record, r->count));
    auto* offsets = static_cast<const void* const*>(x.in(record, r->offsets));
    auto* base = static_cast<const GLint*>(x.in(record, r->basevertex));
    if (base && r->basevertex.bytes)
        x.gl.glMultiDrawElementsBaseVertex(r->mode, count, r->type, offsets, r->drawcount, base);
    else
        x.gl.glMultiDrawElements(r->mode, count, r->type, offsets, r->drawcount);
}

// Names of display lists are the app's own (glCallLists computes with them). The share group is
// fresh in a new renderer, so the range is free; empty lists mark it as taken.
void decode_xGenLists(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xGenLists*>(record);
    for (GLsizei i = 0; i < r->range; ++i)
        if (!x.gl.glIsList(r->first + (GLuint)i)) {
            x.gl.glNewList(r->first + (GLuint)i, GL_COMPILE);
            x.gl.glEndList();
        }
}

} // namespace glckpt::replay
