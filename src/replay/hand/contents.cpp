// Contents that were read back, into a new driver: only in the log that attaches it.
#include "gen/gl/records.h"
#include "log/readback.h"
#include "replay/accum.h"
#include "replay/formats.h"
#include "replay/helper.h"
#include "replay/samples.h"
#include "replay/stream.h"
#include "replay/ws/ws.h"
#include <algorithm>
#include <bit>

namespace glckpt::replay {

void tight_unpack(Driver& gl) {
    gl.glPixelStorei(GL_UNPACK_SWAP_BYTES, 0);
    gl.glPixelStorei(GL_UNPACK_LSB_FIRST, 0);
    gl.glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
    gl.glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
    gl.glPixelStorei(GL_UNPACK_SKIP_ROWS, 0);
    gl.glPixelStorei(GL_UNPACK_SKIP_PIXELS, 0);
    gl.glPixelStorei(GL_UNPACK_IMAGE_HEIGHT, 0);
    gl.glPixelStorei(GL_UNPACK_SKIP_IMAGES, 0);
}

namespace {

using R = rec::xTextureContents;

void define(Driver& gl, const R& r, GLenum target, const void* p, GLsizei bytes) {
    const GLenum f = (GLenum)r.internal_format;
    if (r.format == 0) {
        switch (r.target) {
        case GL_TEXTURE_1D:
            return gl.glCompressedTexImage1D(target, r.level, f, r.width, r.border, bytes, p);
        case GL_TEXTURE_3D:
        case GL_TEXTURE_2D_ARRAY:
        case GL_TEXTURE_CUBE_MAP_ARRAY:
            return gl.glCompressedTexImage3D(target, r.level, f, r.width, r.height, r.depth,
                                             r.border, bytes, p);
        default:
            return gl.glCompressedTexImage2D(target, r.level, f, r.width, r.height, r.border, bytes,
                                             p);
        }
    }
    switch (r.target) {
    case GL_TEXTURE_1D:
        return gl.glTexImage1D(target, r.level, (GLint)f, r.width, r.border, r.format, r.type, p);
    case GL_TEXTURE_3D:
    case GL_TEXTURE_2D_ARRAY:
    case GL_TEXTURE_CUBE_MAP_ARRAY:
        return gl.glTexImage3D(target, r.level, (GLint)f, r.width, r.height, r.depth, r.border,
                               r.format, r.type, p);
    default:
        return gl.glTexImage2D(target, r.level, (GLint)f, r.width, r.height, r.border, r.format,
                               r.type, p);
    }
}

void update(Driver& gl, const R& r, GLenum target, const void* p, GLsizei bytes) {
    const GLenum f = (GLenum)r.internal_format;
    if (r.format == 0) {
        switch (r.target) {
        case GL_TEXTURE_1D:
            return gl.glCompressedTexSubImage1D(target, r.level, 0, r.width, f, bytes, p);
        case GL_TEXTURE_3D:
        case GL_TEXTURE_2D_ARRAY:
        case GL_TEXTURE_CUBE_MAP_ARRAY:
            return gl.glCompressedTexSubImage3D(target, r.level, 0, 0, 0, r.width, r.height,
                                                r.depth, f, bytes, p);
        default:
            return gl.glCompressedTexSubImage2D(target, r.level, 0, 0, r.width, r.height, f, bytes,
                                                p);
        }
    }
    const GLint b = -r.border;
    switch (r.target) {
    case GL_TEXTURE_1D:
        return gl.glTexSubImage1D(target, r.level, b, r.width, r.format, r.type, p);
    case GL_TEXTURE_3D:
    case GL_TEXTURE_2D_ARRAY:
    case GL_TEXTURE_CUBE_MAP_ARRAY:
        return gl.glTexSubImage3D(target, r.level, b, b, b, r.width, r.height, r.depth, r.format,
                                  r.type, p);
    default:
        return gl.glTexSubImage2D(target, r.level, b, b, r.width, r.height, r.format, r.type, p);
    }
}

// Depth of 32 bits that a texture keeps in 24 goes through floats and is cut off: one value in 256
// comes back as the one below (seen with Mesa 22.3). What did is sent once more, by so much higher.
// `receive` reads as the contents were read: glGetTexImage and glReadPixels round differently.
template <class Send, class Receive>
void send_depth(const void* p, size_t n, const Send& send, const Receive& receive) {
    const auto* want = static_cast<const uint32_t*>(p);
    std::vector<uint32_t> got(n), sent(want, want + n);
    constexpr int kAttempts = 4;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        send(sent.data());
        receive(got.data());
        if (memcmp(got.data(), want, n * sizeof *want) == 0)
            return;
        for (size_t i = 0; i < n; ++i)
            sent[i] =
                (uint32_t)std::clamp<int64_t>((int64_t)sent[i] + want[i] - got[i], 0, UINT32_MAX);
    }
}

bool is_depth(GLenum format, GLenum type) {
    return format == GL_DEPTH_COMPONENT && type == GL_UNSIGNED_INT;
}

} // namespace

