#include "state.h"
#include <algorithm>

namespace glckpt::cut {
namespace {

constexpr GLenum kStore[] = {GL_PACK_SWAP_BYTES,   GL_PACK_LSB_FIRST,   GL_PACK_ROW_LENGTH,
                             GL_PACK_SKIP_ROWS,    GL_PACK_SKIP_PIXELS, GL_PACK_ALIGNMENT,
                             GL_PACK_IMAGE_HEIGHT, GL_PACK_SKIP_IMAGES};
constexpr GLenum kTransfer[] = {GL_MAP_COLOR,   GL_MAP_STENCIL, GL_INDEX_SHIFT, GL_INDEX_OFFSET,
                                GL_RED_SCALE,   GL_RED_BIAS,    GL_GREEN_SCALE, GL_GREEN_BIAS,
                                GL_BLUE_SCALE,  GL_BLUE_BIAS,   GL_ALPHA_SCALE, GL_ALPHA_BIAS,
                                GL_DEPTH_SCALE, GL_DEPTH_BIAS};
constexpr struct {
    GLenum target, binding;
} kTargets[] = {{GL_TEXTURE_2D, GL_TEXTURE_BINDING_2D},
                {GL_TEXTURE_1D, GL_TEXTURE_BINDING_1D},
                {GL_TEXTURE_3D, GL_TEXTURE_BINDING_3D},
                {GL_TEXTURE_CUBE_MAP, GL_TEXTURE_BINDING_CUBE_MAP},
                {GL_TEXTURE_RECTANGLE, GL_TEXTURE_BINDING_RECTANGLE},
                {GL_TEXTURE_1D_ARRAY, GL_TEXTURE_BINDING_1D_ARRAY},
                {GL_TEXTURE_2D_ARRAY, GL_TEXTURE_BINDING_2D_ARRAY},
                {GL_TEXTURE_CUBE_MAP_ARRAY, GL_TEXTURE_BINDING_CUBE_MAP_ARRAY},
                {GL_TEXTURE_BUFFER, GL_TEXTURE_BINDING_BUFFER},
                {GL_TEXTURE_2D_MULTISAMPLE, GL_TEXTURE_BINDING_2D_MULTISAMPLE},
                {GL_TEXTURE_2D_MULTISAMPLE_ARRAY, GL_TEXTURE_BINDING_2D_MULTISAMPLE_ARRAY}};

} // namespace

Undisturbed::Undisturbed(State& s) : s_(s) {
    Functions& gl = s.gl;
    if (gl.glBindFramebuffer) {
        draw_ = s.integer(GL_FRAMEBUFFER_BINDING);
        read_ = s.version >= 30 ? s.integer(GL_READ_FRAMEBUFFER_BINDING) : draw_;
        renderbuffer_ = s.integer(GL_RENDERBUFFER_BINDING);
    }
    for (const GLenum p : kStore) {
        GLint v = 0;
        gl.glGetIntegerv(p, &v);
        if (!s.ok())
            continue;
        store_.emplace_back(p, v);
        gl.glPixelStorei(p, p == GL_PACK_ALIGNMENT ? 1 : 0);
    }
    gl.glGetIntegerv(GL_PIXEL_PACK_BUFFER_BINDING, &pack_buffer_);
    if (s.ok() && gl.glBindBuffer)
        gl.glBindBuffer(GL_PIXEL_PACK_BUFFER, 0);
    if (s.compat)
        for (const GLenum p : kTransfer) {
            GLfloat v = 0;
            gl.glGetFloatv(p, &v);
            transfer_.emplace_back(p, v);
            const std::string_view scale = "scale";
            const bool is_scale = p == GL_RED_SCALE || p == GL_GREEN_SCALE || p == GL_BLUE_SCALE ||
                                  p == GL_ALPHA_SCALE || p == GL_DEPTH_SCALE;
            gl.glPixelTransferf(p, is_scale && !scale.empty() ? 1 : 0);
        }
    if (!s.es && s.version >= 30) {
        clamp_ = s.integer(GL_CLAMP_READ_COLOR);
        gl.glClampColor(GL_CLAMP_READ_COLOR, GL_FALSE);
    }
    s.ok();
}

Undisturbed::~Undisturbed() {
    Functions& gl = s_.gl;
    for (const auto& [p, v] : store_)
        gl.glPixelStorei(p, v);
    if (gl.glBindBuffer && pack_buffer_)
        gl.glBindBuffer(GL_PIXEL_PACK_BUFFER, (GLuint)pack_buffer_);
    for (const auto& [p, v] : transfer_)
        gl.glPixelTransferf(p, v);
    if (!s_.es && s_.version >= 30)
        gl.glClampColor(GL_CLAMP_READ_COLOR, (GLenum)clamp_);
    if (gl.glBindFramebuffer) {
        gl.glBindFramebuffer(GL_FRAMEBUFFER, (GLuint)draw_);
        if (read_ != draw_)
            gl.glBindFramebuffer(GL_READ_FRAMEBUFFER, (GLuint)read_);
        gl.glBindRenderbuffer(GL_RENDERBUFFER, (GLuint)renderbuffer_);
    }
    s_.ok();
}

void State::read_color(const std::string& of, int w, int h, bool whole, bool bytes) {
    const GLenum type = bytes ? GL_UNSIGNED_BYTE : whole ? GL_INT : GL_FLOAT;
    std::vector<char> v((size_t)w * (size_t)h * (bytes ? 4 : 16));
    ok();
    gl.glReadPixels(0, 0, w, h, whole ? GL_RGBA_INTEGER : GL_RGBA, type, v.data());
    if (!ok() && whole) {
        gl.glReadPixels(0, 0, w, h, GL_RGBA_INTEGER, GL_UNSIGNED_INT, v.data());
        ok();
    }
    line("%scolor %dx%d %016lx", of.c_str(), w, h, hash(v.data(), v.size()));
}

void State::read_depth(const std::string& of, int w, int h, bool depth, bool stencil) {
    std::vector<float> v((size_t)w * (size_t)h);
    ok();
    if (depth) {
        gl.glReadPixels(0, 0, w, h, GL_DEPTH_COMPONENT, GL_FLOAT, v.data());
        if (ok())
            line("%sdepth %016lx", of.c_str(), hash(v.data(), v.size() * 4));
    }
    if (stencil) {
        gl.glReadPixels(0, 0, w, h, GL_STENCIL_INDEX, GL_UNSIGNED_BYTE, v.data());
        if (ok())
            line("%sstencil %016lx", of.c_str(), hash(v.data(), v.size()));
    }
}

// Of what is attached to `point` of `fbo`, which is bound.
void State::attached(const std::string& of, GLuint, GLenum point, int w, int h) {
    const GLenum status = gl.glCheckFramebufferStatus(GL_FRAMEBUFFER);
    if (status != GL_FRAMEBUFFER_COMPLETE) {
        line("%sunreadable %#x", of.c_str(), status);
        return;
    }
    if (point == GL_COLOR_ATTACHMENT0) {
        GLint type = GL_UNSIGNED_NORMALIZED, red = 8;
        if (version >= 30) {
            gl.glGetFramebufferAttachmentParameteriv(
                GL_FRAMEBUFFER, point, GL_FRAMEBUFFER_ATTACHMENT_COMPONENT_TYPE, &type);
            gl.glGetFramebufferAttachmentParameteriv(GL_FRAMEBUFFER, point,
                                                     GL_FRAMEBUFFER_ATTACHMENT_RED_SIZE, &red);
        }
        const bool whole = type == GL_INT || type == GL_UNSIGNED_INT;
        read_color(of, w, h, whole, !whole && type == GL_UNSIGNED_NORMALIZED && red <= 8);
    } else {
        read_depth(of, w, h, point != GL_STENCIL_ATTACHMENT, point != GL_DEPTH_ATTACHMENT);
    }
}

// ES has no glGetTexImage: through a framebuffer, where that is allowed.
void State::pixels(const std::string& of, GLenum image, int level, int w, int h, int d) {
    auto get = [&](GLenum pname) {
        GLint v = 0;
        gl.glGetTexLevelParameteriv(image, level, pname, &v);
        ok();
        return v;
    };
    if (es) {
        GLuint fbo = 0;
        if (d > 1 || image == GL_TEXTURE_3D || image == GL_TEXTURE_2D_ARRAY)
            return;
        GLint name = 0;
        gl.glGetIntegerv(
            image == GL_TEXTURE_2D ? GL_TEXTURE_BINDING_2D : GL_TEXTURE_BINDING_CUBE_MAP, &name);
        gl.glGenFramebuffers(1, &fbo);
        gl.glBindFramebuffer(GL_FRAMEBUFFER, fbo);
        gl.glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, image, (GLuint)name, level);
        if (ok())
            attached(of, fbo, GL_COLOR_ATTACHMENT0, w, h);
        gl.glBindFramebuffer(GL_FRAMEBUFFER, 0);
        gl.glDeleteFramebuffers(1, &fbo);
        ok();
        return;
    }
    if (get(GL_TEXTURE_COMPRESSED)) {
        std::vector<char> v((size_t)get(GL_TEXTURE_COMPRESSED_IMAGE_SIZE) * (size_t)(1));
        gl.glGetCompressedTexImage(image, level, v.data());
        if (ok())
            line("%scompressed %016lx", of.c_str(), hash(v.data(), v.size()));
        return;
    }
    const size_t texels = (size_t)w * (size_t)std::max(h, 1) * (size_t)std::max(d, 1);
    std::vector<char> v;
    auto take = [&](const char* what, GLenum format, GLenum type, size_t bytes) {
        v.assign(texels * bytes, 0);
        gl.glGetTexImage(image, level, format, type, v.data());
        if (ok())
            line("%s%s %016lx", of.c_str(), what, hash(v.data(), v.size()));
    };
    if (get(GL_TEXTURE_DEPTH_SIZE)) {
        take("depth", GL_DEPTH_COMPONENT, GL_FLOAT, 4);
        if (get(GL_TEXTURE_STENCIL_SIZE))
            take("stencil", GL_STENCIL_INDEX, GL_UNSIGNED_BYTE, 1);
        return;
    }
    if (get(GL_TEXTURE_STENCIL_SIZE)) {
        take("stencil", GL_STENCIL_INDEX, GL_UNSIGNED_BYTE, 1);
        return;
    }
    GLint type = 0, bits = 0;
    for (const GLenum p : {GL_TEXTURE_RED_TYPE, GL_TEXTURE_ALPHA_TYPE, GL_TEXTURE_LUMINANCE_TYPE,
                           GL_TEXTURE_INTENSITY_TYPE})
        if (!type)
            type = get(p);
    for (const GLenum p :
         {GL_TEXTURE_RED_SIZE, GL_TEXTURE_GREEN_SIZE, GL_TEXTURE_BLUE_SIZE, GL_TEXTURE_ALPHA_SIZE,
          GL_TEXTURE_LUMINANCE_SIZE, GL_TEXTURE_INTENSITY_SIZE})
        bits = std::max(bits, get(p));
    if (type == GL_INT)
        take("texels", GL_RGBA_INTEGER, GL_INT, 16);
    else if (type == GL_UNSIGNED_INT)
        take("texels", GL_RGBA_INTEGER, GL_UNSIGNED_INT, 16);
    else if (bits <= 8 && (type == GL_UNSIGNED_NORMALIZED || type == 0))
        take("texels", GL_RGBA, GL_UNSIGNED_BYTE, 4);
    else
        take("texels", GL_RGBA, GL_FLOAT, 16);
}

