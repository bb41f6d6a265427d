// Everything that can be drawn to, in every format: renderbuffers and textures whose contents only
// the GPU has, sized formats and those that leave the size to the driver. A driver may choose
// differently for a renderbuffer and for a texture of one unsized format, so nothing may count on
// copying from one to the other.
#include "frame.h"

namespace {

enum class Kind { Color, Int, Uint, Depth, Stencil, DepthStencil };

struct Format {
    GLenum internal;
    Kind kind;
    GLenum format, type; // to make a texture of it; 0: a renderbuffer only
};

const Format kFormats[] = {
    {GL_DEPTH_COMPONENT, Kind::Depth, GL_DEPTH_COMPONENT, GL_UNSIGNED_INT},
    {GL_DEPTH_COMPONENT, Kind::Depth, GL_DEPTH_COMPONENT, GL_UNSIGNED_SHORT},
    {GL_DEPTH_COMPONENT, Kind::Depth, GL_DEPTH_COMPONENT, GL_FLOAT},
    {GL_DEPTH_COMPONENT16, Kind::Depth, GL_DEPTH_COMPONENT, GL_UNSIGNED_SHORT},
    {GL_DEPTH_COMPONENT24, Kind::Depth, GL_DEPTH_COMPONENT, GL_UNSIGNED_INT},
    {GL_DEPTH_COMPONENT32, Kind::Depth, GL_DEPTH_COMPONENT, GL_UNSIGNED_INT},
    {GL_DEPTH_COMPONENT32F, Kind::Depth, GL_DEPTH_COMPONENT, GL_FLOAT},
    {GL_DEPTH_STENCIL, Kind::DepthStencil, GL_DEPTH_STENCIL, GL_UNSIGNED_INT_24_8},
    {GL_DEPTH24_STENCIL8, Kind::DepthStencil, GL_DEPTH_STENCIL, GL_UNSIGNED_INT_24_8},
    {GL_DEPTH32F_STENCIL8, Kind::DepthStencil, GL_DEPTH_STENCIL, GL_FLOAT_32_UNSIGNED_INT_24_8_REV},
    {GL_STENCIL_INDEX, Kind::Stencil, 0, 0},
    {GL_STENCIL_INDEX1, Kind::Stencil, 0, 0},
    {GL_STENCIL_INDEX4, Kind::Stencil, 0, 0},
    {GL_STENCIL_INDEX8, Kind::Stencil, GL_STENCIL_INDEX, GL_UNSIGNED_BYTE},
    {GL_STENCIL_INDEX16, Kind::Stencil, 0, 0},
    {GL_RGB, Kind::Color, GL_RGB, GL_UNSIGNED_BYTE},
    {GL_RGBA, Kind::Color, GL_RGBA, GL_UNSIGNED_BYTE},
    {GL_RGBA, Kind::Color, GL_BGRA, GL_UNSIGNED_INT_8_8_8_8_REV},
    {GL_RGB, Kind::Color, GL_RGB, GL_UNSIGNED_SHORT_5_6_5},
    {GL_RGBA, Kind::Color, GL_RGBA, GL_UNSIGNED_SHORT_5_5_5_1},
    {GL_RGBA, Kind::Color, GL_RGBA, GL_FLOAT},
    {GL_R3_G3_B2, Kind::Color, GL_RGB, GL_UNSIGNED_BYTE},
    {GL_RGB4, Kind::Color, GL_RGB, GL_UNSIGNED_BYTE},
    {GL_RGB5, Kind::Color, GL_RGB, GL_UNSIGNED_BYTE},
    {GL_RGB565, Kind::Color, GL_RGB, GL_UNSIGNED_BYTE},
    {GL_RGB8, Kind::Color, GL_RGB, GL_UNSIGNED_BYTE},
    {GL_RGB10, Kind::Color, GL_RGB, GL_UNSIGNED_SHORT},
    {GL_RGB12, Kind::Color, GL_RGB, GL_UNSIGNED_SHORT},
    {GL_RGB16, Kind::Color, GL_RGB, GL_UNSIGNED_SHORT},
    {GL_RGBA2, Kind::Color, GL_RGBA, GL_UNSIGNED_BYTE},
    {GL_RGBA4, Kind::Color, GL_RGBA, GL_UNSIGNED_BYTE},
    {GL_RGB5_A1, Kind::Color, GL_RGBA, GL_UNSIGNED_BYTE},
    {GL_RGBA8, Kind::Color, GL_RGBA, GL_UNSIGNED_BYTE},
    {GL_RGB10_A2, Kind::Color, GL_RGBA, GL_UNSIGNED_INT_2_10_10_10_REV},
    {GL_RGBA12, Kind::Color, GL_RGBA, GL_UNSIGNED_SHORT},
    {GL_RGBA16, Kind::Color, GL_RGBA, GL_UNSIGNED_SHORT},
    {GL_SRGB8, Kind::Color, GL_RGB, GL_UNSIGNED_BYTE},
    {GL_SRGB8_ALPHA8, Kind::Color, GL_RGBA, GL_UNSIGNED_BYTE},
    {GL_R8, Kind::Color, GL_RED, GL_UNSIGNED_BYTE},
    {GL_R16, Kind::Color, GL_RED, GL_UNSIGNED_SHORT},
    {GL_RG8, Kind::Color, GL_RG, GL_UNSIGNED_BYTE},
    {GL_RG16, Kind::Color, GL_RG, GL_UNSIGNED_SHORT},
    {GL_R8_SNORM, Kind::Color, GL_RED, GL_BYTE},
    {GL_RG8_SNORM, Kind::Color, GL_RG, GL_BYTE},
    {GL_RGBA8_SNORM, Kind::Color, GL_RGBA, GL_BYTE},
    {GL_R16_SNORM, Kind::Color, GL_RED, GL_SHORT},
    {GL_RG16_SNORM, Kind::Color, GL_RG, GL_SHORT},
    {GL_RGBA16_SNORM, Kind::Color, GL_RGBA, GL_SHORT},
    {GL_R16F, Kind::Color, GL_RED, GL_HALF_FLOAT},
    {GL_RG16F, Kind::Color, GL_RG, GL_HALF_FLOAT},
    {GL_RGB16F, Kind::Color, GL_RGB, GL_HALF_FLOAT},
    {GL_RGBA16F, Kind::Color, GL_RGBA, GL_HALF_FLOAT},
    {GL_R32F, Kind::Color, GL_RED, GL_FLOAT},
    {GL_RG32F, Kind::Color, GL_RG, GL_FLOAT},
    {GL_RGB32F, Kind::Color, GL_RGB, GL_FLOAT},
    {GL_RGBA32F, Kind::Color, GL_RGBA, GL_FLOAT},
    {GL_R11F_G11F_B10F, Kind::Color, GL_RGB, GL_FLOAT},
    {GL_RGB9_E5, Kind::Color, GL_RGB, GL_FLOAT},
    {GL_ALPHA, Kind::Color, GL_ALPHA, GL_UNSIGNED_BYTE},
    {GL_ALPHA8, Kind::Color, GL_ALPHA, GL_UNSIGNED_BYTE},
    {GL_ALPHA16, Kind::Color, GL_ALPHA, GL_UNSIGNED_SHORT},
    {GL_LUMINANCE, Kind::Color, GL_LUMINANCE, GL_UNSIGNED_BYTE},
    {GL_LUMINANCE8, Kind::Color, GL_LUMINANCE, GL_UNSIGNED_BYTE},
    {GL_LUMINANCE8_ALPHA8, Kind::Color, GL_LUMINANCE_ALPHA, GL_UNSIGNED_BYTE},
    {GL_LUMINANCE16_ALPHA16, Kind::Color, GL_LUMINANCE_ALPHA, GL_UNSIGNED_SHORT},
    {GL_INTENSITY8, Kind::Color, GL_LUMINANCE, GL_UNSIGNED_BYTE},
    {GL_INTENSITY16, Kind::Color, GL_LUMINANCE, GL_UNSIGNED_SHORT},
    {GL_ALPHA8_SNORM, Kind::Color, GL_ALPHA, GL_BYTE},
    {GL_LUMINANCE8_SNORM, Kind::Color, GL_LUMINANCE, GL_BYTE},
    {GL_LUMINANCE16_ALPHA16_SNORM, Kind::Color, GL_LUMINANCE_ALPHA, GL_SHORT},
    {GL_INTENSITY16_SNORM, Kind::Color, GL_LUMINANCE, GL_SHORT},
    {GL_ALPHA16F_ARB, Kind::Color, GL_ALPHA, GL_FLOAT},
    {GL_LUMINANCE16F_ARB, Kind::Color, GL_LUMINANCE, GL_FLOAT},
    {GL_LUMINANCE_ALPHA32F_ARB, Kind::Color, GL_LUMINANCE_ALPHA, GL_FLOAT},
    {GL_INTENSITY32F_ARB, Kind::Color, GL_LUMINANCE, GL_FLOAT},
    {GL_ALPHA16I_EXT, Kind::Int, GL_ALPHA_INTEGER, GL_SHORT},
    {GL_LUMINANCE8UI_EXT, Kind::Uint, GL_LUMINANCE_INTEGER_EXT, GL_UNSIGNED_BYTE},
    {GL_LUMINANCE_ALPHA32I_EXT, Kind::Int, GL_LUMINANCE_ALPHA_INTEGER_EXT, GL_INT},
    {GL_INTENSITY32UI_EXT, Kind::Uint, GL_LUMINANCE_INTEGER_EXT, GL_UNSIGNED_INT},
    {GL_R8I, Kind::Int, GL_RED_INTEGER, GL_BYTE},
    {GL_R8UI, Kind::Uint, GL_RED_INTEGER, GL_UNSIGNED_BYTE},
    {GL_R16I, Kind::Int, GL_RED_INTEGER, GL_SHORT},
    {GL_R16UI, Kind::Uint, GL_RED_INTEGER, GL_UNSIGNED_SHORT},
    {GL_R32I, Kind::Int, GL_RED_INTEGER, GL_INT},
    {GL_R32UI, Kind::Uint, GL_RED_INTEGER, GL_UNSIGNED_INT},
    {GL_RG8I, Kind::Int, GL_RG_INTEGER, GL_BYTE},
    {GL_RG16UI, Kind::Uint, GL_RG_INTEGER, GL_UNSIGNED_SHORT},
    {GL_RG32I, Kind::Int, GL_RG_INTEGER, GL_INT},
    {GL_RGB8I, Kind::Int, GL_RGB_INTEGER, GL_BYTE},
    {GL_RGB16UI, Kind::Uint, GL_RGB_INTEGER, GL_UNSIGNED_SHORT},
    {GL_RGBA8I, Kind::Int, GL_RGBA_INTEGER, GL_BYTE},
    {GL_RGBA8UI, Kind::Uint, GL_RGBA_INTEGER, GL_UNSIGNED_BYTE},
    {GL_RGBA16I, Kind::Int, GL_RGBA_INTEGER, GL_SHORT},
    {GL_RGBA32I, Kind::Int, GL_RGBA_INTEGER, GL_INT},
    {GL_RGBA32UI, Kind::Uint, GL_RGBA_INTEGER, GL_UNSIGNED_INT},
    {GL_RGB10_A2UI, Kind::Uint, GL_RGBA_INTEGER, GL_UNSIGNED_INT_2_10_10_10_REV},
};

struct Target {
    const Format* format;
    GLuint framebuffer;
};

constexpr GLsizei kSize = 8;

GLenum attachment(Kind kind) {
    return kind == Kind::Depth          ? GL_DEPTH_ATTACHMENT
           : kind == Kind::Stencil      ? GL_STENCIL_ATTACHMENT
           : kind == Kind::DepthStencil ? GL_DEPTH_STENCIL_ATTACHMENT
                                        : GL_COLOR_ATTACHMENT0;
}

// Where the driver draws to such a thing.
void add_target(std::vector<Target>& all, const Format& f, bool texture) {
    Target t{&f, 0};
    GLuint name = 0;
    glGenFramebuffers(1, &t.framebuffer);
    glBindFramebuffer(GL_FRAMEBUFFER, t.framebuffer);
    if (texture) {
        glGenTextures(1, &name);
        glBindTexture(GL_TEXTURE_2D, name);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, 0);
        glTexImage2D(GL_TEXTURE_2D, 0, (GLint)f.internal, kSize, kSize, 0, f.format, f.type,
                     nullptr);
        glFramebufferTexture2D(GL_FRAMEBUFFER, attachment(f.kind), GL_TEXTURE_2D, name, 0);
    } else {
        glGenRenderbuffers(1, &name);
        glBindRenderbuffer(GL_RENDERBUFFER, name);
        glRenderbufferStorage(GL_RENDERBUFFER, f.internal, kSize, kSize);
        glFramebufferRenderbuffer(GL_FRAMEBUFFER, attachment(f.kind), GL_RENDERBUFFER, name);
    }
    if (attachment(f.kind) != GL_COLOR_ATTACHMENT0) {
        glDrawBuffer(GL_NONE);
        glReadBuffer(GL_NONE);
    }
    const bool drawable = glGetError() == GL_NO_ERROR &&
                          glCheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE;
    if (drawable)
        all.push_back(t);
    else
        glDeleteFramebuffers(1, &t.framebuffer);
    while (glGetError() != GL_NO_ERROR) {
    }
}