// Through the helper context: an ES context may not take what a desktop one gave (sizes of types
// and formats), and the app's unpack state stays out of it.
void decode_xTextureContents(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const R*>(record);
    const void* p = x.in(record, r->data);
    const GLuint texture = x.real(NameClass::texture, r->texture);
    const bool own = r->texture == 0; // texture 0 is not shared
    auto upload = [&] {
        Driver& gl = x.gl;
        tight_unpack(gl);
        const GLenum target = r->target == GL_TEXTURE_CUBE_MAP
                                  ? GL_TEXTURE_CUBE_MAP_POSITIVE_X + (GLenum)r->face
                                  : r->target;
        if (!own)
            gl.glBindTexture(r->target, texture);
        const auto send = [&](const void* pixels) {
            (r->define ? define : update)(gl, *r, target, pixels, (GLsizei)r->data.bytes);
        };
        if (is_depth(r->format, r->type) && !own)
            send_depth(p, r->data.bytes / 4, send, [&](void* got) {
                gl.glGetTexImage(target, r->level, r->format, r->type, got);
            });
        else
            send(p);
        if (gl.glGetError() != GL_NO_ERROR)
            x.stream.failed = true;
        gl.glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
        if (!own)
            gl.glBindTexture(r->target, 0);
    };
    if (own)
        return upload();
    {
        const Helper helper(x, 0);
        if (helper)
            upload();
        else
            x.stream.failed = true;
    }
    x.gl.glBindTexture(r->target, texture);
}

void draw_pixels(Driver& gl, GLsizei w, GLsizei h, GLenum format, GLenum type, const void* p) {
    gl.glDisable(GL_DITHER);
    gl.glDisable(GL_MULTISAMPLE);
    if (gl.glClampColor)
        gl.glClampColor(GL_CLAMP_FRAGMENT_COLOR, GL_FALSE);
    // Depth is written only where the depth test passes.
    const bool depth = format == GL_DEPTH_COMPONENT || format == GL_DEPTH_STENCIL;
    if (depth) {
        // Depth fragments carry the raster position's color along (compatibility, section 18.1.4).
        gl.glColorMask(GL_FALSE, GL_FALSE, GL_FALSE, GL_FALSE);
        gl.glEnable(GL_DEPTH_TEST);
        gl.glDepthFunc(GL_ALWAYS);
        gl.glDepthMask(GL_TRUE);
    }
    gl.glViewport(0, 0, w, h);
    gl.glWindowPos2i(0, 0);
    gl.glDrawPixels(w, h, format, type, p);
    if (depth) {
        gl.glDisable(GL_DEPTH_TEST);
        gl.glColorMask(GL_TRUE, GL_TRUE, GL_TRUE, GL_TRUE);
    }
}

