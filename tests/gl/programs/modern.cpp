// Core profile: a chain of state that only the GPU ever had (transform feedback ping-pong, a
// texture drawn over and over), uniforms of several kinds, a uniform block, a mapped buffer,
// mipmaps, depth kept between frames, shaders deleted while attached.
#include "shaders.h"
#include <cmath>
#include <cstring>

int main(int argc, char** argv) {
    const EGLint core[] = {EGL_CONTEXT_MAJOR_VERSION,
                           3,
                           EGL_CONTEXT_MINOR_VERSION,
                           3,
                           EGL_CONTEXT_OPENGL_PROFILE_MASK,
                           EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT,
                           EGL_NONE};
    Frames f(160, 120, core);
    const GLuint draw =
        program({{GL_VERTEX_SHADER,
                  "#version 330\n"
                  "in vec2 corner; uniform mat2 turn; uniform vec2 at[3];\n"
                  "layout(std140) uniform Tint { vec4 tint; };\n"
                  "out vec4 color; out vec2 uv;\n"
                  "void main() { gl_Position = vec4(turn * corner + at[gl_InstanceID], 0.1 * "
                  "float(gl_InstanceID), 1); color = tint; uv = corner * 0.5 + 0.5; }"},
                 {GL_FRAGMENT_SHADER,
                  "#version 330\n"
                  "in vec4 color; in vec2 uv; uniform sampler2D image; out vec4 o;\n"
                  "void main() { o = vec4((color * 0.6 + texture(image, uv) * 0.4).rgb, 1); }"}});
    const GLuint step = program({{GL_VERTEX_SHADER, "#version 330\nin float x; out float y;\n"
                                                    "void main() { y = x * 0.99 + 0.013; }"}},
                                "y");
    GLuint buffers[5], vaos[3], textures[2], fbo, depth;
    glGenBuffers(5, buffers);
    glGenVertexArrays(3, vaos);
    glGenTextures(2, textures);
    const float corners[] = {-0.4f, -0.4f, 0.4f, -0.4f, -0.4f, 0.4f, 0.4f, 0.4f};
    glBindVertexArray(vaos[0]);
    glBindBuffer(GL_ARRAY_BUFFER, buffers[0]);
    glBufferData(GL_ARRAY_BUFFER, sizeof corners, corners, GL_STATIC_DRAW);
    const GLint corner = glGetAttribLocation(draw, "corner");
    glVertexAttribPointer((GLuint)corner, 2, GL_FLOAT, GL_FALSE, 0, nullptr);
    glEnableVertexAttribArray((GLuint)corner);
    std::vector<float> numbers(256);
    for (size_t i = 0; i < numbers.size(); ++i)
        numbers[i] = (float)i * 0.01f;
    const GLint x = glGetAttribLocation(step, "x");
    for (int i = 0; i < 2; ++i) {
        glBindVertexArray(vaos[1 + i]);
        glBindBuffer(GL_ARRAY_BUFFER, buffers[1 + i]);
        glBufferData(GL_ARRAY_BUFFER, 1024, i ? nullptr : numbers.data(), GL_DYNAMIC_COPY);
        glVertexAttribPointer((GLuint)x, 1, GL_FLOAT, GL_FALSE, 0, nullptr);
        glEnableVertexAttribArray((GLuint)x);
    }
    glBindBuffer(GL_UNIFORM_BUFFER, buffers[3]);
    glBufferData(GL_UNIFORM_BUFFER, 16, nullptr, GL_STREAM_DRAW);
    glBindBufferBase(GL_UNIFORM_BUFFER, 2, buffers[3]);
    glUniformBlockBinding(draw, glGetUniformBlockIndex(draw, "Tint"), 2);
    for (int i = 0; i < 2; ++i) {
        glBindTexture(GL_TEXTURE_2D, textures[i]);
        glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 160, 120, 0, GL_RGBA, GL_UNSIGNED_BYTE, nullptr);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR_MIPMAP_LINEAR);
        glGenerateMipmap(GL_TEXTURE_2D);
    }
    glGenRenderbuffers(1, &depth);
    glBindRenderbuffer(GL_RENDERBUFFER, depth);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_DEPTH_COMPONENT24, 160, 120);
    glGenFramebuffers(1, &fbo);
    glBindFramebuffer(GL_FRAMEBUFFER, fbo);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_DEPTH_ATTACHMENT, GL_RENDERBUFFER, depth);
    const GLint turn = glGetUniformLocation(draw, "turn"), at = glGetUniformLocation(draw, "at[0]");
    glUseProgram(draw);
    glUniform1i(glGetUniformLocation(draw, "image"), 5);
    const float where[] = {-0.4f, -0.2f, 0.3f, 0.1f, 0, 0.4f};
    glUniform2fv(at, 3, where);
    glEnable(GL_DEPTH_TEST);
    glClearDepth(1);

    for (int i = 0, n = frames_wanted(argc, argv); i < n; ++i) {
        // One of the textures is drawn into, with the other as the picture.
        glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, textures[i % 2],
                               0);
        glActiveTexture(GL_TEXTURE5);
        glBindTexture(GL_TEXTURE_2D, textures[1 - i % 2]);
        glGenerateMipmap(GL_TEXTURE_2D);
        glViewport(0, 0, 160, 120);
        if (i % 4 == 0) // depth stays for four frames
            glClear(GL_DEPTH_BUFFER_BIT);
        if (i % 8 == 0)
            glClear(GL_COLOR_BUFFER_BIT);
        glBindBuffer(GL_UNIFORM_BUFFER, buffers[3]);
        auto* tint = (float*)glMapBufferRange(GL_UNIFORM_BUFFER, 0, 16,
                                              GL_MAP_WRITE_BIT | GL_MAP_INVALIDATE_BUFFER_BIT);
        for (int k = 0; k < 4; ++k)
            tint[k] = 0.5f + 0.5f * sinf((float)i * 0.2f + (float)k);
        glUnmapBuffer(GL_UNIFORM_BUFFER);
        const float a = (float)i * 0.1f, m[] = {cosf(a), sinf(a), -sinf(a), cosf(a)};
        glUseProgram(draw);
        glUniformMatrix2fv(turn, 1, GL_FALSE, m);
        glBindVertexArray(vaos[0]);
        glDrawArraysInstanced(GL_TRIANGLE_STRIP, 0, 4, 3);

        glUseProgram(step);
        glBindVertexArray(vaos[1 + i % 2]);
        glBindBufferBase(GL_TRANSFORM_FEEDBACK_BUFFER, 0, buffers[2 - i % 2]);
        glEnable(GL_RASTERIZER_DISCARD);
        glBeginTransformFeedback(GL_POINTS);
        glDrawArrays(GL_POINTS, 0, 256);
        glEndTransformFeedback();
        glDisable(GL_RASTERIZER_DISCARD);
        if (i % 5 == 4) {
            glGetBufferSubData(GL_TRANSFORM_FEEDBACK_BUFFER, 0, 1024, numbers.data());
            f.add(numbers.data(), 1024);
        }
        f.done();
    }
    return 0;
}
