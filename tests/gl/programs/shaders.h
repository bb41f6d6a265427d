// Shaders and programs of the GL test programs: those that do not compile or link end the test.
#pragma once
#include "frame.h"
#include <initializer_list>
#include <utility>

inline GLuint shader(GLenum type, const char* text) {
    const GLuint s = glCreateShader(type);
    glShaderSource(s, 1, &text, nullptr);
    glCompileShader(s);
    GLint ok = 0;
    glGetShaderiv(s, GL_COMPILE_STATUS, &ok);
    if (!ok)
        Frames::fail("compile");
    return s;
}

// `varying` is captured by transform feedback.
inline GLuint program(std::initializer_list<std::pair<GLenum, const char*>> stages,
                      const char* varying = nullptr) {
    const GLuint p = glCreateProgram();
    for (const auto& [type, text] : stages) {
        const GLuint s = shader(type, text);
        glAttachShader(p, s);
        glDeleteShader(s);
    }
    if (varying)
        glTransformFeedbackVaryings(p, 1, &varying, GL_INTERLEAVED_ATTRIBS);
    glLinkProgram(p);
    GLint ok = 0;
    glGetProgramiv(p, GL_LINK_STATUS, &ok);
    if (!ok)
        Frames::fail("link");
    return p;
}
