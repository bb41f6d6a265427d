// Pixel store, client attributes, display lists, sync objects, render mode.
#include "gen/gl/encode.h"
#include "gen/gl/exports.h"
#include "interpose/gl/arrays.h"
#include "interpose/gl/debug.h"
#include "interpose/gl/exports.h"
#include "interpose/gl/names.h"
#include "interpose/gl/persistent.h"
#include "interpose/gl/sizes.h"
#include <algorithm>
#include <cmath>
#include <memory>
#include <string_view>
#include <vector>

namespace glckpt {
namespace {

struct ClientAttribs {
    GLbitfield mask;
    PixelStore pack, unpack;
    GLuint pack_buffer, unpack_buffer, array_buffer;
    VaoShadow vao;
    GLuint vao_name;
    GLuint client_active_texture;
};
// Per context; contexts are few and live long.
std::unordered_map<Context*, std::vector<ClientAttribs>> g_client_stacks;
Mutex g_client_stacks_lock;
std::vector<ClientAttribs>& client_stack() {
    Locked hold(g_client_stacks_lock);
    return g_client_stacks[t_context];
}

} // namespace

extern "C" {

GLCKPT_GL void glPixelStorei(GLenum pname, GLint param) {
    if (!shadow().unpack.set(pname, param, false))
        shadow().pack.set(pname, param, true);
    encode::glPixelStorei(stream(), pname, param);
}
GLCKPT_GL void glPixelStoref(GLenum pname, GLfloat param) {
    glPixelStorei(pname, (GLint)lroundf(param));
}

GLCKPT_GL void glPushClientAttrib(GLbitfield mask) {
    Shadow& s = shadow();
    auto& stack = client_stack();
    if (stack.size() < 16)
        stack.push_back({mask, s.pack, s.unpack, s.pack_buffer, s.unpack_buffer, s.array_buffer,
                         *s.vao, s.vao_name, s.client_active_texture});
    encode::glPushClientAttrib(stream(), mask);
}
GLCKPT_GL void glPopClientAttrib(void) {
    Shadow& s = shadow();
    auto& stack = client_stack();
    if (!stack.empty()) {
        const ClientAttribs& a = stack.back();
        if (a.mask & GL_CLIENT_PIXEL_STORE_BIT) {
            s.pack = a.pack;
            s.unpack = a.unpack;
            s.pack_buffer = a.pack_buffer;
            s.unpack_buffer = a.unpack_buffer;
        }
        // One that has been deleted since does not come back.
        const auto it = t_context->vaos.find(a.vao_name);
        if (a.mask & GL_CLIENT_VERTEX_ARRAY_BIT && (!a.vao_name || it != t_context->vaos.end())) {
            s.vao_name = a.vao_name;
            s.vao = a.vao_name ? it->second.get() : &s.default_vao;
            *s.vao = a.vao;
            s.array_buffer = a.array_buffer;
            s.client_active_texture = a.client_active_texture;
            s.lock_sent = 0;
        }
        stack.pop_back();
    }
    encode::glPopClientAttrib(stream());
}

// Defined as calls of the pointer commands (OpenGL 4.6 compatibility, section 10.3.9).
GLCKPT_GL void glInterleavedArrays(GLenum format, GLsizei stride, const void* pointer) {
    struct Layout {
        GLenum format;
        uint8_t texture, color, normal, vertex; // components; color 0xb4: four unsigned bytes
        uint8_t at_color, at_normal, at_vertex, total;
    };
    static constexpr Layout layouts[] = {
        {GL_V2F, 0, 0, 0, 2, 0, 0, 0, 8},
        {GL_V3F, 0, 0, 0, 3, 0, 0, 0, 12},
        {GL_C4UB_V2F, 0, 0xb4, 0, 2, 0, 0, 4, 12},
        {GL_C4UB_V3F, 0, 0xb4, 0, 3, 0, 0, 4, 16},
        {GL_C3F_V3F, 0, 3, 0, 3, 0, 0, 12, 24},
        {GL_N3F_V3F, 0, 0, 3, 3, 0, 0, 12, 24},
        {GL_C4F_N3F_V3F, 0, 4, 3, 3, 0, 16, 28, 40},
        {GL_T2F_V3F, 2, 0, 0, 3, 0, 0, 8, 20},
        {GL_T4F_V4F, 4, 0, 0, 4, 0, 0, 16, 32},
        {GL_T2F_C4UB_V3F, 2, 0xb4, 0, 3, 8, 0, 12, 24},
        {GL_T2F_C3F_V3F, 2, 3, 0, 3, 8, 0, 20, 32},
        {GL_T2F_N3F_V3F, 2, 0, 3, 3, 0, 8, 20, 32},
        {GL_T2F_C4F_N3F_V3F, 2, 4, 3, 3, 8, 24, 36, 48},
        {GL_T4F_C4F_N3F_V4F, 4, 4, 3, 4, 16, 32, 44, 60},
    };
    const Layout* l = nullptr;
    for (const Layout& k : layouts)
        if (k.format == format)
            l = &k;
    if (!l || stride < 0) { // the driver raises the error
        encode::glInterleavedArrays(stream(), format, stride, pointer);
        return;
    }
    const GLsizei step = stride ? stride : l->total;
    const char* p = (const char*)pointer;
    glDisableClientState(GL_EDGE_FLAG_ARRAY);
    glDisableClientState(GL_INDEX_ARRAY);
    glDisableClientState(GL_SECONDARY_COLOR_ARRAY);
    glDisableClientState(GL_FOG_COORD_ARRAY);
    if (l->texture) {
        glEnableClientState(GL_TEXTURE_COORD_ARRAY);
        glTexCoordPointer(l->texture, GL_FLOAT, step, p);
    } else {
        glDisableClientState(GL_TEXTURE_COORD_ARRAY);
    }
    if (l->color) {
        glEnableClientState(GL_COLOR_ARRAY);
        if (l->color == 0xb4)
            glColorPointer(4, GL_UNSIGNED_BYTE, step, p + l->at_color);
        else
            glColorPointer(l->color, GL_FLOAT, step, p + l->at_color);
    } else {
        glDisableClientState(GL_COLOR_ARRAY);
    }
    if (l->normal) {
        glEnableClientState(GL_NORMAL_ARRAY);
        glNormalPointer(GL_FLOAT, step, p + l->at_normal);
    } else {
        glDisableClientState(GL_NORMAL_ARRAY);
    }
    glEnableClientState(GL_VERTEX_ARRAY);
    glVertexPointer(l->vertex, GL_FLOAT, step, p + l->at_vertex);
}

GLCKPT_GL void glActiveTexture(GLenum texture) {
    shadow().active_texture = texture - GL_TEXTURE0;
    encode::glActiveTexture(stream(), texture);
}

// Display lists: names are kept as they are (glCallLists adds bytes to a base).
GLCKPT_GL GLuint glGenLists(GLsizei range) {
    ShareGroup* g = t_context->group.get();
    if (range <= 0 || !g) {
        if (range < 0)
            encode::glDeleteLists(stream(), 1, -1); // raises GL_INVALID_VALUE, as it must
        return 0;
    }
    GLuint first;
    {
        Locked hold(g->lock);
        first = g->lists.alloc_range((GLuint)range);
    }
    encode::xGenLists(stream(), first, range);
    return first;
}
GLCKPT_GL void glDeleteLists(GLuint list, GLsizei range) {
    encode::glDeleteLists(stream(), list, range);
    if (ShareGroup* g = t_context->group.get()) {
        Locked hold(g->lock);
        for (GLsizei i = 0; i < range; ++i)
            g->lists.free(list + (GLuint)i);
        g->list_shapes.erase(list, range);
    }
}
GLCKPT_GL void glNewList(GLuint list, GLenum mode) {
    if (ShareGroup* g = t_context->group.get()) {
        Locked hold(g->lock);
        g->lists.note(list);
    }
    const bool known = mode == GL_COMPILE || mode == GL_COMPILE_AND_EXECUTE;
    if (list && known && !shadow().compiling_list && !stream().inside_begin) {
        shadow().compiling_list = true;
        shadow().list_name = list;
        shadow().list_shape = {};
        shadow().list_mode = mode;
        shadow().lock_sent = 0; // a list that is compiled anew has but what is sent in it
    }
    encode::glNewList(stream(), list, mode);
}
GLCKPT_GL void glEndList(void) {
    if (Shadow& s = shadow(); s.compiling_list && !stream().inside_begin) {
        s.compiling_list = false;
        Locked hold(t_context->group->lock);
        t_context->group->list_shapes.set(s.list_name, std::move(s.list_shape));
    }
    encode::glEndList(stream());
}

// Sync objects: handles are numbers of ours, shared in the group, never zero.
static uint64_t sync_number(GLsync s) { return (uint64_t)(uintptr_t)s; }

GLCKPT_GL GLsync glFenceSync(GLenum condition, GLbitfield flags) {
    ShareGroup* g = t_context->group.get();
    if (!g)
        return nullptr;
    if (condition != GL_SYNC_GPU_COMMANDS_COMPLETE || flags) {
        encode::xFenceSync(stream(), 0, condition, flags); // the driver raises the error
        return nullptr;
    }
    uint64_t n;
    {
        Locked hold(g->lock);
        // Spaced like pointers: some programs look at the low bits.
        n = g->next_sync++ * 16;
        g->syncs.insert(n);
    }
    encode::xFenceSync(stream(), n, condition, flags);
    return (GLsync)(uintptr_t)n;
}
static bool known_sync(GLsync s) {
    ShareGroup* g = t_context->group.get();
    if (!g)
        return false;
    Locked hold(g->lock);
    return g->syncs.count(sync_number(s)) != 0;
}
GLCKPT_GL void glDeleteSync(GLsync sync) {
    if (!sync)
        return;
    encode::xDeleteSync(stream(), sync_number(sync));
    if (ShareGroup* g = t_context->group.get()) {
        Locked hold(g->lock);
        g->syncs.erase(sync_number(sync));
        g->sync_labels.erase(sync_number(sync));
    }
}
GLCKPT_GL GLboolean glIsSync(GLsync sync) { return known_sync(sync) ? GL_TRUE : GL_FALSE; }
GLCKPT_GL GLenum glClientWaitSync(GLsync sync, GLbitfield flags, GLuint64 timeout) {
    if (!stream().real())
        return GL_WAIT_FAILED;
    const GLenum r = encode::xClientWaitSync(stream(), sync_number(sync), flags, timeout);
    if (r == GL_ALREADY_SIGNALED || r == GL_CONDITION_SATISFIED)
        after_wait();
    return r;
}
GLCKPT_GL void glFinish(void) {
    encode::glFinish(stream());
    after_wait();
    debug_point();
}
GLCKPT_GL void glWaitSync(GLsync sync, GLbitfield flags, GLuint64 timeout) {
    encode::xWaitSync(stream(), sync_number(sync), flags, timeout);
}
GLCKPT_GL void glGetSynciv(GLsync sync, GLenum pname, GLsizei count, GLsizei* length,
                           GLint* values) {
    encode::xGetSynciv(stream(), sync_number(sync), pname, count, length, length ? 4 : 0, values,
                       bytes(count, 4));
    if (pname == GL_SYNC_STATUS && values && count > 0 && *values == GL_SIGNALED)
        after_wait();
}

// Feedback and selection write to the app's memory when the mode ends.
GLCKPT_GL void glFeedbackBuffer(GLsizei size, GLenum type, GLfloat* buffer) {
    shadow().feedback = buffer;
    shadow().feedback_size = size;
    encode::xFeedbackBuffer(stream(), size, type);
}
GLCKPT_GL void glSelectBuffer(GLsizei size, GLuint* buffer) {
    shadow().select = buffer;
    shadow().select_size = size;
    encode::xSelectBuffer(stream(), size);
}
// How much of a selection or feedback buffer the driver has written (OpenGL 4.6 compatibility,
// sections 21.6 and 21.7): hit records of a name count, two depths and the names; or values.
static size_t values_written(GLint answer, bool select, const GLuint* buffer, size_t room) {
    if (answer < 0)
        return room; // it did not suffice
    size_t used = select ? 0 : (size_t)answer;
    for (GLint hit = 0; select && hit < answer && used < room; ++hit)
        used += 3 + (size_t)buffer[used];
    return std::min(used, room);
}

// Programs tell sizes in bytes for a buffer of that many bytes, four times too large, and get away
// with it: no more is touched than what a driver touches.
GLCKPT_GL GLint glRenderMode(GLenum mode) {
    Shadow& s = shadow();
    if (!stream().real())
        return 0;
    const bool select = s.render_mode == GL_SELECT;
    void* to = select                         ? (void*)s.select
               : s.render_mode == GL_FEEDBACK ? (void*)s.feedback
                                              : nullptr;
    const GLsizei size = select ? s.select_size : s.feedback_size;
    const size_t room = to && size > 0 ? (size_t)size : 0;
    const std::unique_ptr<GLuint[]> copy(new GLuint[room]);
    const GLint r = encode::xRenderMode(stream(), mode, room ? copy.get() : nullptr, room * 4);
    if (stream().shared().reply_error)
        return r;
    if (room)
        memcpy(to, copy.get(), values_written(r, select, copy.get(), room) * 4);
    s.render_mode = mode;
    return r;
}

// Labels of pointers can only be those of sync objects, whose handles are ours: kept on this side.
GLCKPT_GL void glObjectPtrLabel(const void* ptr, GLsizei length, const GLchar* label) {
    if (!known_sync((GLsync)ptr)) {
        encode::xGetSynciv(stream(), 0, GL_SYNC_STATUS, 0, nullptr, 0, nullptr, 0); // INVALID_VALUE
        return;
    }
    ShareGroup* g = t_context->group.get();
    Locked hold(g->lock);
    if (label)
        g->sync_labels[sync_number((GLsync)ptr)] =
            length < 0 ? std::string(label) : std::string(label, (size_t)length);
    else
        g->sync_labels.erase(sync_number((GLsync)ptr));
}
GLCKPT_GL void glGetObjectPtrLabel(const void* ptr, GLsizei bufSize, GLsizei* length,
                                   GLchar* label) {
    if (!known_sync((GLsync)ptr)) {
        encode::xGetSynciv(stream(), 0, GL_SYNC_STATUS, 0, nullptr, 0, nullptr, 0); // INVALID_VALUE
        return;
    }
    ShareGroup* g = t_context->group.get();
    Locked hold(g->lock);
    const auto it = g->sync_labels.find(sync_number((GLsync)ptr));
    const std::string_view text = it == g->sync_labels.end() ? std::string_view() : it->second;
    const size_t n = std::min(text.size(), (size_t)std::max(bufSize - 1, 0));
    if (length)
        *length = (GLsizei)(label ? n : text.size());
    if (label && bufSize > 0) {
        memcpy(label, text.data(), n);
        label[n] = 0;
    }
}

} // extern "C"
} // namespace glckpt