void State::level(const std::string& of, GLenum target, GLenum image, int at) {
    auto get = [&](GLenum pname) {
        GLint v = 0;
        gl.glGetTexLevelParameteriv(image, at, pname, &v);
        ok();
        return v;
    };
    const GLint w = get(GL_TEXTURE_WIDTH), h = get(GL_TEXTURE_HEIGHT), d = get(GL_TEXTURE_DEPTH);
    if (!w)
        return;
    for (const Pname& p : kGetTextureParameter) {
        if (p.value == GL_TEXTURE_BUFFER_DATA_STORE_BINDING) {
            line("%s%s %s", of.c_str(), p.name, name_of(kBuffer, (GLuint)get(p.value)).c_str());
            continue;
        }
        integers(of + p.name,
                 [&](GLint* to) { gl.glGetTexLevelParameteriv(image, at, p.value, to); });
    }
    if (target != GL_TEXTURE_BUFFER && target != GL_TEXTURE_2D_MULTISAMPLE &&
        target != GL_TEXTURE_2D_MULTISAMPLE_ARRAY && h > 0)
        pixels(of, image, at, w, h, d);
}

// The one that is bound to `target`.
void State::texture(const std::string& of, GLenum target) {
    if (target != GL_TEXTURE_BUFFER)
        for (const auto* p : {kTextureParameterName, kGetTextureParameter})
            for (size_t i = 0; i < (p == kTextureParameterName ? std::size(kTextureParameterName)
                                                               : std::size(kGetTextureParameter));
                 ++i) {
                integers(of + p[i].name,
                         [&](GLint* to) { gl.glGetTexParameteriv(target, p[i].value, to); });
                floats(of + p[i].name + ".f",
                       [&](GLfloat* to) { gl.glGetTexParameterfv(target, p[i].value, to); });
            }
    if (es && version < 31) { // no glGetTexLevelParameter: nothing tells its size
        if (target == GL_TEXTURE_2D)
            return;
        return;
    }
    const int faces = target == GL_TEXTURE_CUBE_MAP ? 6 : 1;
    const bool one = target == GL_TEXTURE_BUFFER || target == GL_TEXTURE_RECTANGLE ||
                     target == GL_TEXTURE_2D_MULTISAMPLE ||
                     target == GL_TEXTURE_2D_MULTISAMPLE_ARRAY;
    for (int face = 0; face < faces; ++face)
        for (int at = 0; at < (one ? 1 : 15); ++at) {
            std::string what = of;
            what += "face " + std::to_string(face) + " level " + std::to_string(at) + " ";
            level(what, target, faces == 6 ? GL_TEXTURE_CUBE_MAP_POSITIVE_X + (GLenum)face : target,
                  at);
        }
}