namespace {

void zero_image(Driver& gl, GLenum target, GLint face, GLint level) {
    const GLenum image =
        target == GL_TEXTURE_CUBE_MAP ? GL_TEXTURE_CUBE_MAP_POSITIVE_X + (GLenum)face : target;
    const PixelLayout l = exact_layout(texture_bits(gl, image, level));
    auto get = [&](GLenum pname) {
        GLint v = 0;
        gl.glGetTexLevelParameteriv(image, level, pname, &v);
        return v;
    };
    R r{};
    r.target = target;
    r.face = face;
    r.level = level;
    r.format = l.format;
    r.type = l.type;
    r.width = get(GL_TEXTURE_WIDTH);
    r.height = std::max(get(GL_TEXTURE_HEIGHT), 1);
    r.depth = std::max(get(GL_TEXTURE_DEPTH), 1);
    r.border = get(GL_TEXTURE_BORDER);
    if (r.width == 0 || get(GL_TEXTURE_COMPRESSED))
        return; // nothing draws to a compressed one
    const std::vector<char> zeroes((size_t)r.width * (size_t)r.height * (size_t)r.depth * l.bytes);
    update(gl, r, image, zeroes.data(), (GLsizei)zeroes.size());
}

void zero_renderbuffer(Driver& gl, GLuint renderbuffer) {
    GLuint fb = 0;
    gl.glGenFramebuffers(1, &fb);
    gl.glBindFramebuffer(GL_FRAMEBUFFER, fb);
    gl.glBindRenderbuffer(GL_RENDERBUFFER, renderbuffer);
    const RenderbufferLayout l = renderbuffer_layout(gl);
    gl.glFramebufferRenderbuffer(GL_FRAMEBUFFER, l.attachment, GL_RENDERBUFFER, renderbuffer);
    const GLint zero[4] = {};
    if (l.attachment != GL_COLOR_ATTACHMENT0) {
        gl.glDrawBuffer(GL_NONE);
        gl.glClearDepth(0);
        gl.glClearStencil(0);
        gl.glClear(GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT);
        gl.glClearDepth(1);
    } else if (l.bits.kind == GL_INT) {
        gl.glClearBufferiv(GL_COLOR, 0, zero);
    } else if (l.bits.kind == GL_UNSIGNED_INT) {
        gl.glClearBufferuiv(GL_COLOR, 0, (const GLuint*)zero);
    } else {
        gl.glClearColor(0, 0, 0, 0);
        gl.glClear(GL_COLOR_BUFFER_BIT);
    }
    gl.glBindFramebuffer(GL_FRAMEBUFFER, 0);
    gl.glDeleteFramebuffers(1, &fb);
}

} // namespace

// What cannot be cleared stays undefined: that is no worse than the death that brought it here.
void decode_xZeroContents(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xZeroContents*>(record);
    const bool texture = r->target != GL_RENDERBUFFER;
    const GLuint name = x.real(texture ? NameClass::texture : NameClass::renderbuffer, r->name);
    if (const Helper helper(x, 0); helper) {
        Driver& gl = x.gl;
        tight_unpack(gl);
        if (!texture) {
            zero_renderbuffer(gl, name);
        } else if (!multisample_target(r->target)) {
            gl.glBindTexture(r->target, name);
            const int faces = r->level < 0 && r->target == GL_TEXTURE_CUBE_MAP ? 6 : 1;
            const int levels = r->level >= 0 ? 1 : r->target == GL_TEXTURE_RECTANGLE ? 1 : 16;
            for (int face = 0; face < faces; ++face)
                for (int level = 0; level < levels; ++level)
                    zero_image(gl, r->target, r->face + face, std::max(r->level, 0) + level);
            gl.glBindTexture(r->target, 0);
        }
        gl.glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
        while (gl.glGetError() != GL_NO_ERROR) {
        }
    }
    if (texture)
        x.gl.glBindTexture(r->target, name);
    else
        x.gl.glBindRenderbuffer(GL_RENDERBUFFER, name);
}

static bool is_integer(GLenum format) {
    switch (format) {
    case GL_RED_INTEGER:
    case GL_RG_INTEGER:
    case GL_RGB_INTEGER:
    case GL_RGBA_INTEGER:
    case GL_ALPHA_INTEGER:
    case GL_LUMINANCE_INTEGER_EXT:
    case GL_LUMINANCE_ALPHA_INTEGER_EXT:
        return true;
    default:
        return false;
    }
}

struct Pixels {
    GLsizei width, height;
    GLenum format, type;
    const void* data;
};

// Drawn depth goes through a fragment's float, and a window's cannot be copied to (nothing has its
// format, and it may be upside down). So: what came out other than it should is drawn once more, by
// so much higher or lower. Depth alone is drawn as floats: sampled from 32 bits, llvmpipe's has 23.
static void correct_depth(Driver& gl, const Pixels& r) {
    const bool packed = r.type == GL_UNSIGNED_INT_24_8;
    if (!packed && (r.format != GL_DEPTH_COMPONENT || r.type != GL_UNSIGNED_INT))
        return;
    const size_t n = (size_t)r.width * (size_t)r.height;
    const auto* want = static_cast<const uint32_t*>(r.data);
    const int shift = packed ? 8 : 0;
    const double most = packed ? 0xffffff : 0xffffffff;
    std::vector<uint32_t> got(n), bits(n);
    std::vector<double> depth(n);
    for (size_t i = 0; i < n; ++i)
        depth[i] = want[i] >> shift;
    constexpr int kAttempts = 4;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        gl.glReadPixels(0, 0, r.width, r.height, r.format, r.type, got.data());
        if (gl.glGetError() != GL_NO_ERROR || memcmp(got.data(), want, n * 4) == 0)
            return;
        for (size_t i = 0; i < n; ++i) {
            if (attempt || packed) // the first floats are nearer than what they correct
                depth[i] += (double)(want[i] >> shift) - (double)(got[i] >> shift);
            depth[i] = std::clamp(depth[i], 0., most);
            bits[i] = packed ? (uint32_t)depth[i] << 8 | (want[i] & 0xff)
                             : std::bit_cast<uint32_t>((float)(depth[i] / most));
        }
        draw_pixels(gl, r.width, r.height, r.format, packed ? r.type : (GLenum)GL_FLOAT,
                    bits.data());
    }
}

