// Multisample contents, sample by sample.
//
// glReadPixels and glGetTexImage refuse multisample images, and a resolve would average. A shader
// can fetch each sample of a texture (texelFetch; OpenGL 3.2), and a draw under a sample mask of
// one bit writes one sample: so an image is read plane by plane into a plain texture, and written
// back plane by plane. Renderbuffers and drawables cannot be fetched from; a blit between two
// images of the same number of samples copies each sample (OpenGL 4.6, section 18.3.1), so they are
// copied to a texture first. Stencil values are written bit by bit, by fragments that are discarded
// where the bit is not set.
//
// Everything here runs in the helper context (helper.h) and leaves its state as it found it.
#include "replay/samples.h"
#include "log/readback.h"
#include "replay/formats.h"
#include "replay/helper.h"
#include "replay/stream.h"
#include <cstdio>

namespace glckpt::replay {
namespace {

// How a plane travels.
struct Plane {
    GLenum format, type;
    GLint internal_format; // of the plain texture that holds it
    const char* prefix;    // of GLSL's sampler and vector types
    size_t pixel;
    GLbitfield mask; // for blits
};
constexpr Plane kUnorm8{GL_RGBA, GL_UNSIGNED_BYTE, GL_RGBA8, "", 4, GL_COLOR_BUFFER_BIT};
constexpr Plane kFloat{GL_RGBA, GL_FLOAT, GL_RGBA32F, "", 16, GL_COLOR_BUFFER_BIT};
constexpr Plane kInt{GL_RGBA_INTEGER, GL_INT, GL_RGBA32I, "i", 16, GL_COLOR_BUFFER_BIT};
constexpr Plane kUint{GL_RGBA_INTEGER, GL_UNSIGNED_INT, GL_RGBA32UI, "u", 16, GL_COLOR_BUFFER_BIT};
constexpr Plane kDepth{GL_DEPTH_COMPONENT, GL_FLOAT, GL_R32F, "", 4, GL_DEPTH_BUFFER_BIT};
constexpr Plane kStencil{GL_STENCIL_INDEX,     GL_UNSIGNED_INT, GL_R32UI, "u", 4,
                         GL_STENCIL_BUFFER_BIT};

const Plane* plane_of(GLenum format, GLenum type) {
    for (const Plane* p : {&kUnorm8, &kFloat, &kInt, &kUint, &kDepth, &kStencil})
        if (p->format == format && p->type == type)
            return p;
    return nullptr;
}

bool is_depth(const Plane& p) { return p.format == GL_DEPTH_COMPONENT; }
bool is_stencil(const Plane& p) { return p.format == GL_STENCIL_INDEX; }
// What the plain texture is read and written as.
GLenum pixel_format(const Plane& p) {
    return is_depth(p) ? GL_RED : is_stencil(p) ? GL_RED_INTEGER : p.format;
}

GLuint compile(Driver& gl, GLenum stage, const std::string& text) {
    const GLuint s = gl.glCreateShader(stage);
    const char* p = text.c_str();
    gl.glShaderSource(s, 1, &p, nullptr);
    gl.glCompileShader(s);
    return s;
}

// A program that covers everything with one triangle; 0 if the driver does not take it.
GLuint covering_program(Driver& gl, const std::string& fragment) {
    const GLuint program = gl.glCreateProgram();
    const GLuint stages[] = {
        compile(gl, GL_VERTEX_SHADER,
                "#version 150\n"
                "void main() { gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0,\n"
                "                                 gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0); }"),
        compile(gl, GL_FRAGMENT_SHADER, "#version 150\n" + fragment)};
    for (const GLuint s : stages)
        gl.glAttachShader(program, s);
    gl.glLinkProgram(program);
    for (const GLuint s : stages)
        gl.glDeleteShader(s);
    GLint ok = 0;
    gl.glGetProgramiv(program, GL_LINK_STATUS, &ok);
    if (ok) {
        gl.glUseProgram(program);
        gl.glUniform1i(gl.glGetUniformLocation(program, "t"), 0);
        return program;
    }
    gl.glDeleteProgram(program);
    return 0;
}

GLuint plain_texture(Driver& gl, const Plane& p, GLsizei w, GLsizei h, const void* data) {
    GLuint t = 0;
    gl.glGenTextures(1, &t);
    gl.glBindTexture(GL_TEXTURE_2D, t);
    gl.glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    gl.glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    gl.glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
    gl.glTexImage2D(GL_TEXTURE_2D, 0, p.internal_format, w, h, 0, pixel_format(p), p.type, data);
    gl.glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
    return t;
}

void clear_errors(Driver& gl) {
    for (int i = 0; i < 16 && gl.glGetError() != GL_NO_ERROR; ++i) {
    }
}

// Reads every sample of the texture `t`, which is bound to `target`.
bool read_planes(Driver& gl, const Plane& p, GLenum target, log::ReadbackPart part,
                 std::vector<char>& to) {
    const bool array = target == GL_TEXTURE_2D_MULTISAMPLE_ARRAY;
    const std::string prefix = p.prefix;
    if (p.format == GL_STENCIL_INDEX)
        gl.glTexParameteri(target, GL_DEPTH_STENCIL_TEXTURE_MODE, GL_STENCIL_INDEX);
    const GLuint program = covering_program(
        gl, "uniform " + prefix + "sampler2DMS" + (array ? "Array" : "") +
                " t; uniform int s; uniform int layer; out " + prefix +
                "vec4 o;\nvoid main() { o = texelFetch(t, " +
                (array ? "ivec3(ivec2(gl_FragCoord.xy), layer)" : "ivec2(gl_FragCoord.xy)") +
                ", s); }");
    if (!program)
        return false;
    const GLuint plain = plain_texture(gl, p, part.width, part.height, nullptr);
    GLuint fb = 0;
    gl.glGenFramebuffers(1, &fb);
    gl.glBindFramebuffer(GL_FRAMEBUFFER, fb);
    gl.glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, plain, 0);
    gl.glDrawBuffer(GL_COLOR_ATTACHMENT0);
    gl.glReadBuffer(GL_COLOR_ATTACHMENT0);
    gl.glBindTexture(GL_TEXTURE_2D, 0);
    gl.glViewport(0, 0, part.width, part.height);
    gl.glDisable(GL_DITHER);
    if (gl.glClampColor)
        gl.glClampColor(GL_CLAMP_READ_COLOR, GL_FALSE);
    const size_t layer_bytes = (size_t)part.width * (size_t)part.height * p.pixel;
    part.format = p.format;
    part.type = p.type;
    part.bytes = layer_bytes * (size_t)part.depth;
    for (part.sample = 0; part.sample < part.samples; ++part.sample) {
        const size_t at = to.size();
        to.resize(at + sizeof part + part.bytes);
        memcpy(to.data() + at, &part, sizeof part);
        gl.glUniform1i(gl.glGetUniformLocation(program, "s"), part.sample);
        for (GLint layer = 0; layer < part.depth; ++layer) {
            gl.glUniform1i(gl.glGetUniformLocation(program, "layer"), layer);
            gl.glDrawArrays(GL_TRIANGLES, 0, 3);
            gl.glReadPixels(0, 0, part.width, part.height, pixel_format(p), p.type,
                            to.data() + at + sizeof part + layer_bytes * (size_t)layer);
        }
    }
    if (p.format == GL_STENCIL_INDEX)
        gl.glTexParameteri(target, GL_DEPTH_STENCIL_TEXTURE_MODE, GL_DEPTH_COMPONENT);
    if (gl.glClampColor)
        gl.glClampColor(GL_CLAMP_READ_COLOR, GL_FIXED_ONLY);
    gl.glUseProgram(0);
    gl.glDeleteProgram(program);
    gl.glBindFramebuffer(GL_FRAMEBUFFER, 0);
    gl.glDeleteFramebuffers(1, &fb);
    gl.glDeleteTextures(1, &plain);
    return gl.glGetError() == GL_NO_ERROR;
}

const Plane& color_plane(const ComponentBits& b) {
    switch (b.kind) {
    case GL_INT:
        return kInt;
    case GL_UNSIGNED_INT:
        return kUint;
    case GL_UNSIGNED_NORMALIZED:
        // (What is stored as sRGB is fetched as linear values: more than 8 bits.)
        if (b.red <= 8 && b.green <= 8 && b.blue <= 8 && b.alpha <= 8 &&
            b.internal_format != GL_SRGB8 && b.internal_format != GL_SRGB8_ALPHA8 &&
            b.internal_format != GL_SRGB && b.internal_format != GL_SRGB_ALPHA)
            return kUnorm8;
        return kFloat;
    default:
        return kFloat;
    }
}

// Copies what is bound to GL_READ_FRAMEBUFFER into a texture of its kind and reads that.
bool read_through_texture(Driver& gl, GLenum internal_format, GLenum attachment, const Plane& p,
                          log::ReadbackPart part, std::vector<char>& to) {
    GLint source = 0;
    gl.glGetIntegerv(GL_READ_FRAMEBUFFER_BINDING, &source);
    GLuint t = 0, fb = 0;
    gl.glGenTextures(1, &t);
    gl.glBindTexture(GL_TEXTURE_2D_MULTISAMPLE, t);
    gl.glTexImage2DMultisample(GL_TEXTURE_2D_MULTISAMPLE, part.samples, internal_format, part.width,
                               part.height, GL_TRUE);
    gl.glGenFramebuffers(1, &fb);
    gl.glBindFramebuffer(GL_DRAW_FRAMEBUFFER, fb);
    gl.glFramebufferTexture2D(GL_DRAW_FRAMEBUFFER, attachment, GL_TEXTURE_2D_MULTISAMPLE, t, 0);
    gl.glDrawBuffer(attachment == GL_COLOR_ATTACHMENT0 ? GL_COLOR_ATTACHMENT0 : GL_NONE);
    gl.glBlitFramebuffer(0, 0, part.width, part.height, 0, 0, part.width, part.height, p.mask,
                         GL_NEAREST);
    const bool ok =
        gl.glGetError() == GL_NO_ERROR && read_planes(gl, p, GL_TEXTURE_2D_MULTISAMPLE, part, to);
    gl.glBindFramebuffer(GL_DRAW_FRAMEBUFFER, 0);
    gl.glDeleteFramebuffers(1, &fb);
    gl.glBindTexture(GL_TEXTURE_2D_MULTISAMPLE, 0);
    gl.glDeleteTextures(1, &t);
    gl.glBindFramebuffer(GL_READ_FRAMEBUFFER, (GLuint)source);
    return ok;
}

} // namespace

