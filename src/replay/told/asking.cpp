// Asks the driver for what the attribute groups save. Nothing here changes the state: the units are
// asked by index (GL_EXT_direct_state_access), not by making each the active one.
#include "replay/told/items.h"
#include <algorithm>

namespace glckpt::replay::told {
namespace {

constexpr GLbitfield kEnable = GL_ENABLE_BIT;

struct LightValue {
    GLenum pname;
    int count;
};
const LightValue kLightValues[] = {{GL_AMBIENT, 4},
                                   {GL_DIFFUSE, 4},
                                   {GL_SPECULAR, 4},
                                   {GL_POSITION, 4},
                                   {GL_SPOT_DIRECTION, 3},
                                   {GL_SPOT_EXPONENT, 1},
                                   {GL_SPOT_CUTOFF, 1},
                                   {GL_CONSTANT_ATTENUATION, 1},
                                   {GL_LINEAR_ATTENUATION, 1},
                                   {GL_QUADRATIC_ATTENUATION, 1}};
const LightValue kMaterialValues[] = {
    {GL_AMBIENT, 4}, {GL_DIFFUSE, 4}, {GL_SPECULAR, 4}, {GL_EMISSION, 4}, {GL_SHININESS, 1}};
const GLenum kUnitCaps[] = {GL_TEXTURE_1D,       GL_TEXTURE_2D,        GL_TEXTURE_3D,
                            GL_TEXTURE_CUBE_MAP, GL_TEXTURE_RECTANGLE, GL_TEXTURE_GEN_S,
                            GL_TEXTURE_GEN_T,    GL_TEXTURE_GEN_R,     GL_TEXTURE_GEN_Q};
const EnvValue kEnvValues[] = {{GL_TEXTURE_ENV, GL_TEXTURE_ENV_MODE, 1},
                               {GL_TEXTURE_ENV, GL_TEXTURE_ENV_COLOR, 4},
                               {GL_TEXTURE_ENV, GL_COMBINE_RGB, 1},
                               {GL_TEXTURE_ENV, GL_COMBINE_ALPHA, 1},
                               {GL_TEXTURE_ENV, GL_SRC0_RGB, 1},
                               {GL_TEXTURE_ENV, GL_SRC1_RGB, 1},
                               {GL_TEXTURE_ENV, GL_SRC2_RGB, 1},
                               {GL_TEXTURE_ENV, GL_SRC0_ALPHA, 1},
                               {GL_TEXTURE_ENV, GL_SRC1_ALPHA, 1},
                               {GL_TEXTURE_ENV, GL_SRC2_ALPHA, 1},
                               {GL_TEXTURE_ENV, GL_OPERAND0_RGB, 1},
                               {GL_TEXTURE_ENV, GL_OPERAND1_RGB, 1},
                               {GL_TEXTURE_ENV, GL_OPERAND2_RGB, 1},
                               {GL_TEXTURE_ENV, GL_OPERAND0_ALPHA, 1},
                               {GL_TEXTURE_ENV, GL_OPERAND1_ALPHA, 1},
                               {GL_TEXTURE_ENV, GL_OPERAND2_ALPHA, 1},
                               {GL_TEXTURE_ENV, GL_RGB_SCALE, 1},
                               {GL_TEXTURE_ENV, GL_ALPHA_SCALE, 1},
                               {GL_TEXTURE_FILTER_CONTROL, GL_TEXTURE_LOD_BIAS, 1},
                               {GL_POINT_SPRITE, GL_COORD_REPLACE, 1}};
struct Binding {
    GLenum pname, target;
};
const Binding kBindings[] = {{GL_TEXTURE_BINDING_1D, GL_TEXTURE_1D},
                             {GL_TEXTURE_BINDING_2D, GL_TEXTURE_2D},
                             {GL_TEXTURE_BINDING_3D, GL_TEXTURE_3D},
                             {GL_TEXTURE_BINDING_CUBE_MAP, GL_TEXTURE_CUBE_MAP},
                             {GL_TEXTURE_BINDING_RECTANGLE, GL_TEXTURE_RECTANGLE},
                             {GL_TEXTURE_BINDING_1D_ARRAY, GL_TEXTURE_1D_ARRAY},
                             {GL_TEXTURE_BINDING_2D_ARRAY, GL_TEXTURE_2D_ARRAY},
                             {GL_TEXTURE_BINDING_BUFFER, GL_TEXTURE_BUFFER}};

class Asking {
  public:
    Asking(Exec& x, GLbitfield mask) : x_(x), gl_(x.gl), mask_(mask) {}
    Told all() {
        clear_errors();
        plain();
        capabilities();
        if (mask_ & (GL_VIEWPORT_BIT | GL_SCISSOR_BIT | kEnable))
            viewports();
        if (mask_ & (GL_COLOR_BUFFER_BIT | GL_ENABLE_BIT))
            color_buffers();
        if (mask_ & GL_POLYGON_STIPPLE_BIT)
            stipple();
        if (mask_ & (GL_TRANSFORM_BIT | GL_ENABLE_BIT))
            clip_planes();
        if (mask_ & (GL_LIGHTING_BIT | GL_ENABLE_BIT))
            lights();
        if (mask_ & (GL_CURRENT_BIT | GL_TEXTURE_BIT | GL_ENABLE_BIT))
            units();
        return std::move(told_);
    }