// Formats in which a texture may have the very layout of a renderbuffer: the one it was made with,
// and where that leaves the size to the driver (which may choose otherwise for a texture) those of
// as many bits.
static std::vector<GLenum> like(const RenderbufferLayout& l) {
    std::vector<GLenum> formats = {(GLenum)l.internal_format};
    if (l.attachment == GL_DEPTH_STENCIL_ATTACHMENT)
        formats.insert(formats.end(), {GL_DEPTH24_STENCIL8, GL_DEPTH32F_STENCIL8});
    else if (l.attachment == GL_DEPTH_ATTACHMENT && l.bits.depth <= 16)
        formats.push_back(GL_DEPTH_COMPONENT16);
    else if (l.attachment == GL_DEPTH_ATTACHMENT && l.bits.depth <= 24)
        formats.insert(formats.end(), {GL_DEPTH_COMPONENT24, GL_DEPTH24_STENCIL8});
    else if (l.attachment == GL_DEPTH_ATTACHMENT)
        formats.insert(formats.end(), {GL_DEPTH_COMPONENT32, GL_DEPTH_COMPONENT32F});
    return formats;
}

// Pixels of integers cannot be drawn (OpenGL 4.6 compatibility, section 18.1.1), and drawn depth
// goes through a fragment's float: of 24 bits the last one may differ (seen with llvmpipe). Both
// are blitted from a texture of the same format, which copies. The framebuffer that takes them is
// bound. False: no format will do (section 18.3.2: formats of depth must match).
static bool blit_pixels(Driver& gl, GLuint to, const rec::xRenderbufferContents& r,
                        const RenderbufferLayout& l, const void* p) {
    const GLbitfield mask = l.attachment == GL_COLOR_ATTACHMENT0 ? GL_COLOR_BUFFER_BIT
                            : l.attachment == GL_DEPTH_ATTACHMENT
                                ? GL_DEPTH_BUFFER_BIT
                                : GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT;
    GLuint texture = 0, from = 0;
    gl.glGenTextures(1, &texture);
    gl.glBindTexture(GL_TEXTURE_2D, texture);
    gl.glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    gl.glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    gl.glGenFramebuffers(1, &from);
    gl.glBindFramebuffer(GL_READ_FRAMEBUFFER, from);
    if (l.attachment != GL_COLOR_ATTACHMENT0)
        gl.glReadBuffer(GL_NONE);
    bool done = false;
    for (const GLenum format : like(l)) {
        const auto send = [&](const void* pixels) {
            gl.glTexImage2D(GL_TEXTURE_2D, 0, (GLint)format, r.width, r.height, 0, r.format, r.type,
                            pixels);
            gl.glFramebufferTexture2D(GL_READ_FRAMEBUFFER, l.attachment, GL_TEXTURE_2D, texture, 0);
        };
        if (is_depth(r.format, r.type))
            send_depth(p, (size_t)r.width * (size_t)r.height, send, [&](void* got) {
                gl.glReadPixels(0, 0, r.width, r.height, r.format, r.type, got);
            });
        else
            send(p);
        gl.glBindFramebuffer(GL_DRAW_FRAMEBUFFER, to);
        gl.glBlitFramebuffer(0, 0, r.width, r.height, 0, 0, r.width, r.height, mask, GL_NEAREST);
        done = gl.glGetError() == GL_NO_ERROR;
        if (done)
            break;
        while (gl.glGetError() != GL_NO_ERROR) {
        }
    }
    gl.glDeleteFramebuffers(1, &from);
    gl.glDeleteTextures(1, &texture);
    return done;
}

