// Deleted while in use, in two contexts that share: a texture that a framebuffer and the other
// context's binding still hold, buffers that a vertex array and an indexed binding hold, a program
// in use, its shaders, a sampler, a renderbuffer - and their names given to something else at once.
#include "shaders.h"
#include <cstring>

namespace {

constexpr GLsizei kSize = 16;

std::vector<GLubyte> texels(int seed) {
    std::vector<GLubyte> p((size_t)kSize * kSize * 4);
    for (size_t i = 0; i < p.size(); ++i)
        p[i] = (GLubyte)(i * 5 + (size_t)seed * 37);
    return p;
}

struct Held {
    GLuint fbo = 0, vao = 0, drawn = 0;
};

// Makes everything anew in context A, lets things hold it, and deletes it.
Held make(Frames& f, EGLContext other, int seed) {
    Held h;
    auto on_other = [&](auto what) {
        eglMakeCurrent(f.display, EGL_NO_SURFACE, EGL_NO_SURFACE, other);
        what();
        glFlush();
        eglMakeCurrent(f.display, f.surface, f.surface, f.context);
    };
    GLuint texture, buffers[2], sampler, again, depth, color;
    glGenTextures(1, &texture);
    glBindTexture(GL_TEXTURE_2D, texture);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, kSize, kSize, 0, GL_RGBA, GL_UNSIGNED_BYTE,
                 texels(seed).data());
    glGenFramebuffers(1, &h.fbo);
    glBindFramebuffer(GL_FRAMEBUFFER, h.fbo);
    glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
    // Attached and never drawn to: what only the GPU has of a deleted object is refused by name.
    glGenFramebuffers(1, &h.drawn);
    glBindFramebuffer(GL_FRAMEBUFFER, h.drawn);
    glGenRenderbuffers(1, &depth);
    glBindRenderbuffer(GL_RENDERBUFFER, depth);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_DEPTH24_STENCIL8, kSize, kSize);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_DEPTH_STENCIL_ATTACHMENT, GL_RENDERBUFFER, depth);
    glGenTextures(1, &color);
    glBindTexture(GL_TEXTURE_2D, color);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA16, kSize, kSize, 0, GL_RGBA, GL_UNSIGNED_BYTE, nullptr);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, color, 0);
    glBindFramebuffer(GL_FRAMEBUFFER, 0);

    glGenVertexArrays(1, &h.vao);
    glBindVertexArray(h.vao);
    glGenBuffers(2, buffers);
    const float s = 0.3f + (float)(seed % 5) * 0.1f, corners[] = {-s, -s, s, -s, 0, s};
    glBindBuffer(GL_ARRAY_BUFFER, buffers[0]);
    glBufferData(GL_ARRAY_BUFFER, sizeof corners, corners, GL_STATIC_DRAW);
    glEnableVertexAttribArray(0);
    glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, 0, nullptr);
    glBindVertexArray(0);
    const float tint[] = {(float)(seed % 3) * 0.4f, 0.9f, (float)(seed % 7) * 0.1f, 1};
    glBindBuffer(GL_UNIFORM_BUFFER, buffers[1]);
    glBufferData(GL_UNIFORM_BUFFER, sizeof tint, tint, GL_STATIC_DRAW);
    glGenSamplers(1, &sampler);
    glSamplerParameteri(sampler, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    glSamplerParameteri(sampler, GL_TEXTURE_WRAP_S, seed % 2 ? GL_REPEAT : GL_MIRRORED_REPEAT);
    const GLuint p = program(
        {{GL_VERTEX_SHADER, "#version 150\n#extension GL_ARB_explicit_attrib_location : require\n"
                            "layout(location=0) in vec2 at; uniform vec2 move;\n"
                            "void main() { gl_Position = vec4(at + move, 0, 1); }"},
         {GL_FRAGMENT_SHADER, "#version 150\nuniform float bright; out vec4 o;\n"
                              "void main() { o = vec4(bright, 0.5, 1.0 - bright, 1); }"}});
    glUseProgram(p);
    glFlush();
    on_other([&] {
        glActiveTexture(GL_TEXTURE2);
        glBindTexture(GL_TEXTURE_2D, texture);
        glBindSampler(2, sampler);
        glBindBufferBase(GL_UNIFORM_BUFFER, 3, buffers[1]);
        glBindBuffer(GL_COPY_READ_BUFFER, buffers[0]);
    });
    // All of it loses its name; bound here, that is over, but not what something else holds.
    glDeleteProgram(p);
    glDeleteTextures(1, &texture);
    glDeleteTextures(1, &color);
    glDeleteRenderbuffers(1, &depth);
    glDeleteBuffers(2, buffers);
    glDeleteSamplers(1, &sampler);
    // Names are given again: most drivers give the same ones.
    glGenTextures(1, &again);
    glBindTexture(GL_TEXTURE_2D, again);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 4, 4, 0, GL_RGBA, GL_UNSIGNED_BYTE,
                 texels(seed + 99).data());
    glFlush();
    on_other([&] {
        glActiveTexture(GL_TEXTURE0);
        glBindTexture(GL_TEXTURE_2D, again);
    });
    glDeleteTextures(1, &again);
    return h;
}

} // namespace

