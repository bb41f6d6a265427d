#include "state.h"
#include <algorithm>

namespace glckpt::cut {

void State::programs() {
    if (!gl.glIsProgram)
        return;
    for (const auto& [name, real] : driver[kProgram]) {
        if (gl.glIsShader(real))
            shader("shader " + std::to_string(name) + " ", real);
        else if (gl.glIsProgram(real))
            program("program " + std::to_string(name) + " ", real);
        ok();
    }
}

void State::shader(const std::string& of, GLuint name) {
    for (const Pname& p : kShaderParameterName)
        integers(of + p.name, [&](GLint* to) { gl.glGetShaderiv(name, p.value, to); });
    GLint n = 0;
    gl.glGetShaderiv(name, GL_SHADER_SOURCE_LENGTH, &n);
    std::string text((size_t)std::max(n, 0) + 1, 0);
    gl.glGetShaderSource(name, (GLsizei)text.size(), nullptr, text.data());
    line("%ssource %016lx", of.c_str(), hash(text.data(), text.size()));
}

void State::program(const std::string& of, GLuint name) {
    for (const Pname& p : kProgramPropertyARB)
        integers(of + p.name, [&](GLint* to) { gl.glGetProgramiv(name, p.value, to); });
    GLuint shaders[32];
    GLsizei n = 0;
    gl.glGetAttachedShaders(name, 32, &n, shaders);
    std::vector<std::string> attached;
    for (int i = 0; i < n; ++i)
        attached.push_back(name_of(kProgram, shaders[i]));
    std::sort(attached.begin(), attached.end());
    for (const std::string& s : attached)
        line("%sattached %s", of.c_str(), s.c_str());
    GLint linked = 0, count = 0;
    gl.glGetProgramiv(name, GL_LINK_STATUS, &linked);
    if (!linked)
        return;
    char text[1024];
    std::vector<std::string> lines;
    gl.glGetProgramiv(name, GL_ACTIVE_ATTRIBUTES, &count);
    for (int i = 0; i < count; ++i) {
        GLint size = 0;
        GLenum type = 0;
        text[0] = 0;
        gl.glGetActiveAttrib(name, (GLuint)i, sizeof text, nullptr, &size, &type, text);
        lines.push_back(std::string("attribute ") + text + " " + std::to_string(size) + " " +
                        std::to_string(type) + " at " +
                        std::to_string(gl.glGetAttribLocation(name, text)));
    }
    GLint varyings = 0;
    gl.glGetProgramiv(name, GL_TRANSFORM_FEEDBACK_VARYINGS, &varyings);
    if (!ok())
        varyings = 0;
    for (int i = 0; i < varyings && gl.glGetTransformFeedbackVarying; ++i) {
        GLsizei size = 0;
        GLenum type = 0;
        gl.glGetTransformFeedbackVarying(name, (GLuint)i, sizeof text, nullptr, &size, &type, text);
        lines.push_back("varying " + std::to_string(i) + " " + text + " " + std::to_string(size));
    }
    if (gl.glGetActiveUniformBlockName) {
        GLint blocks = 0;
        gl.glGetProgramiv(name, GL_ACTIVE_UNIFORM_BLOCKS, &blocks);
        for (int i = 0; ok() && i < blocks; ++i) {
            GLint binding = 0;
            gl.glGetActiveUniformBlockName(name, (GLuint)i, sizeof text, nullptr, text);
            gl.glGetActiveUniformBlockiv(name, (GLuint)i, GL_UNIFORM_BLOCK_BINDING, &binding);
            lines.push_back(std::string("block ") + text + " binding " + std::to_string(binding));
        }
    }
    if (gl.glGetProgramInterfaceiv) {
        GLint blocks = 0;
        gl.glGetProgramInterfaceiv(name, GL_SHADER_STORAGE_BLOCK, GL_ACTIVE_RESOURCES, &blocks);
        for (int i = 0; ok() && i < blocks; ++i) {
            const GLenum what = GL_BUFFER_BINDING;
            GLint binding = 0;
            gl.glGetProgramResourceName(name, GL_SHADER_STORAGE_BLOCK, (GLuint)i, sizeof text,
                                        nullptr, text);
            gl.glGetProgramResourceiv(name, GL_SHADER_STORAGE_BLOCK, (GLuint)i, 1, &what, 1,
                                      nullptr, &binding);
            lines.push_back(std::string("storage ") + text + " binding " + std::to_string(binding));
        }
    }
    std::sort(lines.begin(), lines.end());
    for (const std::string& s : lines)
        line("%s%s", of.c_str(), s.c_str());
    uniforms(of, name);
}

namespace {

enum class Kind { Float, Int, Uint, Double };

Kind kind_of(GLenum type) {
    switch (type) {
    case GL_FLOAT:
    case GL_FLOAT_VEC2:
    case GL_FLOAT_VEC3:
    case GL_FLOAT_VEC4:
    case GL_FLOAT_MAT2:
    case GL_FLOAT_MAT3:
    case GL_FLOAT_MAT4:
    case GL_FLOAT_MAT2x3:
    case GL_FLOAT_MAT2x4:
    case GL_FLOAT_MAT3x2:
    case GL_FLOAT_MAT3x4:
    case GL_FLOAT_MAT4x2:
    case GL_FLOAT_MAT4x3:
        return Kind::Float;
    case GL_UNSIGNED_INT:
    case GL_UNSIGNED_INT_VEC2:
    case GL_UNSIGNED_INT_VEC3:
    case GL_UNSIGNED_INT_VEC4:
        return Kind::Uint;
    case GL_DOUBLE:
    case GL_DOUBLE_VEC2:
    case GL_DOUBLE_VEC3:
    case GL_DOUBLE_VEC4:
    case GL_DOUBLE_MAT2:
    case GL_DOUBLE_MAT3:
    case GL_DOUBLE_MAT4:
    case GL_DOUBLE_MAT2x3:
    case GL_DOUBLE_MAT2x4:
    case GL_DOUBLE_MAT3x2:
    case GL_DOUBLE_MAT3x4:
    case GL_DOUBLE_MAT4x2:
    case GL_DOUBLE_MAT4x3:
        return Kind::Double;
    default:
        return Kind::Int;
    }
}

} // namespace

void State::uniforms(const std::string& of, GLuint name) {
    GLint count = 0;
    gl.glGetProgramiv(name, GL_ACTIVE_UNIFORMS, &count);
    std::vector<std::string> lines;
    for (int i = 0; i < count; ++i) {
        char text[1024] = {};
        GLint size = 0;
        GLenum type = 0;
        gl.glGetActiveUniform(name, (GLuint)i, sizeof text, nullptr, &size, &type, text);
        if (!ok())
            continue;
        std::string base(text);
        if (base.size() > 3 && base.ends_with("[0]"))
            base.resize(base.size() - 3);
        else if (size <= 1)
            size = 0; // no array
        for (int at = 0; at < std::max(size, 1); ++at) {
            const std::string element = size ? base + "[" + std::to_string(at) + "]" : base;
            const GLint location = gl.glGetUniformLocation(name, element.c_str());
            if (location < 0)
                continue; // in a block, or optimized away
            unsigned char v[16 * sizeof(double)] = {};
            switch (kind_of(type)) {
            case Kind::Float:
                gl.glGetUniformfv(name, location, reinterpret_cast<GLfloat*>(v));
                break;
            case Kind::Uint:
                if (gl.glGetUniformuiv)
                    gl.glGetUniformuiv(name, location, reinterpret_cast<GLuint*>(v));
                break;
            case Kind::Double:
                if (gl.glGetUniformdv)
                    gl.glGetUniformdv(name, location, reinterpret_cast<GLdouble*>(v));
                break;
            default:
                gl.glGetUniformiv(name, location, reinterpret_cast<GLint*>(v));
            }
            if (!ok())
                continue;
            char one[64];
            snprintf(one, sizeof one, " type %#x value %016lx", type, hash(v, sizeof v));
            lines.push_back("uniform " + element + one);
        }
    }
    std::sort(lines.begin(), lines.end());
    for (const std::string& s : lines)
        line("%s%s", of.c_str(), s.c_str());
}

} // namespace glckpt::cut