// A part of it, which what is there shines through around.
void draw(const Target& t, int i) {
    glBindFramebuffer(GL_FRAMEBUFFER, t.framebuffer);
    glScissor(i * 3 % kSize, i * 5 % kSize, 3, 2 + i % 4);
    const auto part = [&](int n) { return (float)((i * 37 + n * 101) % 997) / 498.5f - 0.9f; };
    const auto number = [&](int n) { return i * 7919 * (n + 1) + n; };
    const GLfloat color[4] = {part(0), part(1), part(2), part(3)};
    const GLfloat depth = (float)(i * 37 % 997) / 997.0f;
    const GLint ints[4] = {number(0), -number(1), number(2), -number(3)};
    const GLuint uints[4] = {(GLuint)number(0), (GLuint)number(1), (GLuint)number(2),
                             (GLuint)number(3)};
    switch (t.format->kind) {
    case Kind::Color:
        glClearBufferfv(GL_COLOR, 0, color);
        break;
    case Kind::Int:
        glClearBufferiv(GL_COLOR, 0, ints);
        break;
    case Kind::Uint:
        glClearBufferuiv(GL_COLOR, 0, uints);
        break;
    case Kind::Depth: // Mesa uploads depth beyond 0 and 1 as 0 and 1 even to floats
        glClearBufferfv(GL_DEPTH, 0, &depth);
        break;
    case Kind::Stencil:
        glClearBufferiv(GL_STENCIL, 0, ints);
        break;
    case Kind::DepthStencil:
        glClearBufferfi(GL_DEPTH_STENCIL, 0, depth, number(0));
        break;
    }
}