bool multisample_target(GLenum target) {
    return target == GL_TEXTURE_2D_MULTISAMPLE || target == GL_TEXTURE_2D_MULTISAMPLE_ARRAY;
}

bool read_texture_samples(Driver& gl, GLuint texture, GLenum target, std::vector<char>& to) {
    gl.glBindTexture(target, texture);
    auto get = [&](GLenum pname) {
        GLint v = 0;
        gl.glGetTexLevelParameteriv(target, 0, pname, &v);
        return v;
    };
    log::ReadbackPart part{};
    part.width = get(GL_TEXTURE_WIDTH);
    part.height = get(GL_TEXTURE_HEIGHT);
    part.depth = std::max(get(GL_TEXTURE_DEPTH), 1);
    part.samples = get(GL_TEXTURE_SAMPLES);
    part.internal_format = get(GL_TEXTURE_INTERNAL_FORMAT);
    ComponentBits b;
    b.red = get(GL_TEXTURE_RED_SIZE);
    b.green = get(GL_TEXTURE_GREEN_SIZE);
    b.blue = get(GL_TEXTURE_BLUE_SIZE);
    b.alpha = get(GL_TEXTURE_ALPHA_SIZE);
    b.depth = get(GL_TEXTURE_DEPTH_SIZE);
    b.stencil = get(GL_TEXTURE_STENCIL_SIZE);
    b.kind = get(b.red ? GL_TEXTURE_RED_TYPE : GL_TEXTURE_ALPHA_TYPE);
    b.internal_format = part.internal_format;
    clear_errors(gl);
    bool ok = part.width > 0 && part.samples > 0;
    if (ok && (b.depth || b.stencil)) {
        if (b.depth)
            ok = read_planes(gl, kDepth, target, part, to);
        if (ok && b.stencil)
            ok = read_planes(gl, kStencil, target, part, to);
    } else if (ok) {
        ok = read_planes(gl, color_plane(b), target, part, to);
    }
    gl.glBindTexture(target, 0);
    clear_errors(gl);
    return ok;
}

