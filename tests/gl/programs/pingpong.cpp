// Ping-pong rendering: pictures that only the GPU ever had, each made of the one before. A float
// texture pair drawn into by turns, a third that the default framebuffer is copied to, a stencil
// that counts, a pair of storage buffers and an image that compute shaders write, and a window
// that is never cleared.
#include "shaders.h"

namespace {

const EGLint kCore[] = {EGL_CONTEXT_MAJOR_VERSION,
                        4,
                        EGL_CONTEXT_MINOR_VERSION,
                        3,
                        EGL_CONTEXT_OPENGL_PROFILE_MASK,
                        EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT,
                        EGL_NONE};
constexpr GLsizei kSize = 48;
constexpr const char* kAll =
    "#version 430\nout vec2 uv; void main() {\n"
    "vec2 p = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0; uv = p; gl_Position = "
    "vec4(p * 2.0 - 1.0, 0, 1); }";

} // namespace

int main(int argc, char** argv) {
    Frames f(64, 48, kCore);
    const GLuint step = program(
        {{GL_VERTEX_SHADER, kAll},
         {GL_FRAGMENT_SHADER,
          "#version 430\nin vec2 uv; uniform sampler2D before, window; uniform vec2 drop;\n"
          "layout(location=0) out vec4 o; layout(location=1) out vec4 speed;\n"
          "void main() { vec4 c = texelFetch(before, ivec2(gl_FragCoord.xy), 0);\n"
          "vec4 sum = textureOffset(before, uv, ivec2(1, 0)) + textureOffset(before, uv, ivec2(-1, "
          "0)) + textureOffset(before, uv, ivec2(0, 1)) + textureOffset(before, uv, ivec2(0, "
          "-1));\n"
          "o = mix(c, sum * 0.25, 0.7) * 0.999 + texture(window, uv) * 0.001;\n"
          "if (distance(gl_FragCoord.xy, drop) < 3.0) o += vec4(0.5, 0.25, 0.125, 0);\n"
          "speed = abs(o - c); }"}});
    const GLuint show = program(
        {{GL_VERTEX_SHADER, kAll},
         {GL_FRAGMENT_SHADER, "#version 430\nin vec2 uv; uniform sampler2D image; out vec4 "
                              "o; void main() { o = vec4(texture(image, uv).rgb, 0.5); }"}});
    const GLuint count = program(
        {{GL_COMPUTE_SHADER, "#version 430\nlayout(local_size_x=16) in;\n"
                             "layout(std430, binding=0) buffer A { uint from[]; };\n"
                             "layout(std430, binding=1) buffer B { uint to[]; };\n"
                             "layout(binding=2, offset=0) uniform atomic_uint calls;\n"
                             "layout(r32ui, binding=0) uniform uimage2D image;\n"
                             "void main() { uint i = gl_GlobalInvocationID.x;\n"
                             "to[i] = from[i] * 1664525u + from[(i + 1u) % 64u] + 1013904223u;\n"
                             "atomicCounterIncrement(calls);\n"
                             "imageAtomicAdd(image, ivec2(i % 8u, i / 8u), to[i] >> 16); }"}});
    GLuint textures[5], fbos[2], depth, buffers[3], vao;
    glGenTextures(5, textures);
    glGenFramebuffers(2, fbos);
    glGenBuffers(3, buffers);
    glGenVertexArrays(1, &vao);
    glBindVertexArray(vao);
    glGenRenderbuffers(1, &depth);
    glBindRenderbuffer(GL_RENDERBUFFER, depth);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_DEPTH24_STENCIL8, kSize, kSize);
    for (int i = 0; i < 5; ++i) {
        glBindTexture(GL_TEXTURE_2D, textures[i]);
        const GLenum format = i < 2    ? GL_RGBA32F
                              : i == 2 ? GL_RGBA16F
                              : i == 3 ? GL_RGBA8
                                       : GL_R32UI;
        if (i == 4)
            glTexStorage2D(GL_TEXTURE_2D, 1, format, 8, 8);
        else
            glTexStorage2D(GL_TEXTURE_2D, i == 3 ? 4 : 1, format, i == 3 ? 64 : kSize, kSize);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER,
                        i == 3 ? GL_NEAREST_MIPMAP_NEAREST : GL_NEAREST);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    }
    const GLuint zero[64] = {};
    glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, 8, 8, GL_RED_INTEGER, GL_UNSIGNED_INT, zero);
    for (int i = 0; i < 2; ++i) {
        glBindFramebuffer(GL_FRAMEBUFFER, fbos[i]);
        glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, textures[i], 0);
        glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT1, GL_TEXTURE_2D, textures[2], 0);
        glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_DEPTH_STENCIL_ATTACHMENT, GL_RENDERBUFFER,
                                  depth);
        const GLenum both[] = {GL_COLOR_ATTACHMENT0, GL_COLOR_ATTACHMENT1};
        glDrawBuffers(2, both);
        glClearColor(0.25f, 0.5f, 0.125f, 1);
        glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT);
    }
    for (int i = 0; i < 3; ++i) {
        GLuint start[64];
        for (GLuint k = 0; k < 64; ++k)
            start[k] = i == 2 ? 0 : k * 77;
        glBindBuffer(GL_SHADER_STORAGE_BUFFER, buffers[i]);
        glBufferData(GL_SHADER_STORAGE_BUFFER, sizeof start, start, GL_DYNAMIC_COPY);
    }
    glBindBufferBase(GL_ATOMIC_COUNTER_BUFFER, 2, buffers[2]);
    glBindImageTexture(0, textures[4], 0, GL_FALSE, 0, GL_READ_WRITE, GL_R32UI);
    glBindFramebuffer(GL_FRAMEBUFFER, 0);
    glClear(GL_COLOR_BUFFER_BIT);
    glUseProgram(step);
    glUniform1i(glGetUniformLocation(step, "window"), 1);
    const GLint drop = glGetUniformLocation(step, "drop");

    for (int i = 0, turn = 0, n = frames_wanted(argc, argv); i < n; ++i) {
        for (int pass = 0; pass < 3; ++pass, ++turn) {
            glBindFramebuffer(GL_FRAMEBUFFER, fbos[turn % 2]);
            glViewport(0, 0, kSize, kSize);
            glActiveTexture(GL_TEXTURE1);
            glBindTexture(GL_TEXTURE_2D, textures[3]);
            glActiveTexture(GL_TEXTURE0);
            glBindTexture(GL_TEXTURE_2D, textures[1 - turn % 2]);
            glUseProgram(step);
            glUniform2f(drop, (float)(turn * 7 % kSize), (float)(turn * 13 % kSize));
            // The stencil counts where half of the passes have been.
            glEnable(GL_STENCIL_TEST);
            glStencilFunc(turn % 5 ? GL_ALWAYS : GL_GREATER, 20, 255);
            glStencilOp(GL_ZERO, GL_KEEP, GL_INCR);
            glDrawArrays(GL_TRIANGLES, 0, 3);
            glDisable(GL_STENCIL_TEST);
            f.moment();
            glUseProgram(count);
            glBindBufferBase(GL_SHADER_STORAGE_BUFFER, 0, buffers[turn % 2]);
            glBindBufferBase(GL_SHADER_STORAGE_BUFFER, 1, buffers[1 - turn % 2]);
            glDispatchCompute(4, 1, 1);
            glMemoryBarrier(GL_ALL_BARRIER_BITS);
        }
        glBindFramebuffer(GL_FRAMEBUFFER, 0);
        glViewport((i * 5) % 32, (i * 3) % 24, 32, 24);
        glUseProgram(show);
        glEnable(GL_BLEND);
        glBlendFunc(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA);
        glBindTexture(GL_TEXTURE_2D, textures[i % 3]);
        glDrawArrays(GL_TRIANGLES, 0, 3);
        glDisable(GL_BLEND);
        f.moment();
        glBindTexture(GL_TEXTURE_2D, textures[3]);
        glCopyTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, 0, 0, 64, 48);
        glGenerateMipmap(GL_TEXTURE_2D);
        if (i % 6 == 5) {
            GLuint numbers[64];
            glGetBufferSubData(GL_SHADER_STORAGE_BUFFER, 0, sizeof numbers, numbers);
            f.add(numbers, sizeof numbers);
            glBindTexture(GL_TEXTURE_2D, textures[4]);
            glGetTexImage(GL_TEXTURE_2D, 0, GL_RED_INTEGER, GL_UNSIGNED_INT, numbers);
            f.add(numbers, sizeof numbers);
            glGetBufferSubData(GL_ATOMIC_COUNTER_BUFFER, 0, 4, numbers);
            f.add(numbers, 4);
            glBindFramebuffer(GL_READ_FRAMEBUFFER, fbos[0]);
            std::vector<GLubyte> stencil((size_t)kSize * kSize);
            glReadPixels(0, 0, kSize, kSize, GL_STENCIL_INDEX, GL_UNSIGNED_BYTE, stencil.data());
            f.add(stencil.data(), stencil.size());
            glBindFramebuffer(GL_READ_FRAMEBUFFER, 0);
        }
        f.done();
    }
}
