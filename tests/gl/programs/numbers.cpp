// What a driver numbers: locations (also of array elements), indices, blocks, attributes. The app
// asks once and keeps them. Run with renumber.cpp in the renderer, which makes every renderer
// another driver in that respect.
#include "shaders.h"
#include <cmath>

int main(int argc, char** argv) {
    const EGLint core[] = {EGL_CONTEXT_MAJOR_VERSION,
                           3,
                           EGL_CONTEXT_MINOR_VERSION,
                           3,
                           EGL_CONTEXT_OPENGL_PROFILE_MASK,
                           EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT,
                           EGL_NONE};
    Frames f(64, 48, core);
    const GLuint p = glCreateProgram();
    glAttachShader(p,
                   shader(GL_VERTEX_SHADER,
                          "#version 330\n"
                          "in vec2 corner; in vec2 shift; uniform vec2 at[4]; uniform float turn;\n"
                          "layout(std140) uniform Size { float size; };\n"
                          "layout(std140) uniform Tint { vec4 tint; };\n"
                          "out vec4 c;\n"
                          "void main() { c = tint; gl_Position = vec4((corner + shift) * size + "
                          "at[gl_InstanceID] + vec2(sin(turn), 0) * 0.1, 0, 1); }"));
    glAttachShader(p, shader(GL_FRAGMENT_SHADER, "#version 330\n"
                                                 "in vec4 c; uniform vec4 more; out vec4 o;\n"
                                                 "void main() { o = c + more; }"));
    glLinkProgram(p);
    GLint ok = 0;
    glGetProgramiv(p, GL_LINK_STATUS, &ok);
    if (!ok)
        Frames::fail("link");
    const GLint at = glGetUniformLocation(p, "at"), more = glGetUniformLocation(p, "more");
    const GLuint size = glGetUniformBlockIndex(p, "Size"), tint = glGetUniformBlockIndex(p, "Tint");
    GLuint vao, buffer[4];
    glGenVertexArrays(1, &vao);
    glGenBuffers(4, buffer);
    glBindVertexArray(vao);
    const float corners[] = {0, 0, 1, 0, 0, 1, 1, 1}, shift[] = {0.1f, 0.2f, 0, 0, 0, 0, 0.3f, 0};
    const GLint where[] = {glGetAttribLocation(p, "corner"), glGetAttribLocation(p, "shift")};
    for (int i = 0; i < 2; ++i) {
        glBindBuffer(GL_ARRAY_BUFFER, buffer[i]);
        glBufferData(GL_ARRAY_BUFFER, sizeof corners, i ? shift : corners, GL_STATIC_DRAW);
        glVertexAttribPointer((GLuint)where[i], 2, GL_FLOAT, GL_FALSE, 0, nullptr);
        glEnableVertexAttribArray((GLuint)where[i]);
    }
    for (GLuint i = 0; i < 2; ++i) {
        glBindBufferBase(GL_UNIFORM_BUFFER, 3 + i, buffer[2 + i]);
        glBufferData(GL_UNIFORM_BUFFER, 16, nullptr, GL_DYNAMIC_DRAW);
    }
    glUseProgram(p);
    for (int i = 0, n = frames_wanted(argc, argv); i < n; ++i) {
        glClear(GL_COLOR_BUFFER_BIT);
        const float a = (float)i * 0.1f;
        // Elements by location + index, as many programs do.
        for (int k = 0; k < 4; ++k)
            glUniform2f(at + k, (float)k * 0.4f - 0.9f, sinf(a + (float)k) * 0.5f);
        glUniform4f(more, 0.1f, 0, 0.05f * (float)(i % 4), 0);
        // Asked later than the others, and again and again after a link of another program.
        const GLint turn = glGetUniformLocation(p, "turn");
        glUniform1f(turn, a);
        if (turn == more || (turn >= at && turn < at + 4))
            Frames::fail("two uniforms have one location");
        glUniformBlockBinding(p, size, 3);
        glUniformBlockBinding(p, tint, 4);
        const float s[4] = {0.2f + 0.01f * (float)(i % 10)}, t[4] = {0.3f, a - floorf(a), 0.6f, 1};
        glBindBuffer(GL_UNIFORM_BUFFER, buffer[2]);
        glBufferSubData(GL_UNIFORM_BUFFER, 0, 16, s);
        glBindBuffer(GL_UNIFORM_BUFFER, buffer[3]);
        glBufferSubData(GL_UNIFORM_BUFFER, 0, 16, t);
        glDrawArraysInstanced(GL_TRIANGLE_STRIP, 0, 4, 4);
        float back[2];
        glGetUniformfv(p, at + 2, back);
        f.add(back, sizeof back);
        char name[32] = {};
        glGetActiveUniformBlockName(p, tint, sizeof name, nullptr, name);
        f.add(name, sizeof name);
        f.done();
    }
    return 0;
}