bool read_renderbuffer_samples(Driver& gl, const RenderbufferLayout& l, std::vector<char>& to) {
    log::ReadbackPart part{};
    part.width = l.width;
    part.height = l.height;
    part.depth = 1;
    part.samples = l.samples;
    part.internal_format = l.internal_format;
    clear_errors(gl);
    const auto format = (GLenum)l.internal_format;
    if (l.attachment == GL_COLOR_ATTACHMENT0)
        return read_through_texture(gl, format, l.attachment, color_plane(l.bits), part, to);
    bool ok = true;
    if (l.bits.depth)
        ok = read_through_texture(gl, format, l.attachment, kDepth, part, to);
    if (ok && l.bits.stencil)
        ok = read_through_texture(gl, format, l.attachment, kStencil, part, to);
    return ok;
}

bool read_drawable_samples(Driver& gl, GLsizei w, GLsizei h, GLint samples, std::vector<char>& to) {
    log::ReadbackPart part{};
    part.level = (int32_t)log::DrawableBuffer::Samples;
    part.width = w;
    part.height = h;
    part.depth = 1;
    part.samples = samples;
    auto get = [&](GLenum pname) {
        GLint v = 0;
        gl.glGetIntegerv(pname, &v);
        return v;
    };
    const GLint red = get(GL_RED_BITS), alpha = get(GL_ALPHA_BITS);
    const GLint depth = get(GL_DEPTH_BITS), stencil = get(GL_STENCIL_BITS);
    clear_errors(gl);
    const GLenum color = red > 8 ? (alpha ? GL_RGB10_A2 : GL_RGB10) : (alpha ? GL_RGBA8 : GL_RGB8);
    bool ok =
        read_through_texture(gl, color, GL_COLOR_ATTACHMENT0, red > 8 ? kFloat : kUnorm8, part, to);
    if (ok && depth) {
        const GLenum format = stencil      ? GL_DEPTH24_STENCIL8
                              : depth > 24 ? GL_DEPTH_COMPONENT32
                              : depth > 16 ? GL_DEPTH_COMPONENT24
                                           : GL_DEPTH_COMPONENT16;
        const GLenum point = stencil ? GL_DEPTH_STENCIL_ATTACHMENT : GL_DEPTH_ATTACHMENT;
        ok = read_through_texture(gl, format, point, kDepth, part, to);
        if (ok && stencil)
            ok = read_through_texture(gl, format, point, kStencil, part, to);
    }
    clear_errors(gl);
    return ok;
}

