#include "replay/formats.h"
#include <algorithm>

namespace glckpt::replay {
namespace {

PixelLayout depth_layout(const ComponentBits& b) {
    const bool real = b.kind == GL_FLOAT;
    if (b.depth && b.stencil)
        return real ? PixelLayout{GL_DEPTH_STENCIL, GL_FLOAT_32_UNSIGNED_INT_24_8_REV, 8}
                    : PixelLayout{GL_DEPTH_STENCIL, GL_UNSIGNED_INT_24_8, 4};
    if (b.depth)
        return {GL_DEPTH_COMPONENT, real ? (GLenum)GL_FLOAT : (GLenum)GL_UNSIGNED_INT, 4};
    return {GL_STENCIL_INDEX, GL_UNSIGNED_BYTE, 1};
}

} // namespace

PixelLayout exact_layout(const ComponentBits& b) {
    if (b.depth || b.stencil)
        return depth_layout(b);
    if (b.internal_format == GL_RGB9_E5)
        return {GL_RGB, GL_UNSIGNED_INT_5_9_9_9_REV, 4};
    GLenum format, integer;
    size_t components;
    if (b.luminance && b.alpha)
        format = GL_LUMINANCE_ALPHA, integer = GL_LUMINANCE_ALPHA_INTEGER_EXT, components = 2;
    else if (b.luminance)
        format = GL_LUMINANCE, integer = GL_LUMINANCE_INTEGER_EXT, components = 1;
    else if (b.intensity)
        format = GL_RED, integer = GL_RED_INTEGER, components = 1;
    else if (!b.red && b.alpha)
        format = GL_ALPHA, integer = GL_ALPHA_INTEGER, components = 1;
    else if (b.alpha)
        format = GL_RGBA, integer = GL_RGBA_INTEGER, components = 4;
    else if (b.blue)
        format = GL_RGB, integer = GL_RGB_INTEGER, components = 3;
    else if (b.green)
        format = GL_RG, integer = GL_RG_INTEGER, components = 2;
    else
        format = GL_RED, integer = GL_RED_INTEGER, components = 1;
    const int most = std::max({b.red, b.green, b.blue, b.alpha, b.luminance, b.intensity});
    switch (b.kind) {
    case GL_FLOAT:
        return {format, GL_FLOAT, components * 4};
    case GL_INT:
        return {integer, GL_INT, components * 4};
    case GL_UNSIGNED_INT:
        return {integer, GL_UNSIGNED_INT, components * 4};
    case GL_SIGNED_NORMALIZED:
        return most > 8 ? PixelLayout{format, GL_SHORT, components * 2}
                        : PixelLayout{format, GL_BYTE, components};
    default:
        return most > 16  ? PixelLayout{format, GL_UNSIGNED_INT, components * 4}
               : most > 8 ? PixelLayout{format, GL_UNSIGNED_SHORT, components * 2}
                          : PixelLayout{format, GL_UNSIGNED_BYTE, components};
    }
}

ComponentBits texture_bits(Driver& gl, GLenum image_target, GLint level) {
    auto get = [&](GLenum pname) {
        GLint v = 0;
        gl.glGetTexLevelParameteriv(image_target, level, pname, &v);
        return v;
    };
    ComponentBits bits;
    bits.red = get(GL_TEXTURE_RED_SIZE);
    bits.green = get(GL_TEXTURE_GREEN_SIZE);
    bits.blue = get(GL_TEXTURE_BLUE_SIZE);
    bits.alpha = get(GL_TEXTURE_ALPHA_SIZE);
    bits.luminance = get(GL_TEXTURE_LUMINANCE_SIZE);
    bits.intensity = get(GL_TEXTURE_INTENSITY_SIZE);
    bits.depth = get(GL_TEXTURE_DEPTH_SIZE);
    bits.stencil = get(GL_TEXTURE_STENCIL_SIZE);
    bits.kind = get(bits.red         ? GL_TEXTURE_RED_TYPE
                    : bits.depth     ? GL_TEXTURE_DEPTH_TYPE
                    : bits.alpha     ? GL_TEXTURE_ALPHA_TYPE
                    : bits.luminance ? GL_TEXTURE_LUMINANCE_TYPE
                                     : GL_TEXTURE_INTENSITY_TYPE);
    bits.internal_format = get(GL_TEXTURE_INTERNAL_FORMAT);
    return bits;
}

RenderbufferLayout renderbuffer_layout(Driver& gl) {
    auto get = [&](GLenum pname) {
        GLint v = 0;
        gl.glGetRenderbufferParameteriv(GL_RENDERBUFFER, pname, &v);
        return v;
    };
    RenderbufferLayout l;
    l.width = get(GL_RENDERBUFFER_WIDTH);
    l.height = get(GL_RENDERBUFFER_HEIGHT);
    l.samples = get(GL_RENDERBUFFER_SAMPLES);
    l.internal_format = get(GL_RENDERBUFFER_INTERNAL_FORMAT);
    ComponentBits b;
    b.red = get(GL_RENDERBUFFER_RED_SIZE);
    b.green = get(GL_RENDERBUFFER_GREEN_SIZE);
    b.blue = get(GL_RENDERBUFFER_BLUE_SIZE);
    b.alpha = get(GL_RENDERBUFFER_ALPHA_SIZE);
    b.depth = get(GL_RENDERBUFFER_DEPTH_SIZE);
    b.stencil = get(GL_RENDERBUFFER_STENCIL_SIZE);
    b.internal_format = l.internal_format;
    l.attachment = b.depth && b.stencil ? GL_DEPTH_STENCIL_ATTACHMENT
                   : b.depth            ? GL_DEPTH_ATTACHMENT
                   : b.stencil          ? GL_STENCIL_ATTACHMENT
                                        : GL_COLOR_ATTACHMENT0;
    // Nor luminance and intensity: such a one is read and drawn as what its framebuffer makes of
    // it.
    if (l.attachment == GL_COLOR_ATTACHMENT0 && !b.red)
        b.red = b.green = b.blue = b.alpha = 16;
    // A renderbuffer does not tell its components' type; its format does.
    switch (l.internal_format) {
    case GL_R16F:
    case GL_RG16F:
    case GL_RGB16F:
    case GL_RGBA16F:
    case GL_R32F:
    case GL_RG32F:
    case GL_RGB32F:
    case GL_RGBA32F:
    case GL_R11F_G11F_B10F:
    case GL_ALPHA16F_ARB:
    case GL_ALPHA32F_ARB:
    case GL_LUMINANCE16F_ARB:
    case GL_LUMINANCE32F_ARB:
    case GL_LUMINANCE_ALPHA16F_ARB:
    case GL_LUMINANCE_ALPHA32F_ARB:
    case GL_INTENSITY16F_ARB:
    case GL_INTENSITY32F_ARB:
    case GL_DEPTH_COMPONENT32F:
    case GL_DEPTH32F_STENCIL8:
        b.kind = GL_FLOAT;
        break;
    case GL_R8_SNORM:
    case GL_R16_SNORM:
    case GL_RG8_SNORM:
    case GL_RG16_SNORM:
    case GL_RGB8_SNORM:
    case GL_RGB16_SNORM:
    case GL_RGBA8_SNORM:
    case GL_RGBA16_SNORM:
    case GL_ALPHA8_SNORM:
    case GL_ALPHA16_SNORM:
    case GL_LUMINANCE8_SNORM:
    case GL_LUMINANCE16_SNORM:
    case GL_LUMINANCE8_ALPHA8_SNORM:
    case GL_LUMINANCE16_ALPHA16_SNORM:
    case GL_INTENSITY8_SNORM:
    case GL_INTENSITY16_SNORM:
        b.kind = GL_SIGNED_NORMALIZED;
        break;
    case GL_R8I:
    case GL_R16I:
    case GL_R32I:
    case GL_RG8I:
    case GL_RG16I:
    case GL_RG32I:
    case GL_RGB8I:
    case GL_RGB16I:
    case GL_RGB32I:
    case GL_RGBA8I:
    case GL_RGBA16I:
    case GL_RGBA32I:
    case GL_ALPHA8I_EXT:
    case GL_LUMINANCE8I_EXT:
    case GL_LUMINANCE_ALPHA8I_EXT:
    case GL_INTENSITY8I_EXT:
    case GL_ALPHA16I_EXT:
    case GL_LUMINANCE16I_EXT:
    case GL_LUMINANCE_ALPHA16I_EXT:
    case GL_INTENSITY16I_EXT:
    case GL_ALPHA32I_EXT:
    case GL_LUMINANCE32I_EXT:
    case GL_LUMINANCE_ALPHA32I_EXT:
    case GL_INTENSITY32I_EXT:
        b.kind = GL_INT;
        break;
    case GL_R8UI:
    case GL_R16UI:
    case GL_R32UI:
    case GL_RG8UI:
    case GL_RG16UI:
    case GL_RG32UI:
    case GL_RGB8UI:
    case GL_RGB16UI:
    case GL_RGB32UI:
    case GL_RGBA8UI:
    case GL_RGBA16UI:
    case GL_RGBA32UI:
    case GL_RGB10_A2UI:
    case GL_ALPHA8UI_EXT:
    case GL_LUMINANCE8UI_EXT:
    case GL_LUMINANCE_ALPHA8UI_EXT:
    case GL_INTENSITY8UI_EXT:
    case GL_ALPHA16UI_EXT:
    case GL_LUMINANCE16UI_EXT:
    case GL_LUMINANCE_ALPHA16UI_EXT:
    case GL_INTENSITY16UI_EXT:
    case GL_ALPHA32UI_EXT:
    case GL_LUMINANCE32UI_EXT:
    case GL_LUMINANCE_ALPHA32UI_EXT:
    case GL_INTENSITY32UI_EXT:
        b.kind = GL_UNSIGNED_INT;
        break;
    default:
        b.kind = GL_UNSIGNED_NORMALIZED;
    }
    l.bits = b;
    l.pixel = exact_layout(b);
    return l;
}

} // namespace glckpt::replay
