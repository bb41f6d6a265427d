// Groups that count as set since the last push.
//
// Mesa's glPopAttrib passes over the groups of which nothing has been set since the push. So that a
// pop does here what it would have done there, the groups that had been set are: to something else,
// and back. (What was not set here, but emitted, lies below a push that saves nothing:
// emit/stacks.cpp.)
#include "replay/told/items.h"
#include <algorithm>

namespace glckpt::replay {
namespace {

// Of each group one thing that can be set twice without a trace.
struct Touch {
    GLenum pname;
    enum How { Number, Enumerant, Mode, Hint, Index } how;
};
constexpr Touch kTouches[] = {{GL_POINT_SIZE, Touch::Number},
                              {GL_LINE_WIDTH, Touch::Number},
                              {GL_FRONT_FACE, Touch::Enumerant},
                              {GL_ZOOM_X, Touch::Number},
                              {GL_SHADE_MODEL, Touch::Enumerant},
                              {GL_FOG_DENSITY, Touch::Number},
                              {GL_DEPTH_FUNC, Touch::Enumerant},
                              {GL_ACCUM_CLEAR_VALUE, Touch::Number},
                              {GL_STENCIL_CLEAR_VALUE, Touch::Index},
                              {GL_MATRIX_MODE, Touch::Mode},
                              {GL_INDEX_CLEAR_VALUE, Touch::Number},
                              {GL_FOG_HINT, Touch::Hint},
                              {GL_MAP1_GRID_DOMAIN, Touch::Number},
                              {GL_LIST_BASE, Touch::Index},
                              {GL_SAMPLE_COVERAGE_VALUE, Touch::Number},
                              {GL_ACTIVE_TEXTURE, Touch::Enumerant},
                              {GL_CURRENT_COLOR, Touch::Number}};

// Another value that the driver takes.
double another(double v, Touch::How how) {
    switch (how) {
    case Touch::Enumerant: // its neighbor among those with its number but the last bit
        return (double)((GLint64)v ^ 1);
    case Touch::Mode:
        return v == GL_PROJECTION ? GL_MODELVIEW : GL_PROJECTION;
    case Touch::Hint:
        return v == GL_NICEST ? GL_FASTEST : GL_NICEST;
    case Touch::Index:
        return v != 0 ? 0 : 1;
    default:
        return v == 0.5 ? 0.25 : 0.5;
    }
}

void touch(Driver& gl, const told::Row& row, Touch::How how) {
    GLdouble v[4] = {};
    told::ask(gl, row, v);
    GLdouble other[4] = {another(v[0], how), v[1], v[2], v[3]};
    row.set(gl, row.pname[0], other);
    // Drivers gather immediate values, and note them when they are asked.
    if (row.groups == GL_CURRENT_BIT)
        gl.glGetDoublev(row.pname[0], other);
    row.set(gl, row.pname[0], v);
    if (row.groups == GL_CURRENT_BIT)
        gl.glGetDoublev(row.pname[0], other);
}

} // namespace

void decode_xTouchGroups(Exec& x, const char* record) {
    const auto& r = *reinterpret_cast<const rec::xTouchGroups*>(record);
    Driver& gl = x.gl;
    for (const told::Row& row : told::rows())
        for (const Touch& t : kTouches)
            if (t.pname == row.pname[0] && (row.groups & r.mask))
                touch(gl, row, t.how);
    if (r.mask & GL_ENABLE_BIT) { // of no other group
        const bool on = gl.glIsEnabled(GL_VERTEX_PROGRAM_ARB);
        on ? gl.glDisable(GL_VERTEX_PROGRAM_ARB) : gl.glEnable(GL_VERTEX_PROGRAM_ARB);
        on ? gl.glEnable(GL_VERTEX_PROGRAM_ARB) : gl.glDisable(GL_VERTEX_PROGRAM_ARB);
    }
    if ((r.mask & GL_VIEWPORT_BIT) && gl.glDepthRangeIndexed) {
        GLdouble v[2] = {};
        gl.glGetDoublev(GL_DEPTH_RANGE, v);
        gl.glDepthRangeIndexed(0, v[0], v[1] == 0.5 ? 0.25 : 0.5);
        gl.glDepthRangeIndexed(0, v[0], v[1]);
    }
    if ((r.mask & GL_SCISSOR_BIT) && gl.glScissorIndexed) {
        GLint v[4] = {};
        gl.glGetIntegerv(GL_SCISSOR_BOX, v);
        gl.glScissorIndexed(0, v[0], v[1], v[2] + 1, v[3]);
        gl.glScissorIndexed(0, v[0], v[1], v[2], v[3]);
    }
    if (r.mask & GL_POLYGON_STIPPLE_BIT) {
        const told::Key key{told::kStipple, 0, 0};
        const told::Told now = told::ask(x, GL_POLYGON_STIPPLE_BIT);
        if (const auto it = now.find(key); it != now.end()) {
            told::Values other = it->second;
            other[0] = other[0] == 0 ? 255 : 0;
            told::put(x, key, other);
            told::put(x, key, it->second);
        }
    }
    // What this driver lacks (GL_VERTEX_PROGRAM_ARB, say) has nothing to be touched.
    for (int i = 0; i < 16 && gl.glGetError() != GL_NO_ERROR; ++i) {
    }
}

} // namespace glckpt::replay