namespace {

// One plane into what is bound to GL_DRAW_FRAMEBUFFER.
// `fetched`: it was read with texelFetch, which takes sRGB apart; a drawable's was blitted, as
// stored.
bool write_plane(Driver& gl, const Plane& p, GLint sample, GLsizei w, GLsizei h, const char* data,
                 bool fetched) {
    const std::string prefix = p.prefix, fetch = "texelFetch(t, ivec2(gl_FragCoord.xy), 0)";
    const std::string text = "uniform " + prefix + "sampler2D t; uniform uint bit;\n";
    const GLuint program = covering_program(
        gl, is_depth(p) ? text + "void main() { gl_FragDepth = " + fetch + ".r; }"
            : is_stencil(p)
                ? text + "void main() { if ((" + fetch + ".r & bit) == 0u) discard; }"
                : text + "out " + prefix + "vec4 o;\nvoid main() { o = " + fetch + "; }");
    if (!program)
        return false;
    const GLuint plain = plain_texture(gl, p, w, h, data);
    gl.glViewport(0, 0, w, h);
    gl.glDisable(GL_DITHER);
    gl.glEnable(GL_MULTISAMPLE);
    gl.glEnable(GL_SAMPLE_MASK);
    gl.glSampleMaski(0, 1u << sample);
    const bool color = !is_depth(p) && !is_stencil(p);
    const GLboolean write = color ? GL_TRUE : GL_FALSE;
    gl.glColorMask(write, write, write, write);
    if (gl.glClampColor)
        gl.glClampColor(GL_CLAMP_FRAGMENT_COLOR, GL_FALSE);
    if (color && fetched)
        gl.glEnable(GL_FRAMEBUFFER_SRGB); // stored as sRGB again, where it was
    if (is_depth(p)) {
        gl.glEnable(GL_DEPTH_TEST);
        gl.glDepthFunc(GL_ALWAYS);
        gl.glDepthMask(GL_TRUE);
    }
    if (is_stencil(p)) {
        gl.glEnable(GL_STENCIL_TEST);
        gl.glStencilMask(~0u);
        for (int set = 0; set < 2; ++set) {
            for (GLuint bit = 1; bit <= 128; bit <<= 1) {
                // First everything to 0, then the bits that are set.
                gl.glStencilMask(set ? bit : 255u);
                gl.glStencilFunc(GL_ALWAYS, set ? 255 : 0, ~0u);
                gl.glStencilOp(GL_REPLACE, GL_REPLACE, GL_REPLACE);
                gl.glUniform1ui(gl.glGetUniformLocation(program, "bit"), bit);
                if (set) {
                    gl.glDrawArrays(GL_TRIANGLES, 0, 3);
                } else {
                    // Without the shader's discard.
                    gl.glUseProgram(0);
                    gl.glRectf(-1, -1, 1, 1);
                    gl.glUseProgram(program);
                    break;
                }
            }
        }
        gl.glStencilMask(~0u);
        gl.glDisable(GL_STENCIL_TEST);
    } else {
        gl.glDrawArrays(GL_TRIANGLES, 0, 3);
    }
    gl.glDisable(GL_DEPTH_TEST);
    gl.glDisable(GL_FRAMEBUFFER_SRGB);
    gl.glColorMask(GL_TRUE, GL_TRUE, GL_TRUE, GL_TRUE);
    gl.glSampleMaski(0, ~0u);
    gl.glDisable(GL_SAMPLE_MASK);
    gl.glUseProgram(0);
    gl.glDeleteProgram(program);
    gl.glBindTexture(GL_TEXTURE_2D, 0);
    gl.glDeleteTextures(1, &plain);
    return gl.glGetError() == GL_NO_ERROR;
}

} // namespace

