#include "state.h"
#include <algorithm>
#include <array>

namespace glckpt::cut {

void State::units() {
    const int all = integer(GL_MAX_COMBINED_TEXTURE_IMAGE_UNITS);
    const int fixed = compat ? std::max(integer(GL_MAX_TEXTURE_UNITS), 1) : 0;
    const int coords = compat ? std::max(integer(GL_MAX_TEXTURE_COORDS), fixed) : 0;
    const GLint active = gl.glActiveTexture ? integer(GL_ACTIVE_TEXTURE) : GL_TEXTURE0;
    for (int i = 0; i < std::max({all, fixed, coords, 1}); ++i) {
        if (gl.glActiveTexture)
            gl.glActiveTexture(GL_TEXTURE0 + (GLenum)i);
        if (!ok())
            break;
        const std::string of = "unit " + std::to_string(i) + " ";
        for (const Pname& p : kGetPName)
            if (const Class c = class_of(p.name); c == kTexture || p.value == GL_SAMPLER_BINDING) {
                GLint v[kMost];
                int n = 0;
                if (values(v, &n, [&](GLint* to) { gl.glGetIntegerv(p.value, to); }))
                    line("%s%s %s", of.c_str(), p.name, name_of(c, (GLuint)v[0]).c_str());
            }
        if (i < coords) {
            floats(of + "CURRENT_TEXTURE_COORDS",
                   [&](GLfloat* to) { gl.glGetFloatv(GL_CURRENT_TEXTURE_COORDS, to); });
            matrix_stack(GL_TEXTURE, GL_TEXTURE_STACK_DEPTH, GL_TEXTURE_MATRIX, of);
            for (const GLenum coord : {GL_S, GL_T, GL_R, GL_Q})
                for (const Pname& p : kTextureGenParameter)
                    floats(of + "gen " + std::to_string(coord) + " " + p.name,
                           [&](GLfloat* to) { gl.glGetTexGenfv(coord, p.value, to); });
            for (const GLenum cap :
                 {GL_TEXTURE_GEN_S, GL_TEXTURE_GEN_T, GL_TEXTURE_GEN_R, GL_TEXTURE_GEN_Q})
                line("%senabled %#x %d", of.c_str(), cap, gl.glIsEnabled(cap));
        }
        if (i < fixed) {
            for (const Pname& p : kTextureEnvParameter)
                floats(of + "env " + p.name,
                       [&](GLfloat* to) { gl.glGetTexEnvfv(GL_TEXTURE_ENV, p.value, to); });
            for (const GLenum cap : {GL_TEXTURE_1D, GL_TEXTURE_2D, GL_TEXTURE_3D,
                                     GL_TEXTURE_CUBE_MAP, GL_TEXTURE_RECTANGLE})
                line("%senabled %#x %d", of.c_str(), cap, gl.glIsEnabled(cap));
        }
        if (i < all && compat)
            floats(of + "LOD_BIAS", [&](GLfloat* to) {
                gl.glGetTexEnvfv(GL_TEXTURE_FILTER_CONTROL, GL_TEXTURE_LOD_BIAS, to);
            });
        if (i < coords)
            floats(of + "COORD_REPLACE",
                   [&](GLfloat* to) { gl.glGetTexEnvfv(GL_POINT_SPRITE, GL_COORD_REPLACE, to); });
        ok();
    }
    if (gl.glActiveTexture)
        gl.glActiveTexture((GLenum)active);
    ok();
}

void State::lighting() {
    for (int i = 0; i < integer(GL_MAX_LIGHTS); ++i) {
        const std::string of = "light " + std::to_string(i) + " ";
        line("%senabled %d", of.c_str(), gl.glIsEnabled(GL_LIGHT0 + (GLenum)i));
        for (const Pname& p : kLightParameter)
            floats(of + p.name,
                   [&](GLfloat* to) { gl.glGetLightfv(GL_LIGHT0 + (GLenum)i, p.value, to); });
    }
    for (const GLenum face : {GL_FRONT, GL_BACK})
        for (const Pname& p : kMaterialParameter)
            floats("material " + std::to_string(face) + " " + p.name,
                   [&](GLfloat* to) { gl.glGetMaterialfv(face, p.value, to); });
    for (int i = 0; i < integer(GL_MAX_CLIP_PLANES); ++i) {
        GLdouble e[4] = {};
        gl.glGetClipPlane(GL_CLIP_PLANE0 + (GLenum)i, e);
        line("clip plane %d %d %.9g %.9g %.9g %.9g", i, gl.glIsEnabled(GL_CLIP_PLANE0 + (GLenum)i),
             e[0], e[1], e[2], e[3]);
    }
    ok();
}

void State::maps() {
    for (const Pname& t : kMapTarget) {
        for (const Pname& q : kGetMapQuery) {
            if (q.value == GL_COEFF)
                continue;
            floats(std::string("map ") + t.name + " " + q.name,
                   [&](GLfloat* to) { gl.glGetMapfv(t.value, q.value, to); });
        }
        GLint order[2] = {1, 1};
        gl.glGetMapiv(t.value, GL_ORDER, order);
        if (!ok())
            continue;
        std::vector<GLfloat> coefficients((size_t)std::max(order[0] * order[1], 1) * 4);
        gl.glGetMapfv(t.value, GL_COEFF, coefficients.data());
        if (ok())
            line("map %s %016lx", t.name, hash(coefficients.data(), coefficients.size() * 4));
    }
    for (const Pname& p : kGetPixelMap) {
        GLint n = integer(p.value - GL_PIXEL_MAP_I_TO_I + GL_PIXEL_MAP_I_TO_I_SIZE);
        std::vector<GLfloat> v((size_t)std::max(n, 1) + 256);
        gl.glGetPixelMapfv(p.value, v.data());
        if (ok())
            line("pixel map %s %d %016lx", p.name, n, hash(v.data(), (size_t)std::max(n, 0) * 4));
    }
    const Undisturbed here(*this);
    unsigned char stipple[128] = {};
    gl.glGetPolygonStipple(stipple);
    line("polygon stipple %016lx", hash(stipple, sizeof stipple));
    ok();
}

// All of a stack: what is under its top comes to light by popping, and goes back. Its floats are
// put back as they were.
void State::matrix_stack(GLenum mode, GLenum depth, GLenum matrix, const std::string& of) {
    const int n = integer(depth);
    const GLint now = integer(GL_MATRIX_MODE);
    std::vector<std::array<GLfloat, 16>> levels;
    gl.glMatrixMode(mode);
    if (!ok())
        return;
    for (int i = 0; i < n; ++i) {
        std::array<GLfloat, 16> m{};
        gl.glGetFloatv(matrix, m.data());
        levels.push_back(m);
        std::string text;
        for (const GLfloat f : m) {
            char one[32];
            snprintf(one, sizeof one, " %.9g", (double)f);
            text += one;
        }
        line("%smatrix %#x level %d%s", of.c_str(), mode, n - i, text.c_str());
        if (i + 1 < n)
            gl.glPopMatrix();
    }
    for (int i = n - 2; i >= 0; --i) {
        gl.glPushMatrix();
        gl.glLoadMatrixf(levels[(size_t)i].data());
    }
    gl.glMatrixMode((GLenum)now);
    ok();
}

void State::matrices() {
    matrix_stack(GL_MODELVIEW, GL_MODELVIEW_STACK_DEPTH, GL_MODELVIEW_MATRIX, "");
    matrix_stack(GL_PROJECTION, GL_PROJECTION_STACK_DEPTH, GL_PROJECTION_MATRIX, "");
}

void State::arb_programs() {
    if (!gl.glGetProgramivARB || !gl.glGetProgramStringARB)
        return;
    for (const GLenum target : {GL_VERTEX_PROGRAM_ARB, GL_FRAGMENT_PROGRAM_ARB}) {
        GLint name = 0, length = 0, env = 0, local = 0;
        gl.glGetProgramivARB(target, GL_PROGRAM_BINDING_ARB, &name);
        if (!ok())
            continue;
        gl.glGetProgramivARB(target, GL_PROGRAM_LENGTH_ARB, &length);
        gl.glGetProgramivARB(target, GL_MAX_PROGRAM_ENV_PARAMETERS_ARB, &env);
        gl.glGetProgramivARB(target, GL_MAX_PROGRAM_LOCAL_PARAMETERS_ARB, &local);
        std::string text((size_t)length + 1, 0);
        gl.glGetProgramStringARB(target, GL_PROGRAM_STRING_ARB, text.data());
        line("arb program %#x bound %s length %d text %016lx", target,
             name_of(kArbProgram, (GLuint)name).c_str(), length, hash(text.data(), text.size()));
        for (int i = 0; i < env; ++i) {
            GLfloat v[4] = {};
            gl.glGetProgramEnvParameterfvARB(target, (GLuint)i, v);
            if (ok() && (v[0] != 0 || v[1] != 0 || v[2] != 0 || v[3] != 0))
                line("arb program %#x env %d %.9g %.9g %.9g %.9g", target, i, v[0], v[1], v[2],
                     v[3]);
        }
        for (int i = 0; i < local; ++i) {
            GLfloat v[4] = {};
            gl.glGetProgramLocalParameterfvARB(target, (GLuint)i, v);
            if (ok() && (v[0] != 0 || v[1] != 0 || v[2] != 0 || v[3] != 0))
                line("arb program %#x local %d %.9g %.9g %.9g %.9g", target, i, v[0], v[1], v[2],
                     v[3]);
        }
    }
}

void State::lists() {
    for (GLuint i = 1; i < 2048; ++i)
        if (gl.glIsList(i))
            line("list %u", i);
    ok();
}

} // namespace glckpt::cut
