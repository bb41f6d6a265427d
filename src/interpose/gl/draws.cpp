// Draws: client arrays first, then the call.
//
// A range that the app gives (glDrawRangeElements) is not trusted: programs give wrong ones and
// get away with it; the indices are scanned. Indices in a buffer while arrays are in client memory
// are fetched back once (rare, legal in compatibility profiles).
#include "gen/gl/encode.h"
#include "gen/gl/exports.h"
#include "interpose/gl/arrays.h"
#include "interpose/gl/debug.h"
#include "interpose/gl/exports.h"
#include "interpose/gl/persistent.h"
#include "interpose/gl/sizes.h"
#include <algorithm>
#include <memory>

namespace glckpt {
namespace {

void before_arrays(GLint first, GLsizei count, GLsizei instances = 1, GLuint base_instance = 0) {
    if (has_client_arrays() && first >= 0 && count > 0 && instances > 0)
        send_client_arrays(stream(), (uint64_t)first, (uint64_t)count, (uint64_t)instances,
                           base_instance);
}

void before_elements(GLsizei count, GLenum type, const void* indices, GLint base_vertex = 0,
                     GLsizei instances = 1, GLuint base_instance = 0) {
    if (!has_client_arrays() || count <= 0 || instances <= 0)
        return;
    IndexRange r;
    if (const GLuint buffer = shadow().element_buffer()) {
        if (stream().persistent_maps) [[unlikely]]
            flush_persistent();
        const size_t n = indices_bytes(count, type);
        const std::unique_ptr<char[]> copy(new char[n]);
        encode::xBufferRead(stream(), buffer, (GLintptr)indices, (GLsizeiptr)n, copy.get(), n);
        r = index_range(count, type, copy.get());
    } else {
        if (!indices)
            return;
        r = index_range(count, type, indices);
    }
    const int64_t low = (int64_t)r.low + base_vertex;
    if (r.any && low >= 0)
        send_client_arrays(stream(), (uint64_t)low, r.high - r.low + 1, (uint64_t)instances,
                           base_instance);
}

} // namespace

extern "C" {

GLCKPT_GL void glDrawArrays(GLenum mode, GLint first, GLsizei count) {
    before_arrays(first, count);
    encode::glDrawArrays(stream(), mode, first, count);
}
GLCKPT_GL void glDrawArraysInstanced(GLenum mode, GLint first, GLsizei count,
                                     GLsizei instancecount) {
    before_arrays(first, count, instancecount);
    encode::glDrawArraysInstanced(stream(), mode, first, count, instancecount);
}
GLCKPT_GL void glDrawArraysInstancedBaseInstance(GLenum mode, GLint first, GLsizei count,
                                                 GLsizei instancecount, GLuint baseinstance) {
    before_arrays(first, count, instancecount, baseinstance);
    encode::glDrawArraysInstancedBaseInstance(stream(), mode, first, count, instancecount,
                                              baseinstance);
}
GLCKPT_GL void glDrawElements(GLenum mode, GLsizei count, GLenum type, const void* indices) {
    before_elements(count, type, indices);
    encode::glDrawElements(stream(), mode, count, type, indices);
}
GLCKPT_GL void glDrawElementsInstanced(GLenum mode, GLsizei count, GLenum type, const void* indices,
                                       GLsizei instancecount) {
    before_elements(count, type, indices, 0, instancecount);
    encode::glDrawElementsInstanced(stream(), mode, count, type, indices, instancecount);
}
GLCKPT_GL void glDrawElementsBaseVertex(GLenum mode, GLsizei count, GLenum type,
                                        const void* indices, GLint basevertex) {
    before_elements(count, type, indices, basevertex);
    encode::glDrawElementsBaseVertex(stream(), mode, count, type, indices, basevertex);
}
GLCKPT_GL void glDrawElementsInstancedBaseVertex(GLenum mode, GLsizei count, GLenum type,
                                                 const void* indices, GLsizei instancecount,
                                                 GLint basevertex) {
    before_elements(count, type, indices, basevertex, instancecount);
    encode::glDrawElementsInstancedBaseVertex(stream(), mode, count, type, indices, instancecount,
                                              basevertex);
}
GLCKPT_GL void glDrawElementsInstancedBaseInstance(GLenum mode, GLsizei count, GLenum type,
                                                   const void* indices, GLsizei instancecount,
                                                   GLuint baseinstance) {
    before_elements(count, type, indices, 0, instancecount, baseinstance);
    encode::glDrawElementsInstancedBaseInstance(stream(), mode, count, type, indices, instancecount,
                                                baseinstance);
}
GLCKPT_GL void glDrawElementsInstancedBaseVertexBaseInstance(GLenum mode, GLsizei count,
                                                             GLenum type, const void* indices,
                                                             GLsizei instancecount,
                                                             GLint basevertex,
                                                             GLuint baseinstance) {
    before_elements(count, type, indices, basevertex, instancecount, baseinstance);
    encode::glDrawElementsInstancedBaseVertexBaseInstance(stream(), mode, count, type, indices,
                                                          instancecount, basevertex, baseinstance);
}
GLCKPT_GL void glDrawRangeElements(GLenum mode, GLuint start, GLuint end, GLsizei count,
                                   GLenum type, const void* indices) {
    before_elements(count, type, indices);
    encode::glDrawRangeElements(stream(), mode, start, end, count, type, indices);
}
GLCKPT_GL void glDrawRangeElementsBaseVertex(GLenum mode, GLuint start, GLuint end, GLsizei count,
                                             GLenum type, const void* indices, GLint basevertex) {
    before_elements(count, type, indices, basevertex);
    encode::glDrawRangeElementsBaseVertex(stream(), mode, start, end, count, type, indices,
                                          basevertex);
}

static bool any_negative(const GLsizei* count, GLsizei n) {
    return std::any_of(count, count + std::max(n, 0), [](GLsizei c) { return c < 0; });
}

// The multi-draws are defined as the sequence of their draws; with client arrays each needs its
// own elements, so they are sent as that sequence.
GLCKPT_GL void glMultiDrawArrays(GLenum mode, const GLint* first, const GLsizei* count,
                                 GLsizei drawcount) {
    if (!has_client_arrays() || drawcount <= 0) {
        encode::glMultiDrawArrays(stream(), mode, first, count, drawcount);
        return;
    }
    if (any_negative(count, drawcount)) { // nothing is drawn then, not even the draws before
        encode::glDrawArrays(stream(), mode, 0, -1);
        return;
    }
    for (GLsizei i = 0; i < drawcount; ++i)
        glDrawArrays(mode, first[i], count[i]);
}

static void multi_draw_elements(GLenum mode, const GLsizei* count, GLenum type,
                                const void* const* indices, GLsizei drawcount,
                                const GLint* basevertex) {
    if (drawcount <= 0 || shadow().element_buffer() == 0 || has_client_arrays()) {
        if (drawcount < 0 || any_negative(count, drawcount)) { // let the driver refuse it
            encode::glDrawElements(stream(), mode, -1, type, nullptr);
            return;
        }
        for (GLsizei i = 0; i < drawcount; ++i) {
            if (basevertex)
                glDrawElementsBaseVertex(mode, count[i], type, indices[i], basevertex[i]);
            else
                glDrawElements(mode, count[i], type, indices[i]);
        }
        return;
    }
    const size_t n = (size_t)drawcount;
    encode::xMultiDrawElements(stream(), mode, count, n * 4, type, (const GLuint64*)indices, n * 8,
                               drawcount, basevertex, basevertex ? n * 4 : 0, nullptr, 0);
}

GLCKPT_GL void glMultiDrawElements(GLenum mode, const GLsizei* count, GLenum type,
                                   const void* const* indices, GLsizei drawcount) {
    multi_draw_elements(mode, count, type, indices, drawcount, nullptr);
}
GLCKPT_GL void glMultiDrawElementsBaseVertex(GLenum mode, const GLsizei* count, GLenum type,
                                             const void* const* indices, GLsizei drawcount,
                                             const GLint* basevertex) {
    multi_draw_elements(mode, count, type, indices, drawcount, basevertex);
}

GLCKPT_GL void glArrayElement(GLint i) {
    if (give_element(i))
        return;
    before_arrays(i, 1);
    encode::glArrayElement(stream(), i);
}

static bool only_compiles() { return shadow().compiling_list && shadow().list_mode == GL_COMPILE; }
static void note_begin_end(log::ListShapes::Shape::Last what) {
    if (Shadow& s = shadow(); s.compiling_list)
        s.list_shape = {what, {}};
    stream().inside_begin = what == log::ListShapes::Shape::Begin && !only_compiles();
}
GLCKPT_GL void glBegin(GLenum mode) {
    encode::glBegin(stream(), mode);
    if (mode <= GL_PATCHES) // of others the driver does not begin anything
        note_begin_end(log::ListShapes::Shape::Begin);
}
GLCKPT_GL void glEnd(void) {
    encode::glEnd(stream());
    note_begin_end(log::ListShapes::Shape::End);
}

// A list may begin, or end, what it is called in.
static void called_list(GLuint list) {
    ShareGroup* g = t_context->group.get();
    if (!g || only_compiles() || !g->list_shapes.matters(stream().inside_begin))
        return;
    Locked hold(g->lock);
    stream().inside_begin = g->list_shapes.after(list, stream().inside_begin);
}
GLCKPT_GL void glCallList(GLuint list) {
    encode::glCallList(stream(), list);
    if (Shadow& s = shadow(); s.compiling_list)
        s.list_shape.calls.push_back(list);
    called_list(list);
}
GLCKPT_GL void glListBase(GLuint base) {
    encode::glListBase(stream(), base);
    if (!only_compiles())
        shadow().list_base = base;
}
GLCKPT_GL void glCallLists(GLsizei n, GLenum type, const void* lists) {
    encode::glCallLists(stream(), n, type, lists);
    const ShareGroup* g = t_context->group.get();
    if (!g || !lists || !g->list_shapes.matters(stream().inside_begin))
        return;
    for (GLsizei i = 0; i < n; ++i)
        called_list(shadow().list_base + log::list_offset(type, lists, i));
}
GLCKPT_GL void glFlush(void) {
    encode::glFlush(stream());
    stream().publish();
    debug_point();
}

} // extern "C"
} // namespace glckpt