void add_contents(Frames& f, const Target& t) {
    glBindFramebuffer(GL_FRAMEBUFFER, t.framebuffer);
    uint32_t pixels[kSize * kSize * 4] = {};
    switch (t.format->kind) {
    case Kind::Color:
        glReadPixels(0, 0, kSize, kSize, GL_RGBA, GL_FLOAT, pixels);
        break;
    case Kind::Int:
        glReadPixels(0, 0, kSize, kSize, GL_RGBA_INTEGER, GL_INT, pixels);
        break;
    case Kind::Uint:
        glReadPixels(0, 0, kSize, kSize, GL_RGBA_INTEGER, GL_UNSIGNED_INT, pixels);
        break;
    case Kind::Depth:
        glReadPixels(0, 0, kSize, kSize, GL_DEPTH_COMPONENT, GL_UNSIGNED_INT, pixels);
        break;
    case Kind::Stencil:
        glReadPixels(0, 0, kSize, kSize, GL_STENCIL_INDEX, GL_INT, pixels);
        break;
    case Kind::DepthStencil:
        glReadPixels(0, 0, kSize, kSize, GL_DEPTH_COMPONENT, GL_FLOAT, pixels);
        glReadPixels(0, 0, kSize, kSize, GL_STENCIL_INDEX, GL_INT, pixels + kSize * kSize);
        break;
    }
    if (f.trace)
        printf("format %#x\n", t.format->internal);
    f.add(pixels, sizeof pixels);
}

} // namespace

int main(int argc, char** argv) {
    Frames f(32, 32, nullptr);
    std::vector<Target> targets;
    for (const Format& each : kFormats) {
        add_target(targets, each, false);
        if (each.format)
            add_target(targets, each, true);
    }
    for (const Target& t : targets) { // what is undefined is nobody's to compare
        glDisable(GL_SCISSOR_TEST);
        draw(t, 0);
    }
    glEnable(GL_SCISSOR_TEST);
    for (int i = 0, n = frames_wanted(argc, argv); i < n; ++i) {
        for (const Target& t : targets)
            draw(t, i + 1);
        f.moment();
        for (size_t at = (size_t)i % 3; at < targets.size(); at += 3)
            add_contents(f, targets[at]);
        glBindFramebuffer(GL_FRAMEBUFFER, 0);
        glScissor(i % 30, i % 23, 2, 9);
        glClearColor(0.3f, 0.01f * (float)(i % 100), 0.5f, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        f.done();
    }
    return 0;
}