void decode_xSampleContents(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xSampleContents*>(record);
    const char* data = static_cast<const char*>(x.in(record, r->data));
    const Plane* p = plane_of(r->format, r->type);
    const bool drawable = r->target == GL_FRAMEBUFFER_DEFAULT;
    const GLuint name = drawable ? 0
                                 : x.real(r->target == GL_RENDERBUFFER ? NameClass::renderbuffer
                                                                       : NameClass::texture,
                                          (GLuint)r->name);
    bool ok = false;
    GLint samples = 0;
    {
        const Helper helper(x, drawable ? r->name : 0);
        if (helper && p && data) {
            Driver& gl = x.gl;
            clear_errors(gl);
            GLuint fb = 0;
            const GLenum point = is_depth(*p)     ? GL_DEPTH_ATTACHMENT
                                 : is_stencil(*p) ? GL_STENCIL_ATTACHMENT
                                                  : GL_COLOR_ATTACHMENT0;
            if (!drawable)
                gl.glGenFramebuffers(1, &fb);
            gl.glBindFramebuffer(GL_FRAMEBUFFER, fb);
            const size_t layer_bytes = (size_t)r->width * (size_t)r->height * p->pixel;
            ok = true;
            for (GLint layer = 0; ok && layer < r->depth; ++layer) {
                if (r->target == GL_RENDERBUFFER)
                    gl.glFramebufferRenderbuffer(GL_FRAMEBUFFER, point, GL_RENDERBUFFER, name);
                else if (r->target == GL_TEXTURE_2D_MULTISAMPLE_ARRAY)
                    gl.glFramebufferTextureLayer(GL_FRAMEBUFFER, point, name, 0, layer);
                else if (!drawable)
                    gl.glFramebufferTexture2D(GL_FRAMEBUFFER, point, r->target, name, 0);
                GLboolean twice = GL_FALSE;
                gl.glGetBooleanv(GL_DOUBLEBUFFER, &twice);
                if (drawable)
                    gl.glDrawBuffer(twice ? GL_BACK : GL_FRONT);
                else
                    gl.glDrawBuffer(point == GL_COLOR_ATTACHMENT0 ? GL_COLOR_ATTACHMENT0 : GL_NONE);
                gl.glGetIntegerv(GL_SAMPLES, &samples);
                ok = write_plane(gl, *p, r->sample, r->width, r->height,
                                 data + layer_bytes * (size_t)layer, !drawable);
            }
            gl.glBindFramebuffer(GL_FRAMEBUFFER, 0);
            if (fb)
                gl.glDeleteFramebuffers(1, &fb);
            // Another driver may give more samples than it was asked for; the planes that there
            // are go to the first ones.
            ok = ok && samples >= r->samples;
        }
    }
    if (!ok)
        x.stream.failed = true;
    if (!drawable && r->target == GL_RENDERBUFFER)
        x.gl.glBindRenderbuffer(GL_RENDERBUFFER, name);
    else if (!drawable)
        x.gl.glBindTexture(r->target, name);
}

} // namespace glckpt::replay