void State::textures() {
    GLuint bound[std::size(kTargets)] = {};
    for (size_t i = 0; i < std::size(kTargets); ++i)
        bound[i] = (GLuint)integer(kTargets[i].binding);
    for (size_t i = 0; i < std::size(kTargets); ++i) {
        gl.glBindTexture(kTargets[i].target, 0);
        if (ok() && kTargets[i].target != GL_TEXTURE_BUFFER)
            texture("texture 0 of " + std::to_string(kTargets[i].target) + " ", kTargets[i].target);
        gl.glBindTexture(kTargets[i].target, bound[i]);
        ok();
    }
    for (const auto& [name, real] : driver[kTexture]) {
        const std::string of = "texture " + std::to_string(name) + " ";
        if (!gl.glIsTexture(real)) {
            line("%sunbound", of.c_str());
            continue;
        }
        for (size_t i = 0; i < std::size(kTargets); ++i) {
            gl.glBindTexture(kTargets[i].target, real);
            if (!ok())
                continue;
            line("%starget %#x", of.c_str(), kTargets[i].target);
            texture(of, kTargets[i].target);
            gl.glBindTexture(kTargets[i].target, bound[i]);
            ok();
            break;
        }
    }
}

void State::renderbuffers() {
    if (!gl.glBindRenderbuffer)
        return;
    for (const auto& [name, real] : driver[kRenderbuffer]) {
        const std::string of = "renderbuffer " + std::to_string(name) + " ";
        if (!gl.glIsRenderbuffer(real)) {
            line("%sunbound", of.c_str());
            continue;
        }
        gl.glBindRenderbuffer(GL_RENDERBUFFER, real);
        for (const Pname& p : kRenderbufferParameterName)
            integers(of + p.name, [&](GLint* to) {
                gl.glGetRenderbufferParameteriv(GL_RENDERBUFFER, p.value, to);
            });
        auto get = [&](GLenum pname) {
            GLint v = 0;
            gl.glGetRenderbufferParameteriv(GL_RENDERBUFFER, pname, &v);
            ok();
            return v;
        };
        const int w = get(GL_RENDERBUFFER_WIDTH), h = get(GL_RENDERBUFFER_HEIGHT);
        const bool depth = get(GL_RENDERBUFFER_DEPTH_SIZE),
                   stencil = get(GL_RENDERBUFFER_STENCIL_SIZE);
        if (!w || !h || get(GL_RENDERBUFFER_SAMPLES))
            continue;
        const GLenum point = depth && stencil && version >= 30 ? GL_DEPTH_STENCIL_ATTACHMENT
                             : depth                           ? GL_DEPTH_ATTACHMENT
                             : stencil                         ? GL_STENCIL_ATTACHMENT
                                                               : GL_COLOR_ATTACHMENT0;
        GLuint fbo = 0;
        gl.glGenFramebuffers(1, &fbo);
        gl.glBindFramebuffer(GL_FRAMEBUFFER, fbo);
        gl.glFramebufferRenderbuffer(GL_FRAMEBUFFER, point, GL_RENDERBUFFER, real);
        if (ok() && !(es && point != GL_COLOR_ATTACHMENT0))
            attached(of, fbo, point, w, h);
        gl.glBindFramebuffer(GL_FRAMEBUFFER, 0);
        gl.glDeleteFramebuffers(1, &fbo);
        ok();
    }
}

void State::drawable() {
    if (width <= 0 || height <= 0)
        return;
    if (gl.glBindFramebuffer)
        gl.glBindFramebuffer(GL_FRAMEBUFFER, 0);
    const GLint before = es && version < 30 ? 0 : integer(GL_READ_BUFFER);
    auto of = [&](const char* name) { return std::string("drawable ") + name + " "; };
    if (es && version < 30) {
        read_color(of("color"), width, height, false, true);
    } else {
        for (const auto& [buffer, name] : {std::pair{GL_FRONT, "front"}, {GL_BACK, "back"}}) {
            gl.glReadBuffer((GLenum)buffer);
            if (ok())
                read_color(of(name), width, height, false, true);
        }
        gl.glReadBuffer((GLenum)before);
        ok();
    }
    if (!es)
        read_depth(of("both"), width, height, true, true);
}

} // namespace glckpt::cut