  private:
    void clear_errors() {
        for (int i = 0; i < 16 && gl_.glGetError() != GL_NO_ERROR; ++i) {
        }
    }
    GLint limit(GLenum pname) {
        GLint v = 0;
        gl_.glGetIntegerv(pname, &v);
        return gl_.glGetError() == GL_NO_ERROR ? v : 0;
    }
    // What the driver does not know (an extension that it lacks) is no state of its.
    template <class T>
    bool add(uint32_t what, uint32_t a, uint32_t b, const T* v, int n) {
        if (gl_.glGetError() != GL_NO_ERROR)
            return false;
        told_[{what, a, b}] = Values(v, v + n);
        return true;
    }

    void plain() {
        for (const Row& r : rows()) {
            if (!(r.groups & mask_))
                continue;
            GLdouble v[4] = {};
            const int n = told::ask(gl_, r, v);
            add(kPlain, (uint32_t)(&r - rows().data()), 0, v, n);
        }
        // With the back face active it is that one which GL_STENCIL_FUNC tells, and sets.
        GLint face = GL_FRONT;
        gl_.glGetIntegerv(GL_ACTIVE_STENCIL_FACE_EXT, &face);
        if (gl_.glGetError() == GL_NO_ERROR && face != GL_FRONT)
            std::erase_if(told_, [](const auto& e) {
                const auto& [what, a, b] = e.first;
                return what == kPlain && rows()[a].groups == GL_STENCIL_BUFFER_BIT &&
                       rows()[a].pname[0] != GL_STENCIL_CLEAR_VALUE;
            });
    }
    void capabilities() {
        auto ask = [&](GLenum cap) {
            const double on = gl_.glIsEnabled(cap);
            add(kCap, cap, 0, &on, 1);
        };
        for (const Cap& c : caps())
            if (c.groups & mask_)
                ask(c.cap);
        if (mask_ & (GL_EVAL_BIT | kEnable))
            for (GLenum map = GL_MAP1_COLOR_4; map <= GL_MAP1_VERTEX_4; ++map) {
                ask(map);
                ask(map - GL_MAP1_COLOR_4 + GL_MAP2_COLOR_4);
            }
    }
    void viewports() {
        const bool each = limit(GL_MAX_VIEWPORTS) > 1 && gl_.glGetDoublei_v && gl_.glIsEnabledi;
        const GLint n = each ? std::min(limit(GL_MAX_VIEWPORTS), 16) : 1;
        for (GLint i = 0; i < n; ++i) {
            const auto index = (uint32_t)i;
            auto get = [&](GLenum pname, uint32_t what, int count) {
                GLdouble v[4] = {};
                each ? gl_.glGetDoublei_v(pname, index, v) : gl_.glGetDoublev(pname, v);
                add(what, index, !each, v, count);
            };
            if (mask_ & GL_VIEWPORT_BIT) {
                get(GL_VIEWPORT, kViewport, 4);
                get(GL_DEPTH_RANGE, kDepthRange, 2);
            }
            if (mask_ & GL_SCISSOR_BIT)
                get(GL_SCISSOR_BOX, kScissor, 4);
            if (!(mask_ & (GL_SCISSOR_BIT | kEnable)))
                continue;
            const double on =
                each ? gl_.glIsEnabledi(GL_SCISSOR_TEST, index) : gl_.glIsEnabled(GL_SCISSOR_TEST);
            each ? add(kCapIndexed, GL_SCISSOR_TEST, index, &on, 1)
                 : add(kCap, GL_SCISSOR_TEST, 0, &on, 1);
        }
    }
    // Each buffer's, where it has its own.
    bool buffers_differ() {
        if (!gl_.glIsEnabledi || !gl_.glGetIntegeri_v || !gl_.glGetBooleani_v ||
            !gl_.glBlendFuncSeparatei || !gl_.glBlendEquationSeparatei || !gl_.glColorMaski)
            return false;
        GLint v = 0;
        gl_.glGetIntegeri_v(GL_BLEND_SRC_RGB, 0, &v);
        return gl_.glGetError() == GL_NO_ERROR;
    }
    void color_buffers() {
        const GLint n = std::clamp(limit(GL_MAX_DRAW_BUFFERS), 1, 16);
        const bool each = buffers_differ();
        for (GLint i = 0; i < (each ? n : 1); ++i) {
            const auto index = (uint32_t)i;
            const double on = each ? gl_.glIsEnabledi(GL_BLEND, index) : gl_.glIsEnabled(GL_BLEND);
            each ? add(kCapIndexed, GL_BLEND, index, &on, 1) : add(kCap, GL_BLEND, 0, &on, 1);
            if (!(mask_ & GL_COLOR_BUFFER_BIT))
                continue;
            auto get = [&](GLenum pname) {
                GLint v = 0;
                each ? gl_.glGetIntegeri_v(pname, index, &v) : gl_.glGetIntegerv(pname, &v);
                return v;
            };
            const GLint func[4] = {get(GL_BLEND_SRC_RGB), get(GL_BLEND_DST_RGB),
                                   get(GL_BLEND_SRC_ALPHA), get(GL_BLEND_DST_ALPHA)};
            add(kBlendFunc, index, !each, func, 4);
            const GLint equation[2] = {get(GL_BLEND_EQUATION_RGB), get(GL_BLEND_EQUATION_ALPHA)};
            add(kBlendEquation, index, !each, equation, 2);
            GLboolean mask[4] = {};
            each ? gl_.glGetBooleani_v(GL_COLOR_WRITEMASK, index, mask)
                 : gl_.glGetBooleanv(GL_COLOR_WRITEMASK, mask);
            add(kColorMask, index, !each, mask, 4);
        }
        if (!(mask_ & GL_COLOR_BUFFER_BIT))
            return;
        Values draw;
        for (GLint i = 0; i < n; ++i)
            draw.push_back(limit(GL_DRAW_BUFFER0 + (GLenum)i));
        while (draw.size() > 1 && draw.back() == GL_NONE)
            draw.pop_back();
        add(kDrawBuffers, 0, 0, draw.data(), (int)draw.size());
    }
    void stipple() {
        GLubyte pattern[128] = {};
        GLint store[8] = {}, buffer = 0;
        static constexpr GLenum kStore[8] = {
            GL_PACK_ALIGNMENT,    GL_PACK_ROW_LENGTH,  GL_PACK_SKIP_ROWS,  GL_PACK_SKIP_PIXELS,
            GL_PACK_IMAGE_HEIGHT, GL_PACK_SKIP_IMAGES, GL_PACK_SWAP_BYTES, GL_PACK_LSB_FIRST};
        for (int i = 0; i < 8; ++i) {
            gl_.glGetIntegerv(kStore[i], &store[i]);
            gl_.glPixelStorei(kStore[i], i == 0 ? 1 : 0);
        }
        gl_.glGetIntegerv(GL_PIXEL_PACK_BUFFER_BINDING, &buffer);
        if (buffer)
            gl_.glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
        gl_.glGetPolygonStipple(pattern);
        for (int i = 0; i < 8; ++i)
            gl_.glPixelStorei(kStore[i], store[i]);
        if (buffer)
            gl_.glBindBuffer(GL_PIXEL_PACK_BUFFER, (GLuint)buffer);
        add(kStipple, 0, 0, pattern, 128);
    }
    void clip_planes() {
        for (GLint i = 0; i < std::min(limit(GL_MAX_CLIP_PLANES), 8); ++i) {
            const GLenum plane = GL_CLIP_PLANE0 + (GLenum)i;
            const double on = gl_.glIsEnabled(plane);
            add(kCap, plane, 0, &on, 1);
            GLdouble v[4] = {};
            gl_.glGetClipPlane(plane, v);
            if (mask_ & GL_TRANSFORM_BIT)
                add(kClipPlane, plane, 0, v, 4);
        }
    }
    void lights() {
        for (GLint i = 0; i < std::min(limit(GL_MAX_LIGHTS), 8); ++i) {
            const GLenum light = GL_LIGHT0 + (GLenum)i;
            const double on = gl_.glIsEnabled(light);
            add(kCap, light, 0, &on, 1);
            for (const LightValue& l : kLightValues) {
                GLfloat v[4] = {};
                gl_.glGetLightfv(light, l.pname, v);
                if (mask_ & GL_LIGHTING_BIT)
                    add(kLight, light, l.pname, v, l.count);
            }
        }
        // Materials that follow the current color are what that is.
        if (!(mask_ & GL_LIGHTING_BIT) || gl_.glIsEnabled(GL_COLOR_MATERIAL))
            return;
        for (const GLenum face : {GL_FRONT, GL_BACK})
            for (const LightValue& m : kMaterialValues) {
                GLfloat v[4] = {};
                gl_.glGetMaterialfv(face, m.pname, v);
                add(kMaterial, face, m.pname, v, m.count);
            }
    }
    void units() {
        if (!gl_.glGetMultiTexEnvfvEXT || !gl_.glGetFloati_v)
            return;
        const GLint coords = std::min(limit(GL_MAX_TEXTURE_COORDS), 32);
        for (GLint i = 0; i < coords; ++i) {
            const auto unit = (uint32_t)i;
            GLfloat v[4] = {};
            if (mask_ & GL_CURRENT_BIT) {
                gl_.glGetFloati_v(GL_CURRENT_TEXTURE_COORDS, unit, v);
                add(kTexCoord, unit, 0, v, 4);
            }
            if (mask_ & (GL_TEXTURE_BIT | kEnable))
                for (const GLenum cap : kUnitCaps) {
                    const double on = gl_.glIsEnabledi(cap, unit);
                    add(kCapIndexed, cap, unit, &on, 1);
                }
            if (!(mask_ & GL_TEXTURE_BIT))
                continue;
            for (const EnvValue& e : kEnvValues) {
                gl_.glGetMultiTexEnvfvEXT(GL_TEXTURE0 + unit, e.target, e.pname, v);
                add(kTexEnv, unit, (uint32_t)(&e - kEnvValues), v, e.count);
            }
            for (GLenum coord = GL_S; coord <= GL_Q; ++coord)
                for (const GLenum pname : {GL_TEXTURE_GEN_MODE, GL_OBJECT_PLANE, GL_EYE_PLANE}) {
                    gl_.glGetMultiTexGenfvEXT(GL_TEXTURE0 + unit, coord, pname, v);
                    add(kTexGen, unit << 16 | coord, pname, v,
                        pname == GL_TEXTURE_GEN_MODE ? 1 : 4);
                }
        }
        const GLint all = std::min(limit(GL_MAX_COMBINED_TEXTURE_IMAGE_UNITS), 192);
        for (GLint i = 0; (mask_ & GL_TEXTURE_BIT) && i < all; ++i)
            for (const Binding& b : kBindings) {
                GLint name = 0;
                gl_.glGetIntegeri_v(b.pname, (GLuint)i, &name);
                const double v = x_.virtual_of(NameClass::texture, (GLuint)name);
                // (One that is the driver's own, or is bound no longer, is nobody's name.)
                if (name == 0 || v != 0)
                    add(kBinding, (uint32_t)i, b.target, &v, 1);
            }
        clear_errors();
    }

    Exec& x_;
    Driver& gl_;
    const GLbitfield mask_;
    Told told_;
};

} // namespace

std::span<const EnvValue> env_values() { return kEnvValues; }

Told ask(Exec& x, GLbitfield mask) { return Asking(x, mask).all(); }

} // namespace glckpt::replay::told
