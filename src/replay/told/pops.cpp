// What the driver's glPopAttrib is like, and what it has done: noted in the record, for the pruner,
// which folds what follows by the matrix mode and the active unit.
#include "replay/helper.h"
#include "replay/stream.h"
#include <atomic>

namespace glckpt::replay {
namespace {

struct Ways {
    Driver& gl;

    void clear() {
        for (int i = 0; i < 16 && gl.glGetError() != GL_NO_ERROR; ++i) {
        }
    }
    void set(GLenum cap, bool on) { on ? gl.glEnable(cap) : gl.glDisable(cap); }
    GLint depth_func() {
        GLint func = GL_LESS;
        gl.glGetIntegerv(GL_DEPTH_FUNC, &func);
        return func;
    }
    // A capability that is another after the pop than it was at the push.
    bool leaves(GLbitfield mask, GLenum cap) {
        clear();
        const bool was = gl.glIsEnabled(cap);
        if (gl.glGetError() != GL_NO_ERROR)
            return true; // unknown here: nobody has set it
        gl.glPushAttrib(mask);
        set(cap, !was);
        gl.glPopAttrib();
        const bool left = (bool)gl.glIsEnabled(cap) != was;
        set(cap, was);
        return left;
    }
    // The test of the test: a context without attribute stacks puts nothing back.
    bool pops() {
        clear();
        gl.glPushAttrib(GL_DEPTH_BUFFER_BIT);
        gl.glDepthFunc(GL_NOTEQUAL);
        gl.glPopAttrib();
        return gl.glGetError() == GL_NO_ERROR && depth_func() != GL_NOTEQUAL;
    }
    bool forgets() {
        gl.glPushAttrib(GL_DEPTH_BUFFER_BIT);
        gl.glPushAttrib(0);
        gl.glDepthFunc(GL_NOTEQUAL);
        gl.glPopAttrib();
        gl.glPopAttrib();
        const bool left = depth_func() == GL_NOTEQUAL;
        gl.glDepthFunc(GL_LESS);
        return left;
    }
    bool leaves_alpha() {
        if (!gl.glBlendEquationSeparate)
            return false;
        gl.glBlendEquation(GL_FUNC_ADD);
        gl.glPushAttrib(GL_COLOR_BUFFER_BIT);
        gl.glBlendEquationSeparate(GL_FUNC_ADD, GL_MIN);
        gl.glPopAttrib();
        GLint alpha = GL_FUNC_ADD;
        gl.glGetIntegerv(GL_BLEND_EQUATION_ALPHA, &alpha);
        gl.glBlendEquation(GL_FUNC_ADD);
        return alpha == GL_MIN;
    }
    bool leaves_provoking_vertex() {
        if (!gl.glProvokingVertex)
            return true;
        gl.glProvokingVertex(GL_LAST_VERTEX_CONVENTION);
        gl.glPushAttrib(GL_LIGHTING_BIT);
        gl.glProvokingVertex(GL_FIRST_VERTEX_CONVENTION);
        gl.glPopAttrib();
        GLint which = GL_LAST_VERTEX_CONVENTION;
        gl.glGetIntegerv(GL_PROVOKING_VERTEX, &which);
        gl.glProvokingVertex(GL_LAST_VERTEX_CONVENTION);
        return which == GL_FIRST_VERTEX_CONVENTION;
    }
};

// In the helper context, whose state is the initial one but for what the renderer has set.
int try_pops(Driver& gl) {
    Ways w{gl};
    if (!w.pops())
        return 0;
    int ways = w.forgets() ? log::kPopForgets : 0;
    if (w.leaves(GL_ENABLE_BIT, GL_LIGHT1))
        ways |= log::kPopLeavesLights;
    if (w.leaves_alpha())
        ways |= log::kPopLeavesAlpha;
    bool newer = w.leaves_provoking_vertex();
    for (const GLenum cap : {GL_COLOR_SUM, GL_RASTERIZER_DISCARD, GL_TEXTURE_CUBE_MAP_SEAMLESS,
                             GL_SAMPLE_MASK, GL_PRIMITIVE_RESTART})
        newer = newer && w.leaves(GL_ENABLE_BIT, cap);
    if (newer)
        ways |= log::kPopLeavesNewer;
    w.clear();
    return ways;
}

// What has been found out; one driver a renderer. -1: nothing yet.
std::atomic<int> g_ways = -1;
std::atomic<bool> g_in_lists = false; // a list has been compiled with a pop in it

} // namespace

// Behind a command of the app's whose error nobody has asked for yet.
int Exec::ways_of_pop() {
    if (g_ways.load() < 0) {
        const GLenum error = gl.glGetError(); // which looking would lose
        const Helper helper(*this, 0);
        g_ways.store(helper ? try_pops(gl) : 0);
        if (error != GL_NO_ERROR) {
            if (sticky_error == GL_NO_ERROR)
                sticky_error = error;
            stream.failed = true;
        }
    }
    return g_ways.load();
}

void Exec::note_pops_of_list(const log::RecordHeader& h) {
    if (g_in_lists.load() && !compiles_only && !inside_begin && !stream.attaching)
        const_cast<log::RecordHeader&>(h).flags |=
            (uint16_t)(ways_of_pop() | 1 << log::kPoppedUnitShift);
}

void Exec::note_glPopAttrib(const rec::glPopAttrib& r) {
    if (compiling)
        g_in_lists.store(true);
    if (compiles_only || inside_begin || stream.attaching)
        return;
    const int ways = ways_of_pop();
    GLint mode = 0, unit = 0;
    gl.glGetIntegerv(GL_MATRIX_MODE, &mode);
    gl.glGetIntegerv(GL_ACTIVE_TEXTURE, &unit);
    const int modes = mode == GL_MODELVIEW    ? 1
                      : mode == GL_PROJECTION ? 2
                      : mode == GL_TEXTURE    ? 3
                                              : 0;
    unit -= GL_TEXTURE0 - 1;
    const int flags = ways | modes << log::kPoppedModeShift |
                      (unit > 0 && unit < 64 ? unit : 0) << log::kPoppedUnitShift;
    const_cast<log::RecordHeader&>(r.head_).flags |= (uint16_t)flags;
}

} // namespace glckpt::replay
