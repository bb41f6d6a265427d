// What programs ask: strings, and the gets that are answered without the renderer.
#include "gen/gl/encode.h"
#include "gen/gl/exports.h"
#include "interpose/gl/answers.h"
#include "interpose/gl/arrays.h"
#include "interpose/gl/buffers.h"
#include "interpose/gl/debug.h"
#include "interpose/gl/exports.h"
#include "interpose/gl/extensions.h"
#include <algorithm>
#include <cstdio>
#include <type_traits>

namespace glckpt {
namespace {

// Of the driver's binary formats for shaders, the one that is no driver's own.
bool takes_spirv() {
    GLint n = 0;
    encode::glGetIntegerv(stream(), GL_NUM_SHADER_BINARY_FORMATS, &n);
    std::vector<GLint> formats((size_t)std::max(n, 0));
    if (n > 0)
        encode::glGetIntegerv(stream(), GL_SHADER_BINARY_FORMATS, formats.data());
    return std::find(formats.begin(), formats.end(), GL_SHADER_BINARY_FORMAT_SPIR_V) !=
           formats.end();
}

// Lists without an entry: nothing is written.
bool empty_list(GLenum pname) {
    return pname == GL_PROGRAM_BINARY_FORMATS ||
           (pname == GL_SHADER_BINARY_FORMATS && !takes_spirv());
}

// Values of the shadow; false if pname is not there.
bool shadow_integer(GLenum pname, GLint* v) {
    const Shadow& s = shadow();
    switch (pname) {
    case GL_ARRAY_BUFFER_BINDING:
        *v = (GLint)s.array_buffer;
        return true;
    case GL_ELEMENT_ARRAY_BUFFER_BINDING:
        *v = (GLint)s.element_buffer();
        return true;
    case GL_PIXEL_PACK_BUFFER_BINDING:
        *v = (GLint)s.pack_buffer;
        return true;
    case GL_PIXEL_UNPACK_BUFFER_BINDING:
        *v = (GLint)s.unpack_buffer;
        return true;
    case GL_UNPACK_ALIGNMENT:
        *v = s.unpack.alignment;
        return true;
    case GL_UNPACK_ROW_LENGTH:
        *v = s.unpack.row_length;
        return true;
    case GL_UNPACK_SKIP_ROWS:
        *v = s.unpack.skip_rows;
        return true;
    case GL_UNPACK_SKIP_PIXELS:
        *v = s.unpack.skip_pixels;
        return true;
    case GL_PACK_ALIGNMENT:
        *v = s.pack.alignment;
        return true;
    case GL_PACK_ROW_LENGTH:
        *v = s.pack.row_length;
        return true;
    case GL_PACK_SKIP_ROWS:
        *v = s.pack.skip_rows;
        return true;
    case GL_PACK_SKIP_PIXELS:
        *v = s.pack.skip_pixels;
        return true;
    case GL_NUM_PROGRAM_BINARY_FORMATS: // binaries belong to one driver: none
        *v = 0;
        return true;
    case GL_NUM_SHADER_BINARY_FORMATS:
        *v = takes_spirv() ? 1 : 0;
        return true;
    case GL_SHADER_BINARY_FORMATS:
        *v = GL_SHADER_BINARY_FORMAT_SPIR_V; // else it is empty
        return true;
    case GL_NUM_EXTENSIONS:
        *v = (GLint)extension_count();
        return true;
    default:
        return debug_integer(pname, v);
    }
}

template <class T>
void from_integer(GLint v, T* to) {
    *to = std::is_same_v<T, GLboolean> ? (T)(v ? GL_TRUE : GL_FALSE) : (T)v;
}

const void* find_answer(AnswerForm form, GLenum pname) {
    const Context& c = *t_context;
    return c.answers && !c.stream.inside_begin ? c.answers->find(form, pname, c.stream.answered)
                                               : nullptr;
}

// What the driver has just answered, without an error.
void keep_answer(AnswerForm form, GLenum pname, const void* values, size_t value_bytes) {
    Context& c = *t_context;
    if (!c.answers)
        c.answers = std::make_unique<Answers>();
    const Question what = question(pname);
    c.answers->keep(form, pname, what, values, what.values * value_bytes, &c.stream.answered);
    if (what.cls == AnswerClass::k_enable && c.stream.known_clean())
        c.answers->learn(form, pname);
}

// The driver's context is one with errors.
template <class T>
void say_no_error(GLenum pname, T* data) {
    constexpr GLint bit = 8; // GL_CONTEXT_FLAG_NO_ERROR_BIT
    if (pname == GL_CONTEXT_FLAGS && t_context->no_error)
        *data = std::is_same_v<T, GLboolean> ? (T)GL_TRUE : (T)((GLint)*data | bit);
}

template <class T>
void get(AnswerForm form, GLenum pname, T* data, void (*ask)(log::Stream&, GLenum, T*)) {
    const DebugPoint deliver;
    if (empty_list(pname))
        return;
    if (GLint v; shadow_integer(pname, &v))
        return from_integer(v, data);
    const Question what = question(pname);
    if (!what.values || !data)
        return ask(stream(), pname, data);
    if (const void* known = find_answer(form, pname)) {
        memcpy(data, known, what.values * sizeof(T));
        return say_no_error(pname, data);
    }
    ask(stream(), pname, data);
    if (!stream().real() || stream().shared().reply_error)
        return;
    keep_answer(form, pname, data, sizeof(T));
    say_no_error(pname, data);
}

const GLubyte* ask_string(GLenum name, GLint index, GLint which) {
    encode::xGetString(stream(), name, index, which);
    const log::StreamShared& sh = stream().shared();
    if (sh.reply_value == 0)
        return nullptr;
    // Frozen for the context's life: the app may keep the pointer.
    char* copy = static_cast<char*>(operator new(sh.reply_bytes + 1));
    memcpy(copy, stream().reply(), sh.reply_bytes);
    copy[sh.reply_bytes] = 0;
    return (const GLubyte*)copy;
}

} // namespace

const GLubyte* driver_string(GLenum name, bool quietly) {
    auto& known = t_context->strings;
    if (const auto it = known.find(name); it != known.end())
        return it->second;
    const GLubyte* s = ask_string(name, 0, quietly ? 2 : 0);
    if (s)
        known[name] = s;
    return s;
}

const GLubyte* driver_string_i(GLenum name, GLuint index) {
    auto& known = t_context->strings;
    const uint64_t key = (uint64_t)name | ((uint64_t)index + 1) << 32;
    if (const auto it = known.find(key); it != known.end())
        return it->second;
    const GLubyte* s = ask_string(name, (GLint)index, 1);
    if (s)
        known[key] = s;
    return s;
}

extern "C" {

GLCKPT_GL const GLubyte* glGetString(GLenum name) {
    if (!stream().real())
        return nullptr;
    if (stream().inside_begin && !ask_string(name, 0, 0))
        return nullptr; // an error there, which only the driver can tell (lists may have ended it)
    return name == GL_EXTENSIONS ? extension_string() : driver_string(name);
}
GLCKPT_GL const GLubyte* glGetStringi(GLenum name, GLuint index) {
    if (!stream().real())
        return nullptr;
    return name == GL_EXTENSIONS ? extension_name(index) : driver_string_i(name, index);
}

GLCKPT_GL void glGetIntegerv(GLenum pname, GLint* data) {
    get(AnswerForm::Integer, pname, data, encode::glGetIntegerv);
}
GLCKPT_GL void glGetFloatv(GLenum pname, GLfloat* data) {
    get(AnswerForm::Float, pname, data, encode::glGetFloatv);
}
GLCKPT_GL void glGetDoublev(GLenum pname, GLdouble* data) {
    get(AnswerForm::Double, pname, data, encode::glGetDoublev);
}
GLCKPT_GL void glGetBooleanv(GLenum pname, GLboolean* data) {
    get(AnswerForm::Boolean, pname, data, encode::glGetBooleanv);
}
GLCKPT_GL void glGetInteger64v(GLenum pname, GLint64* data) {
    get(AnswerForm::Integer64, pname, data, encode::glGetInteger64v);
}
GLCKPT_GL GLboolean glIsEnabled(GLenum cap) {
    if (const void* known = find_answer(AnswerForm::Enabled, cap))
        return *static_cast<const GLboolean*>(known);
    const GLboolean on = encode::glIsEnabled(stream(), cap);
    if (question(cap).cls == AnswerClass::k_enable)
        if (stream().real() && !stream().shared().reply_error)
            keep_answer(AnswerForm::Enabled, cap, &on, sizeof on);
    return on;
}
GLCKPT_GL GLenum glGetError(void) {
    log::Stream& s = stream();
    if (!s.real())
        return GL_NO_ERROR;
    const DebugPoint deliver;
    if (s.known_clean() && !s.inside_begin)
        return GL_NO_ERROR;
    const GLenum error = encode::xGetError(s);
    if (error != GL_NO_ERROR && t_context->answers)
        t_context->answers->told_error();
    // KHR_no_error, issue 3: all but this one are undefined, and Mesa never tells them.
    return t_context->no_error && error != GL_OUT_OF_MEMORY ? (GLenum)GL_NO_ERROR : error;
}

GLCKPT_GL void glGetPointerv(GLenum pname, void** params) {
    if (stream().inside_begin)
        encode::glIsEnabled(stream(), GL_BLEND); // raises the same error, if it is one
    const Shadow& s = shadow();
    auto array = [&](int i) { *params = const_cast<void*>(s.vao->arrays[i].pointer); };
    switch (pname) {
    case GL_VERTEX_ARRAY_POINTER:
        return array(kVertexArray);
    case GL_NORMAL_ARRAY_POINTER:
        return array(kNormalArray);
    case GL_COLOR_ARRAY_POINTER:
        return array(kColorArray);
    case GL_INDEX_ARRAY_POINTER:
        return array(kIndexArray);
    case GL_EDGE_FLAG_ARRAY_POINTER:
        return array(kEdgeFlagArray);
    case GL_FOG_COORD_ARRAY_POINTER:
        return array(kFogCoordArray);
    case GL_SECONDARY_COLOR_ARRAY_POINTER:
        return array(kSecondaryColorArray);
    case GL_POINT_SIZE_ARRAY_POINTER_OES:
        return array(kPointSizeArray);
    case GL_TEXTURE_COORD_ARRAY_POINTER:
        return array(kTexCoordArray + (int)(s.client_active_texture & 7));
    case GL_FEEDBACK_BUFFER_POINTER:
        *params = s.feedback;
        return;
    case GL_SELECTION_BUFFER_POINTER:
        *params = s.select;
        return;
    case GL_DEBUG_CALLBACK_FUNCTION:
        *params = (void*)s.debug_callback;
        return;
    case GL_DEBUG_CALLBACK_USER_PARAM:
        *params = const_cast<void*>(s.debug_user);
        return;
    default:
        encode::glIsEnabled(stream(), GL_INVALID_INDEX); // raises GL_INVALID_ENUM
    }
}
GLCKPT_GL void glGetVertexAttribPointerv(GLuint index, GLenum pname, void** pointer) {
    if (pname != GL_VERTEX_ATTRIB_ARRAY_POINTER) {
        encode::xError(stream(), GL_INVALID_ENUM);
        return;
    }
    constexpr GLuint every_driver = 16; // the least that GL allows for GL_MAX_VERTEX_ATTRIBS
    if (index >= every_driver) {
        GLint most = 0;
        encode::glGetIntegerv(stream(), GL_MAX_VERTEX_ATTRIBS, &most);
        if (index >= (GLuint)most || index >= kArrays - kAttribArray) {
            encode::xError(stream(), GL_INVALID_VALUE);
            return;
        }
    }
    *pointer = const_cast<void*>(shadow().vao->arrays[kAttribArray + index].pointer);
}

} // extern "C"
} // namespace glckpt