void decode_xRenderbufferContents(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xRenderbufferContents*>(record);
    const void* p = x.in(record, r->data);
    const GLuint renderbuffer = x.real(NameClass::renderbuffer, r->renderbuffer);
    {
        const Helper helper(x, 0);
        if (!helper) {
            x.stream.failed = true;
            return;
        }
        Driver& gl = x.gl;
        tight_unpack(gl);
        GLuint fb = 0;
        gl.glGenFramebuffers(1, &fb);
        gl.glBindFramebuffer(GL_FRAMEBUFFER, fb);
        gl.glBindRenderbuffer(GL_RENDERBUFFER, renderbuffer);
        const RenderbufferLayout l = renderbuffer_layout(gl);
        gl.glFramebufferRenderbuffer(GL_FRAMEBUFFER, l.attachment, GL_RENDERBUFFER, renderbuffer);
        const bool color = l.attachment == GL_COLOR_ATTACHMENT0;
        gl.glDrawBuffer(color ? GL_COLOR_ATTACHMENT0 : GL_NONE);
        gl.glReadBuffer(color ? GL_COLOR_ATTACHMENT0 : GL_NONE);
        const bool depth =
            l.attachment != GL_COLOR_ATTACHMENT0 && l.attachment != GL_STENCIL_ATTACHMENT;
        const bool blitted = (depth || is_integer(r->format)) && blit_pixels(gl, fb, *r, l, p);
        if (!blitted) {
            gl.glBindFramebuffer(GL_FRAMEBUFFER, fb);
            draw_pixels(gl, r->width, r->height, r->format, r->type, p);
        }
        if (gl.glGetError() != GL_NO_ERROR)
            x.stream.failed = true;
        else if (depth && !blitted)
            correct_depth(gl, {r->width, r->height, r->format, r->type, p});
        gl.glBindFramebuffer(GL_FRAMEBUFFER, 0);
        gl.glDeleteFramebuffers(1, &fb);
    }
    x.gl.glBindRenderbuffer(GL_RENDERBUFFER, renderbuffer);
}

void draw_to_drawable(Exec& x, uint64_t drawable, GLsizei w, GLsizei h, GLenum format, GLenum type,
                      const void* pixels) {
    const Helper helper(x, drawable);
    if (!helper)
        return;
    tight_unpack(x.gl);
    GLboolean twice = GL_FALSE;
    x.gl.glGetBooleanv(GL_DOUBLEBUFFER, &twice);
    x.gl.glDrawBuffer(twice ? GL_BACK : GL_FRONT);
    draw_pixels(x.gl, w, h, format, type, pixels);
    if (!twice)
        x.gl.glFlush(); // to the screen
}

// The front buffer of a double-buffered drawable is what a swap makes it: drawn to the back first.
void decode_xDrawableContents(Exec& x, const char* record) {
    auto* r = reinterpret_cast<const rec::xDrawableContents*>(record);
    const void* p = x.in(record, r->data);
    if ((log::DrawableBuffer)r->what == log::DrawableBuffer::Accum) {
        const auto write = [&](const unsigned char* color) {
            draw_to_drawable(x, r->drawable, r->width, r->height, GL_RGBA, GL_UNSIGNED_BYTE, color);
        };
        if (x.draw != r->drawable || !write_accum(x.gl, static_cast<const short*>(p),
                                                  (size_t)r->width * (size_t)r->height, write))
            x.stream.failed = true;
        return;
    }
    const Helper helper(x, r->drawable);
    if (!helper) {
        x.stream.failed = true;
        return;
    }
    Driver& gl = x.gl;
    tight_unpack(gl);
    gl.glBindFramebuffer(GL_FRAMEBUFFER, 0);
    GLboolean twice = GL_FALSE;
    gl.glGetBooleanv(GL_DOUBLEBUFFER, &twice);
    const auto which = (log::DrawableBuffer)r->what;
    const bool back = twice && which != log::DrawableBuffer::FrontItself;
    gl.glDrawBuffer(back ? GL_BACK : GL_FRONT);
    draw_pixels(gl, r->width, r->height, r->format, r->type, p);
    if (gl.glGetError() != GL_NO_ERROR)
        x.stream.failed = true;
    else
        correct_depth(gl, {r->width, r->height, r->format, r->type, p});
    gl.glFinish();
    if (which == log::DrawableBuffer::Front && twice)
        ws_swap(x.stream.id, r->drawable);
    ws_settle(r->drawable);
}

} // namespace glckpt::replay
