// Vertex arrays: what the pointers mean, and sending what is in the app's memory.
//
// A client array (a pointer while no array buffer is bound) is the app's memory at the time of the
// *draw*, not of the pointer call (OpenGL 4.6 compatibility, section 10.3.9). So the pointer call
// is encoded without data, and each draw first sends the elements it will fetch, one xClientArray
// an array; the renderer points the real array at them. Between glLockArraysEXT and
// glUnlockArraysEXT the app promises not to change them: they are sent once, marked kArrayLocked,
// and kept by the renderer and by the pruner (for a renderer that comes in between).
#include "interpose/gl/arrays.h"
#include "gen/gl/encode.h"
#include "gen/gl/exports.h"
#include "interpose/gl/debug.h"
#include "interpose/gl/exports.h"
#include "interpose/gl/names.h"
#include "interpose/gl/persistent.h"
#include "interpose/gl/sizes.h"
#include <algorithm>

namespace glckpt {
namespace {

size_t element_bytes(const ArrayState& a) {
    const int t = type_bytes(a.type);
    if (t < 0)
        return (size_t)-t;
    return (size_t)t * (size_t)(a.size == GL_BGRA ? 4 : a.size);
}

void set_pointer(int index, GLint size, GLenum type, GLsizei stride, const void* pointer,
                 uint8_t flags) {
    if (index < 0 || index >= kArrays)
        return;
    VaoShadow& v = *shadow().vao;
    ArrayState& a = v.arrays[index];
    a.pointer = pointer;
    a.size = size;
    a.type = type;
    a.stride = stride;
    a.flags = flags;
    const uint64_t bit = 1ull << index;
    const bool client = shadow().array_buffer == 0 && pointer;
    v.client = client ? v.client | bit : v.client & ~bit;
    shadow().lock_sent &= ~bit;
}

void enable(int index, bool on) {
    if (index < 0 || index >= kArrays)
        return;
    VaoShadow& v = *shadow().vao;
    const uint64_t bit = 1ull << index;
    v.enabled = on ? v.enabled | bit : v.enabled & ~bit;
}

int client_state_index(GLenum array) {
    switch (array) {
    case GL_VERTEX_ARRAY:
        return kVertexArray;
    case GL_NORMAL_ARRAY:
        return kNormalArray;
    case GL_COLOR_ARRAY:
        return kColorArray;
    case GL_INDEX_ARRAY:
        return kIndexArray;
    case GL_EDGE_FLAG_ARRAY:
        return kEdgeFlagArray;
    case GL_FOG_COORD_ARRAY:
        return kFogCoordArray;
    case GL_SECONDARY_COLOR_ARRAY:
        return kSecondaryColorArray;
    case GL_POINT_SIZE_ARRAY_OES:
        return kPointSizeArray;
    case GL_TEXTURE_COORD_ARRAY:
        return shadow().client_active_texture < 8
                   ? kTexCoordArray + (int)shadow().client_active_texture
                   : -1;
    default:
        return -1;
    }
}

int attrib_index(GLuint index) {
    return index < kArrays - kAttribArray ? kAttribArray + (int)index : -1;
}

void send_array(log::Stream& s, int index, uint64_t first, uint64_t count, GLuint flags = 0) {
    const ArrayState& a = shadow().vao->arrays[index];
    const size_t element = element_bytes(a);
    if (element == 0 || a.stride < 0)
        return;
    const size_t stride = a.stride ? (size_t)a.stride : element;
    encode::xClientArray(s, (GLuint)index, a.size, a.type, (GLsizei)stride, a.flags | flags, first,
                         (const char*)a.pointer + first * stride, (count - 1) * stride + element);
}

template <class Index>
IndexRange scan(const Index* p, GLsizei n, bool restart, GLuint restart_index) {
    Index low = (Index) ~(Index)0, high = 0;
    bool any = false;
    if (!restart) {
        for (GLsizei i = 0; i < n; ++i) {
            low = std::min(low, p[i]);
            high = std::max(high, p[i]);
        }
        any = n > 0;
    } else {
        for (GLsizei i = 0; i < n; ++i) {
            if (p[i] == (Index)restart_index)
                continue;
            any = true;
            low = std::min(low, p[i]);
            high = std::max(high, p[i]);
        }
    }
    return any ? IndexRange{low, high, true} : IndexRange{0, 0, false};
}

} // namespace

namespace {

bool restarts(uint8_t how, GLenum cap) {
    return (shadow().restarts_used & how) && encode::glIsEnabled(stream(), cap);
}

template <class Index>
IndexRange range(const void* indices, GLsizei n) {
    const auto* p = static_cast<const Index*>(indices);
    const IndexRange all = scan(p, n, false, 0);
    const uint8_t used = shadow().restarts_used;
    if (!used) [[likely]]
        return all;
    // An index that restarts is no vertex: it must not widen the range to 2^32, nor to what lies
    // behind the app's array. Attribute stacks and lists switch it, too, so the driver is asked;
    // but only if it makes a difference.
    constexpr GLuint highest = (Index) ~(Index)0;
    const GLuint set = shadow().restart_index;
    auto differs = [&](GLuint restart) {
        const IndexRange r = scan(p, n, true, restart);
        return r.any != all.any || r.low != all.low || r.high != all.high;
    };
    if ((used & kRestartFixed) && differs(highest) &&
        restarts(kRestartFixed, GL_PRIMITIVE_RESTART_FIXED_INDEX))
        return scan(p, n, true, highest);
    if ((used & (kRestart | kRestartNv)) && set <= highest && differs(set) &&
        (restarts(kRestart, GL_PRIMITIVE_RESTART) || restarts(kRestartNv, GL_PRIMITIVE_RESTART_NV)))
        return scan(p, n, true, set);
    return all;
}

} // namespace

IndexRange index_range(GLsizei count, GLenum type, const void* indices) {
    switch (type) {
    case GL_UNSIGNED_BYTE:
        return range<GLubyte>(indices, count);
    case GL_UNSIGNED_SHORT:
        return range<GLushort>(indices, count);
    case GL_UNSIGNED_INT:
        return range<GLuint>(indices, count);
    default:
        return {0, 0, false};
    }
}

void send_client_arrays(log::Stream& s, uint64_t first, uint64_t count, uint64_t instances,
                        uint64_t base_instance) {
    Shadow& sh = shadow();
    uint64_t todo = sh.vao->to_send();
    if (!todo || count == 0)
        return;
    if (s.persistent_maps) [[unlikely]] {
        flush_persistent();
        s.arrays_sent = true; // what the draw reads is as of now: nothing comes in between
    }
    const bool locked = sh.lock_count > 0 && first >= (uint64_t)sh.lock_first &&
                        first + count <= (uint64_t)sh.lock_first + (uint64_t)sh.lock_count;
    if (locked) {
        todo &= ~sh.lock_sent | sh.vao->instanced;
        first = (uint64_t)sh.lock_first;
        count = (uint64_t)sh.lock_count;
        sh.lock_sent |= todo & ~sh.vao->instanced;
    }
    s.begin_arrays();
    while (todo) {
        const int i = __builtin_ctzll(todo);
        todo &= todo - 1;
        const GLuint divisor = sh.vao->arrays[i].divisor;
        if (divisor == 0)
            send_array(s, i, first, count, locked ? GLuint{log::kArrayLocked} : 0);
        else if (instances > 0)
            send_array(s, i, base_instance, (instances + divisor - 1) / divisor);
    }
    s.end_arrays();
}

extern "C" {

#define POINTER(name, index, size, flags, SIG, ARGS)                                               \
    GLCKPT_GL void name SIG {                                                                      \
        set_pointer(index, size, type, stride, pointer, flags);                                    \
        encode::name ARGS;                                                                         \
    }
POINTER(glVertexPointer, kVertexArray, size, 0,
        (GLint size, GLenum type, GLsizei stride, const void* pointer),
        (stream(), size, type, stride, pointer))
POINTER(glNormalPointer, kNormalArray, 3, 0, (GLenum type, GLsizei stride, const void* pointer),
        (stream(), type, stride, pointer))
POINTER(glColorPointer, kColorArray, size, 0,
        (GLint size, GLenum type, GLsizei stride, const void* pointer),
        (stream(), size, type, stride, pointer))
POINTER(glIndexPointer, kIndexArray, 1, 0, (GLenum type, GLsizei stride, const void* pointer),
        (stream(), type, stride, pointer))
POINTER(glTexCoordPointer, client_state_index(GL_TEXTURE_COORD_ARRAY), size, 0,
        (GLint size, GLenum type, GLsizei stride, const void* pointer),
        (stream(), size, type, stride, pointer))
POINTER(glFogCoordPointer, kFogCoordArray, 1, 0, (GLenum type, GLsizei stride, const void* pointer),
        (stream(), type, stride, pointer))
POINTER(glSecondaryColorPointer, kSecondaryColorArray, size, 0,
        (GLint size, GLenum type, GLsizei stride, const void* pointer),
        (stream(), size, type, stride, pointer))
POINTER(glPointSizePointerOES, kPointSizeArray, 1, 0,
        (GLenum type, GLsizei stride, const void* pointer), (stream(), type, stride, pointer))
POINTER(glVertexAttribPointer, attrib_index(index), size, normalized ? 1 : 0,
        (GLuint index, GLint size, GLenum type, GLboolean normalized, GLsizei stride,
         const void* pointer),
        (stream(), index, size, type, normalized, stride, pointer))
POINTER(glVertexAttribIPointer, attrib_index(index), size, 2,
        (GLuint index, GLint size, GLenum type, GLsizei stride, const void* pointer),
        (stream(), index, size, type, stride, pointer))
POINTER(glVertexAttribLPointer, attrib_index(index), size, 4,
        (GLuint index, GLint size, GLenum type, GLsizei stride, const void* pointer),
        (stream(), index, size, type, stride, pointer))
#undef POINTER

GLCKPT_GL void glEdgeFlagPointer(GLsizei stride, const void* pointer) {
    set_pointer(kEdgeFlagArray, 1, GL_UNSIGNED_BYTE, stride, pointer, 0);
    encode::glEdgeFlagPointer(stream(), stride, pointer);
}

// GL_EXT_vertex_array: `count` is only a hint.
GLCKPT_GL void glVertexPointerEXT(GLint size, GLenum type, GLsizei stride, GLsizei,
                                  const void* pointer) {
    glVertexPointer(size, type, stride, pointer);
}
GLCKPT_GL void glNormalPointerEXT(GLenum type, GLsizei stride, GLsizei, const void* pointer) {
    glNormalPointer(type, stride, pointer);
}
GLCKPT_GL void glColorPointerEXT(GLint size, GLenum type, GLsizei stride, GLsizei,
                                 const void* pointer) {
    glColorPointer(size, type, stride, pointer);
}
GLCKPT_GL void glIndexPointerEXT(GLenum type, GLsizei stride, GLsizei, const void* pointer) {
    glIndexPointer(type, stride, pointer);
}
GLCKPT_GL void glTexCoordPointerEXT(GLint size, GLenum type, GLsizei stride, GLsizei,
                                    const void* pointer) {
    glTexCoordPointer(size, type, stride, pointer);
}
GLCKPT_GL void glEdgeFlagPointerEXT(GLsizei stride, GLsizei, const GLboolean* pointer) {
    glEdgeFlagPointer(stride, pointer);
}

static void note_restart(GLenum cap, bool on) {
    uint8_t bit = 0;
    switch (cap) {
    case GL_PRIMITIVE_RESTART:
        bit = kRestart;
        break;
    case GL_PRIMITIVE_RESTART_FIXED_INDEX:
        bit = kRestartFixed;
        break;
    case GL_PRIMITIVE_RESTART_NV:
        bit = kRestartNv;
        break;
    default:
        return;
    }
    Shadow& s = shadow();
    s.restarts_used |= on ? bit : 0;
    s.restarts_on = (uint8_t)(on ? s.restarts_on | bit : s.restarts_on & ~bit);
}
GLCKPT_GL void glEnableClientState(GLenum array) {
    note_restart(array, true);
    enable(client_state_index(array), true);
    encode::glEnableClientState(stream(), array);
}
GLCKPT_GL void glDisableClientState(GLenum array) {
    note_restart(array, false);
    enable(client_state_index(array), false);
    encode::glDisableClientState(stream(), array);
}
// Client arrays may be enabled as capabilities, too (an old habit that drivers allow in
// compatibility profiles): the same as by their own command.
static bool array_capability(GLenum cap) {
    return ((cap >= GL_VERTEX_ARRAY && cap <= GL_EDGE_FLAG_ARRAY) || cap == GL_FOG_COORD_ARRAY ||
            cap == GL_SECONDARY_COLOR_ARRAY) &&
           t_context->api == Api::GlCompat && !shadow().compiling_list;
}
// Kept answers: those about this capability are another one's now, or old; the others are not.
// Around the command: where it is known to raise no error, none is pending after it either.
struct Switching {
    log::Stream& s = stream();
    bool stays_clean = false;
    Switching(GLenum cap, bool on) {
        if (Answers* a = t_context->answers.get())
            stays_clean =
                a->switched(cap, on, !s.inside_begin && !shadow().compiling_list, s.answered) &&
                s.known_clean();
    }
    ~Switching() {
        if (stays_clean)
            s.still_clean();
    }
};
GLCKPT_GL void glEnable(GLenum cap) {
    if (array_capability(cap)) [[unlikely]] {
        glEnableClientState(cap);
        return;
    }
    if (cap == GL_DEBUG_OUTPUT || cap == GL_DEBUG_OUTPUT_SYNCHRONOUS) [[unlikely]]
        debug_capability(cap, true);
    note_restart(cap, true);
    const Switching answers(cap, true);
    encode::glEnable(stream(), cap);
}
GLCKPT_GL void glDisable(GLenum cap) {
    if (array_capability(cap)) [[unlikely]] {
        glDisableClientState(cap);
        return;
    }
    if (cap == GL_DEBUG_OUTPUT_SYNCHRONOUS) [[unlikely]]
        debug_capability(cap, false);
    note_restart(cap, false);
    const Switching answers(cap, false);
    encode::glDisable(stream(), cap);
}
GLCKPT_GL void glClientActiveTexture(GLenum texture) {
    shadow().client_active_texture = texture - GL_TEXTURE0;
    encode::glClientActiveTexture(stream(), texture);
}
GLCKPT_GL void glEnableVertexAttribArray(GLuint index) {
    enable(attrib_index(index), true);
    encode::glEnableVertexAttribArray(stream(), index);
}
GLCKPT_GL void glDisableVertexAttribArray(GLuint index) {
    enable(attrib_index(index), false);
    encode::glDisableVertexAttribArray(stream(), index);
}
GLCKPT_GL void glVertexAttribDivisor(GLuint index, GLuint divisor) {
    const int i = attrib_index(index);
    if (i >= 0) {
        VaoShadow& v = *shadow().vao;
        v.arrays[i].divisor = divisor;
        v.instanced = divisor ? v.instanced | 1ull << i : v.instanced & ~(1ull << i);
    }
    encode::glVertexAttribDivisor(stream(), index, divisor);
}
GLCKPT_GL void glPrimitiveRestartIndex(GLuint index) {
    shadow().restart_index = index;
    encode::glPrimitiveRestartIndex(stream(), index);
}
GLCKPT_GL void glPrimitiveRestartIndexNV(GLuint index) {
    shadow().restart_index = index;
    encode::glPrimitiveRestartIndexNV(stream(), index);
}

GLCKPT_GL void glBindVertexArray(GLuint array) {
    Context& c = *t_context;
    if (array == 0) {
        c.shadow.vao = &c.shadow.default_vao;
    } else {
        auto& v = c.vaos[array];
        if (!v)
            v = std::make_unique<VaoShadow>();
        c.shadow.vao = v.get();
    }
    c.shadow.vao_name = array;
    c.shadow.lock_sent = 0; // the driver's pointers are the other object's now
    note_name(NameClass::vertex_array, array);
    encode::glBindVertexArray(stream(), array);
}
GLCKPT_GL void glDeleteVertexArrays(GLsizei n, const GLuint* arrays) {
    Context& c = *t_context;
    encode::glDeleteVertexArrays(stream(), n, arrays);
    for (GLsizei i = 0; i < n && arrays; ++i) {
        if (!arrays[i])
            continue;
        if (c.shadow.vao_name == arrays[i]) {
            c.shadow.vao = &c.shadow.default_vao;
            c.shadow.vao_name = 0;
        }
        c.vaos.erase(arrays[i]);
    }
    free_names(NameClass::vertex_array, n, arrays);
}
GLCKPT_GL void glVertexArrayElementBuffer(GLuint vaobj, GLuint buffer) {
    auto& v = t_context->vaos[vaobj];
    if (!v)
        v = std::make_unique<VaoShadow>();
    v->element_buffer = buffer;
    encode::glVertexArrayElementBuffer(stream(), vaobj, buffer);
}

GLCKPT_GL void glLockArraysEXT(GLint first, GLsizei count) {
    shadow().lock_first = first;
    shadow().lock_count = first >= 0 && count > 0 ? count : 0;
    shadow().lock_sent = 0;
}
GLCKPT_GL void glUnlockArraysEXT(void) {
    shadow().lock_count = 0;
    shadow().lock_sent = 0;
}

} // extern "C"
} // namespace glckpt
