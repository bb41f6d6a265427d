// Gives the driver what another one has told.
#include "replay/told/items.h"
#include <algorithm>

namespace glckpt::replay::told {
namespace {

// GL transforms these when they are given: as they are told they are in eye coordinates.
class PlainModelview {
  public:
    explicit PlainModelview(Driver& gl) : gl_(gl) {
        gl_.glGetIntegerv(GL_MATRIX_MODE, &mode_);
        gl_.glGetFloatv(GL_MODELVIEW_MATRIX, matrix_);
        gl_.glMatrixMode(GL_MODELVIEW);
        gl_.glLoadIdentity();
    }
    ~PlainModelview() {
        gl_.glLoadMatrixf(matrix_);
        gl_.glMatrixMode((GLenum)mode_);
    }
    PlainModelview(const PlainModelview&) = delete;
    PlainModelview& operator=(const PlainModelview&) = delete;

  private:
    Driver& gl_;
    GLint mode_ = GL_MODELVIEW;
    GLfloat matrix_[16] = {};
};

// Packed without gaps, whatever the app has said of its own.
void put_stipple(Driver& gl, const double* v) {
    static constexpr GLenum kStore[] = {GL_UNPACK_ALIGNMENT, GL_UNPACK_LSB_FIRST,
                                        GL_UNPACK_ROW_LENGTH, GL_UNPACK_SKIP_ROWS,
                                        GL_UNPACK_SKIP_PIXELS};
    GLint store[std::size(kStore)] = {}, buffer = 0;
    for (size_t i = 0; i < std::size(kStore); ++i) {
        gl.glGetIntegerv(kStore[i], &store[i]);
        gl.glPixelStorei(kStore[i], kStore[i] == GL_UNPACK_ALIGNMENT ? 1 : 0);
    }
    gl.glGetIntegerv(GL_PIXEL_UNPACK_BUFFER_BINDING, &buffer);
    if (buffer)
        gl.glBindBuffer(GL_PIXEL_UNPACK_BUFFER, 0);
    GLubyte pattern[128];
    std::copy_n(v, std::size(pattern), pattern);
    gl.glPolygonStipple(pattern);
    for (size_t i = 0; i < std::size(kStore); ++i)
        gl.glPixelStorei(kStore[i], store[i]);
    if (buffer)
        gl.glBindBuffer(GL_PIXEL_UNPACK_BUFFER, (GLuint)buffer);
}

} // namespace

void put(Exec& x, const Key& key, const Values& values) {
    const auto [what, a, b] = key;
    Driver& gl = x.gl;
    const double* v = values.data();
    switch (what) {
    case kPlain:
        if (a < rows().size())
            rows()[a].set(gl, rows()[a].pname[0], v);
        break;
    case kCap:
        v[0] != 0 ? gl.glEnable(a) : gl.glDisable(a);
        break;
    case kCapIndexed:
        v[0] != 0 ? gl.glEnablei(a, b) : gl.glDisablei(a, b);
        break;
    case kViewport:
        if (b)
            gl.glViewport(as_int(v[0]), as_int(v[1]), as_int(v[2]), as_int(v[3]));
        else
            gl.glViewportIndexedf(a, (GLfloat)v[0], (GLfloat)v[1], (GLfloat)v[2], (GLfloat)v[3]);
        break;
    case kDepthRange:
        b ? gl.glDepthRange(v[0], v[1]) : gl.glDepthRangeIndexed(a, v[0], v[1]);
        break;
    case kScissor:
        if (b)
            gl.glScissor(as_int(v[0]), as_int(v[1]), as_int(v[2]), as_int(v[3]));
        else
            gl.glScissorIndexed(a, as_int(v[0]), as_int(v[1]), as_int(v[2]), as_int(v[3]));
        break;
    case kBlendFunc:
        if (b)
            gl.glBlendFuncSeparate(as_enum(v[0]), as_enum(v[1]), as_enum(v[2]), as_enum(v[3]));
        else
            gl.glBlendFuncSeparatei(a, as_enum(v[0]), as_enum(v[1]), as_enum(v[2]), as_enum(v[3]));
        break;
    case kBlendEquation:
        b ? gl.glBlendEquationSeparate(as_enum(v[0]), as_enum(v[1]))
          : gl.glBlendEquationSeparatei(a, as_enum(v[0]), as_enum(v[1]));
        break;
    case kColorMask:
        b ? gl.glColorMask(v[0] != 0, v[1] != 0, v[2] != 0, v[3] != 0)
          : gl.glColorMaski(a, v[0] != 0, v[1] != 0, v[2] != 0, v[3] != 0);
        break;
    case kDrawBuffers: {
        std::vector<GLenum> buffers;
        for (const double d : values)
            buffers.push_back(as_enum(d));
        if (buffers.size() == 1)
            gl.glDrawBuffer(buffers[0]);
        else
            gl.glDrawBuffers((GLsizei)buffers.size(), buffers.data());
        break;
    }
    case kStipple:
        put_stipple(gl, v);
        break;
    case kClipPlane: {
        const PlainModelview plain(gl);
        gl.glClipPlane(a, v);
        break;
    }
    case kLight: {
        const PlainModelview plain(gl);
        gl.glLightfv(a, b, Floats(v, values.size()).v);
        break;
    }
    case kMaterial:
        gl.glMaterialfv(a, b, Floats(v, values.size()).v);
        break;
    case kTexCoord:
        gl.glMultiTexCoord4fv(GL_TEXTURE0 + a, Floats(v).v);
        break;
    case kTexEnv:
        gl.glMultiTexEnvfvEXT(GL_TEXTURE0 + a, env_values()[b].target, env_values()[b].pname,
                              Floats(v, values.size()).v);
        break;
    case kTexGen: {
        const PlainModelview plain(gl);
        gl.glMultiTexGenfvEXT(GL_TEXTURE0 + (a >> 16), a & 0xffff, b, Floats(v, values.size()).v);
        break;
    }
    case kBinding:
        gl.glBindMultiTextureEXT(GL_TEXTURE0 + a, b,
                                 v[0] != 0 ? x.real(NameClass::texture, as_mask(v[0])) : 0);
        break;
    default:
        break;
    }
}

} // namespace glckpt::replay::told
