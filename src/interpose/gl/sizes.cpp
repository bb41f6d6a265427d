#include "interpose/gl/sizes.h"
#include "base/syscall.h"
#include "gen/gl/exports.h"
#include "interpose/gl/context.h"
#include <algorithm>
#include <sys/uio.h>
#include <vector>

namespace glckpt {

size_t pixels_tight(GLenum format, GLenum type) {
    const int t = type_bytes(type);
    return t < 0 ? (size_t)-t : (size_t)t * (size_t)format_components(format);
}

// No driver has more room for the uniforms of a program than the most that is looked at. What is
// readable is found by asking the kernel for a copy: it stops where the memory does.
size_t readable_uniform_bytes(const void* value, size_t n) {
    constexpr size_t most = 1 << 20;
    if (!value)
        return 0;
    n = std::min(n, most);
    std::vector<char> copy(n);
    const iovec to{copy.data(), n}, from{const_cast<void*>(value), n};
    const long pid = raw_syscall(SYS_getpid);
    const long r = raw_syscall(SYS_process_vm_readv, pid, &to, 1, &from, 1, 0);
    return r > 0 ? (size_t)r : r == 0 ? 0 : n;
}

size_t call_lists_bytes(GLsizei n, GLenum type) {
    switch (type) {
    case GL_2_BYTES:
        return bytes(n, 2);
    case GL_3_BYTES:
        return bytes(n, 3);
    case GL_4_BYTES:
        return bytes(n, 4);
    default:
        return bytes(n, (size_t)(type_bytes(type) > 0 ? type_bytes(type) : 0));
    }
}

size_t pname_values(GLenum pname) {
    switch (pname) {
    case GL_AMBIENT:
    case GL_DIFFUSE:
    case GL_SPECULAR:
    case GL_POSITION:
    case GL_EMISSION:
    case GL_AMBIENT_AND_DIFFUSE:
    case GL_FOG_COLOR:
    case GL_LIGHT_MODEL_AMBIENT:
    case GL_TEXTURE_ENV_COLOR:
    case GL_TEXTURE_BORDER_COLOR:
    case GL_TEXTURE_SWIZZLE_RGBA:
    case GL_TEXTURE_CROP_RECT_OES:
    case GL_OBJECT_PLANE:
    case GL_EYE_PLANE:
    case GL_PATCH_DEFAULT_OUTER_LEVEL:
    case GL_COLOR_TABLE_SCALE:
    case GL_COLOR_TABLE_BIAS:
    case GL_CONVOLUTION_BORDER_COLOR:
    case GL_CONVOLUTION_FILTER_SCALE:
    case GL_CONVOLUTION_FILTER_BIAS:
        return 4;
    case GL_SPOT_DIRECTION:
    case GL_COLOR_INDEXES:
    case GL_POINT_DISTANCE_ATTENUATION:
        return 3;
    case GL_PATCH_DEFAULT_INNER_LEVEL:
        return 2;
    default:
        return 1;
    }
}

namespace {

size_t map_components(GLenum target) {
    switch (target) {
    case GL_MAP1_INDEX:
    case GL_MAP1_TEXTURE_COORD_1:
    case GL_MAP2_INDEX:
    case GL_MAP2_TEXTURE_COORD_1:
        return 1;
    case GL_MAP1_TEXTURE_COORD_2:
    case GL_MAP2_TEXTURE_COORD_2:
        return 2;
    case GL_MAP1_VERTEX_3:
    case GL_MAP1_NORMAL:
    case GL_MAP1_TEXTURE_COORD_3:
    case GL_MAP2_VERTEX_3:
    case GL_MAP2_NORMAL:
    case GL_MAP2_TEXTURE_COORD_3:
        return 3;
    case GL_MAP1_VERTEX_4:
    case GL_MAP1_COLOR_4:
    case GL_MAP1_TEXTURE_COORD_4:
    case GL_MAP2_VERTEX_4:
    case GL_MAP2_COLOR_4:
    case GL_MAP2_TEXTURE_COORD_4:
        return 4;
    default:
        return 0;
    }
}

} // namespace

size_t map1_bytes(GLenum target, GLint stride, GLint order, size_t scalar) {
    const size_t n = map_components(target);
    if (!n || stride < (GLint)n || order < 1)
        return 0;
    return (((size_t)order - 1) * (size_t)stride + n) * scalar;
}

size_t map2_bytes(GLenum target, GLint ustride, GLint uorder, GLint vstride, GLint vorder,
                  size_t scalar) {
    const size_t n = map_components(target);
    if (!n || ustride < (GLint)n || vstride < (GLint)n || uorder < 1 || vorder < 1)
        return 0;
    return (((size_t)uorder - 1) * (size_t)ustride + ((size_t)vorder - 1) * (size_t)vstride + n) *
           scalar;
}

size_t pixel_map_bytes(GLenum map, size_t scalar) {
    if (map < GL_PIXEL_MAP_I_TO_I || map > GL_PIXEL_MAP_A_TO_A)
        return 0; // the driver raises the error
    GLint n = 0;
    glGetIntegerv(GL_PIXEL_MAP_I_TO_I_SIZE + (map - GL_PIXEL_MAP_I_TO_I), &n);
    return bytes(n, scalar);
}

namespace {

template <class Ask> // as glGetTexLevelParameteriv, of the level in question
size_t image(GLenum format, GLenum type, Ask ask) {
    GLint w = 0, h = 0, d = 0;
    ask(GL_TEXTURE_WIDTH, &w);
    ask(GL_TEXTURE_HEIGHT, &h);
    ask(GL_TEXTURE_DEPTH, &d);
    return shadow().pack.pixels3d(format, type, w, h ? h : 1, d ? d : 1);
}

template <class Ask>
size_t compressed(Ask ask) {
    GLint n = 0;
    ask(GL_TEXTURE_COMPRESSED_IMAGE_SIZE, &n);
    return bytes(n);
}

auto ask_bound(GLenum target, GLint level) {
    return [=](GLenum pname, GLint* v) { glGetTexLevelParameteriv(target, level, pname, v); };
}
auto ask_texture(GLuint texture, GLenum target, GLint level) {
    return [=](GLenum pname, GLint* v) {
        glGetTextureLevelParameterivEXT(texture, target, level, pname, v);
    };
}
auto ask_unit(GLenum unit, GLenum target, GLint level) {
    return [=](GLenum pname, GLint* v) {
        glGetMultiTexLevelParameterivEXT(unit, target, level, pname, v);
    };
}

} // namespace

size_t teximage(GLenum target, GLint level, GLenum format, GLenum type) {
    return image(format, type, ask_bound(target, level));
}
size_t texture_image(GLuint texture, GLenum target, GLint level, GLenum format, GLenum type) {
    return image(format, type, ask_texture(texture, target, level));
}
size_t unit_image(GLenum unit, GLenum target, GLint level, GLenum format, GLenum type) {
    return image(format, type, ask_unit(unit, target, level));
}
size_t compressed_size(GLenum target, GLint level) { return compressed(ask_bound(target, level)); }
size_t texture_compressed(GLuint texture, GLenum target, GLint level) {
    return compressed(ask_texture(texture, target, level));
}
size_t unit_compressed(GLenum unit, GLenum target, GLint level) {
    return compressed(ask_unit(unit, target, level));
}

} // namespace glckpt
