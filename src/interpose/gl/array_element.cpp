// glArrayElement from the app's memory.
//
// Elsewhere client arrays are sent with the draw and the renderer points the driver at them, but
// this command belongs between glBegin and glEnd, where no pointer may be set. It is defined by the
// commands that give one vertex (OpenGL 4.6 compatibility, section 10.3.9: an element of each
// enabled array, the position last), and so it is made of them. Arrays in buffer objects are the
// driver's to fetch; where a program mixes the two in one vertex array (nobody was seen to), the
// command is sent as a draw is.
#include "gen/gl/exports.h"
#include "interpose/gl/arrays.h"
#include "interpose/gl/context.h"
#include "interpose/gl/sizes.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

namespace glckpt {
namespace {

float half(uint16_t h) {
    const int exponent = h >> 10 & 31, mantissa = h & 1023;
    const float sign = h & 0x8000 ? -1.0f : 1.0f;
    if (exponent == 31)
        return mantissa ? NAN : sign * INFINITY;
    return sign * (exponent ? std::ldexp((float)(mantissa + 1024), exponent - 25)
                            : std::ldexp((float)mantissa, -24));
}

template <class T>
T load(const char* p, int i) {
    T v;
    memcpy(&v, p + (size_t)i * sizeof v, sizeof v);
    return v;
}

// Normalized signed integers as the commands convert them (section 2.3.5, the older rule, which is
// what Mesa's immediate mode has).
template <class T>
float number(const char* p, int i, bool normalized) {
    const T v = load<T>(p, i);
    if (!normalized)
        return (float)v;
    constexpr double range = (double)std::numeric_limits<std::make_unsigned_t<T>>::max();
    return std::is_signed_v<T> ? (float)((2.0 * v + 1) / range) : (float)(v / range);
}

float packed(uint32_t word, int i, bool is_signed, bool normalized) {
    const int bits = i == 3 ? 2 : 10, shift = i * 10;
    const uint32_t u = word >> shift & ((1u << bits) - 1);
    const float range = (float)((1u << bits) - 1);
    if (!is_signed)
        return normalized ? (float)u / range : (float)u;
    const int s = (int)(u << (32 - bits)) >> (32 - bits);
    return normalized ? (2 * (float)s + 1) / range : (float)s;
}

float component(const ArrayState& a, const char* p, int i, bool normalized) {
    switch (a.type) {
    case GL_BYTE:
        return number<int8_t>(p, i, normalized);
    case GL_UNSIGNED_BYTE:
        return number<uint8_t>(p, i, normalized);
    case GL_SHORT:
        return number<int16_t>(p, i, normalized);
    case GL_UNSIGNED_SHORT:
        return number<uint16_t>(p, i, normalized);
    case GL_INT:
        return number<int32_t>(p, i, normalized);
    case GL_UNSIGNED_INT:
        return number<uint32_t>(p, i, normalized);
    case GL_FLOAT:
        return load<float>(p, i);
    case GL_DOUBLE:
        return (float)load<double>(p, i);
    case GL_HALF_FLOAT:
        return half(load<uint16_t>(p, i));
    case GL_FIXED:
        return (float)load<int32_t>(p, i) / 65536.0f;
    case GL_INT_2_10_10_10_REV:
    case GL_UNSIGNED_INT_2_10_10_10_REV:
        return packed(load<uint32_t>(p, 0), i, a.type == GL_INT_2_10_10_10_REV, normalized);
    default:
        return 0;
    }
}

void integers(GLuint attrib, const ArrayState& a, const char* p, int n) {
    GLint v[4] = {0, 0, 0, 1};
    for (int i = 0; i < n; ++i)
        v[i] = a.type == GL_BYTE             ? load<int8_t>(p, i)
               : a.type == GL_UNSIGNED_BYTE  ? load<uint8_t>(p, i)
               : a.type == GL_SHORT          ? load<int16_t>(p, i)
               : a.type == GL_UNSIGNED_SHORT ? load<uint16_t>(p, i)
                                             : load<int32_t>(p, i);
    if (a.type == GL_UNSIGNED_INT)
        glVertexAttribI4uiv(attrib, reinterpret_cast<const GLuint*>(v));
    else
        glVertexAttribI4iv(attrib, v);
}

void doubles(GLuint attrib, const char* p, int n) {
    GLdouble v[4];
    memcpy(v, p, (size_t)n * sizeof v[0]);
    static constexpr void (*call[])(GLuint, const GLdouble*) = {
        glVertexAttribL1dv, glVertexAttribL2dv, glVertexAttribL3dv, glVertexAttribL4dv};
    call[n - 1](attrib, v);
}

void give(int array, const ArrayState& a, GLint element) {
    const int n = a.size == GL_BGRA ? 4 : std::clamp(a.size, 1, 4);
    const int scalar = type_bytes(a.type);
    const size_t stride = a.stride     ? (size_t)a.stride
                          : scalar < 0 ? (size_t)-scalar
                                       : (size_t)scalar * (size_t)n;
    const char* p = static_cast<const char*>(a.pointer) + (ptrdiff_t)element * (ptrdiff_t)stride;
    const auto attrib = (GLuint)(array - kAttribArray);
    if (array >= kAttribArray && (a.flags & log::kArrayInteger))
        return integers(attrib, a, p, n);
    if (array >= kAttribArray && (a.flags & log::kArrayDouble))
        return doubles(attrib, p, n);
    if (array == kEdgeFlagArray)
        return glEdgeFlag(load<GLboolean>(p, 0));
    const bool color = array == kColorArray || array == kSecondaryColorArray;
    const bool normalized = color || array == kNormalArray ||
                            (array >= kAttribArray && (a.flags & log::kArrayNormalized));
    GLfloat v[4];
    for (int i = 0; i < n; ++i)
        v[i] = component(a, p, i, normalized);
    if (a.size == GL_BGRA)
        std::swap(v[0], v[2]);
    using Call = void (*)(const GLfloat*);
    static constexpr Call vertex[] = {nullptr, glVertex2fv, glVertex3fv, glVertex4fv};
    using AtUnit = void (*)(GLenum, const GLfloat*);
    static constexpr AtUnit texture[] = {glMultiTexCoord1fv, glMultiTexCoord2fv, glMultiTexCoord3fv,
                                         glMultiTexCoord4fv};
    using AtIndex = void (*)(GLuint, const GLfloat*);
    static constexpr AtIndex generic[] = {glVertexAttrib1fv, glVertexAttrib2fv, glVertexAttrib3fv,
                                          glVertexAttrib4fv};
    switch (array) {
    case kVertexArray:
        return n > 1 ? vertex[n - 1](v) : void();
    case kNormalArray:
        return glNormal3fv(v);
    case kColorArray:
        return n == 3 ? glColor3fv(v) : glColor4fv(v);
    case kSecondaryColorArray:
        return glSecondaryColor3fv(v);
    case kFogCoordArray:
        return glFogCoordfv(v);
    case kIndexArray:
        return glIndexfv(v);
    default:
        break;
    }
    if (array >= kAttribArray)
        generic[n - 1](attrib, v);
    else if (array >= kTexCoordArray && array < kTexCoordArray + 8)
        texture[n - 1](GL_TEXTURE0 + (GLenum)(array - kTexCoordArray), v);
}

} // namespace

bool give_element(GLint element) {
    const Shadow& s = shadow();
    const VaoShadow& v = *s.vao;
    if (!v.to_send() || v.to_send() != v.enabled)
        return false;
    if (s.restarts_on && (GLuint)element == s.restart_index) {
        glPrimitiveRestartNV();
        return true;
    }
    constexpr uint64_t attrib0 = 1ull << kAttribArray, position = 1ull << kVertexArray;
    const uint64_t last = v.enabled & attrib0 ? attrib0 : v.enabled & position;
    uint64_t others = v.enabled & ~(attrib0 | position);
    for (; others; others &= others - 1)
        give(__builtin_ctzll(others), v.arrays[__builtin_ctzll(others)], element);
    if (last)
        give(__builtin_ctzll(last), v.arrays[__builtin_ctzll(last)], element);
    return true;
}

} // namespace glckpt