int main(int argc, char** argv) {
    const EGLint compat[] = {EGL_CONTEXT_MAJOR_VERSION,
                             3,
                             EGL_CONTEXT_MINOR_VERSION,
                             3,
                             EGL_CONTEXT_OPENGL_PROFILE_MASK,
                             EGL_CONTEXT_OPENGL_COMPATIBILITY_PROFILE_BIT,
                             EGL_NONE};
    Frames f(64, 48, compat);
    EGLint id = 0;
    eglQueryContext(f.display, f.context, EGL_CONFIG_ID, &id);
    const EGLint by_id[] = {EGL_CONFIG_ID, id, EGL_NONE};
    EGLConfig config;
    EGLint k = 0;
    eglChooseConfig(f.display, by_id, &config, 1, &k);
    const EGLContext other = eglCreateContext(f.display, config, f.context, compat);
    Held h;
    for (int i = 0, n = frames_wanted(argc, argv); i < n; ++i) {
        if (i % 7 == 0) {
            const Held old = h;
            h = make(f, other, i);
            if (old.fbo) { // the last that held them
                glDeleteFramebuffers(1, &old.fbo);
                glDeleteFramebuffers(1, &old.drawn);
                glDeleteVertexArrays(1, &old.vao);
            }
        }
        f.moment();
        glClearColor(0, 0, 0.2f, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        GLint p = 0; // deleted, but in use
        glGetIntegerv(GL_CURRENT_PROGRAM, &p);
        glUniform1f(glGetUniformLocation((GLuint)p, "bright"), (float)(i % 11) * 0.09f);
        glUniform2f(glGetUniformLocation((GLuint)p, "move"), (float)(i % 3) * 0.3f - 0.3f, 0);
        glBindVertexArray(h.vao);
        glDrawArrays(GL_TRIANGLES, 0, 3);
        glBindVertexArray(0);
        glBindFramebuffer(GL_FRAMEBUFFER, h.fbo);
        GLubyte seen[kSize * kSize * 4];
        glReadPixels(0, 0, kSize, kSize, GL_RGBA, GL_UNSIGNED_BYTE, seen);
        f.add(seen, sizeof seen);
        glBindFramebuffer(GL_FRAMEBUFFER, 0);
        glViewport(0, 0, 64, 48);
        glFlush();

        eglMakeCurrent(f.display, EGL_NO_SURFACE, EGL_NO_SURFACE, other);
        f.moment();
        glActiveTexture(GL_TEXTURE2);
        glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, seen);
        f.add(seen, sizeof seen);
        // What the other context then sees through its framebuffer.
        glTexSubImage2D(GL_TEXTURE_2D, 0, i % kSize, 0, 1, kSize, GL_RGBA, GL_UNSIGNED_BYTE,
                        texels(i).data());
        glActiveTexture(GL_TEXTURE0);
        GLubyte small[4 * 4 * 4];
        glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, small);
        f.add(small, sizeof small);
        float numbers[6] = {};
        glGetBufferSubData(GL_COPY_READ_BUFFER, 0, sizeof numbers, numbers);
        f.add(numbers, sizeof numbers);
        glBufferSubData(GL_COPY_READ_BUFFER, 4 * (i % 6), 4, &numbers[(i + 1) % 6]);
        GLint v[4] = {};
        glGetIntegeri_v(GL_UNIFORM_BUFFER_BINDING, 3, v);
        v[0] = v[0] != 0; // which name it had is the driver's
        glActiveTexture(GL_TEXTURE2);
        glGetIntegerv(GL_SAMPLER_BINDING, v + 1);
        v[1] = v[1] != 0;
        glGetBufferParameteriv(GL_COPY_READ_BUFFER, GL_BUFFER_SIZE, v + 2);
        f.add(v, sizeof v);
        glFlush();
        eglMakeCurrent(f.display, f.surface, f.surface, f.context);
        f.moment();
        f.done();
    }
}
