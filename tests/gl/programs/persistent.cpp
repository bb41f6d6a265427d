// Persistent maps: written coherently while draws use other parts (with another thread writing
// too), flushed explicitly, and read after a fence when the GPU has written; the addresses stay.
#include "shaders.h"
#include <atomic>
#include <cmath>
#include <cstring>
#include <thread>

static void* map(GLuint buffer, GLsizeiptr size, GLbitfield flags, GLbitfield only_map) {
    glBindBuffer(GL_COPY_WRITE_BUFFER, buffer);
    glBufferStorage(GL_COPY_WRITE_BUFFER, size, nullptr, flags);
    void* p = glMapBufferRange(GL_COPY_WRITE_BUFFER, 0, size, flags | only_map);
    if (!p)
        Frames::fail("map");
    GLint mapped = 0;
    glGetBufferParameteriv(GL_COPY_WRITE_BUFFER, GL_BUFFER_MAPPED, &mapped);
    if (!mapped)
        Frames::fail("GL_BUFFER_MAPPED");
    return p;
}

int main(int argc, char** argv) {
    const EGLint core[] = {EGL_CONTEXT_MAJOR_VERSION,
                           4,
                           EGL_CONTEXT_MINOR_VERSION,
                           5,
                           EGL_CONTEXT_OPENGL_PROFILE_MASK,
                           EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT,
                           EGL_NONE};
    Frames f(96, 64, core);
    const GLuint draw = program(
        {{GL_VERTEX_SHADER, "#version 450\nlayout(location=0) in vec2 at; uniform vec2 move;\n"
                            "void main() { gl_Position = vec4(at + move, 0, 1); }"},
         {GL_FRAGMENT_SHADER, "#version 450\nlayout(std140, binding=0) uniform T { vec4 tint; };\n"
                              "out vec4 o; void main() { o = tint; }"}});
    const GLuint count = program(
        {{GL_COMPUTE_SHADER,
          "#version 450\nlayout(local_size_x=16) in;\n"
          "layout(std430, binding=1) buffer C { uint n[64]; };\n"
          "void main() { n[gl_LocalInvocationID.x * 4u] += gl_LocalInvocationID.x + 1u; }"}});
    const GLbitfield write = GL_MAP_WRITE_BIT | GL_MAP_PERSISTENT_BIT;
    const GLbitfield coherent = write | GL_MAP_COHERENT_BIT;
    GLuint buffers[3], vao;
    glGenBuffers(3, buffers);
    constexpr GLsizeiptr big = 5 << 20; // enough for its written pages to be tracked
    auto* corners = (float*)map(buffers[0], big, coherent, 0);
    auto* tint = (float*)map(buffers[1], 4096, write, GL_MAP_FLUSH_EXPLICIT_BIT);
    auto* numbers = (volatile GLuint*)map(buffers[2], 256, coherent | GL_MAP_READ_BIT, 0);
    for (int i = 0; i < 64; ++i)
        numbers[i] = (GLuint)i * 1000;
    glGenVertexArrays(1, &vao);
    glBindVertexArray(vao);
    glBindBuffer(GL_ARRAY_BUFFER, buffers[0]);
    glEnableVertexAttribArray(0);
    glVertexAttribPointer(0, 2, GL_FLOAT, GL_FALSE, 0, nullptr);
    glBindBufferBase(GL_UNIFORM_BUFFER, 0, buffers[1]);
    glBindBufferBase(GL_SHADER_STORAGE_BUFFER, 1, buffers[2]);

    // A thread that writes all the time into a part that is only read after it has been asked.
    std::atomic<int> wanted{0}, written{0};
    std::thread writer([&] {
        float* mine = corners + big / 8;
        for (int n = 0; n >= 0; n = wanted.load()) {
            mine[100] = mine[100] * 0.5f + 1; // not drawn
            if (n == written.load())
                continue;
            for (int i = 0; i < 3; ++i) {
                mine[i * 2] = sinf((float)(n + i * 2)) * 0.7f;
                mine[i * 2 + 1] = cosf((float)(n + i * 2)) * 0.7f;
            }
            written.store(n);
        }
    });

    const int frames = frames_wanted(argc, argv);
    for (int frame = 0; frame < frames; ++frame) {
        glClear(GL_COLOR_BUFFER_BIT);
        wanted.store(frame + 1);
        glUseProgram(draw);
        for (int i = 0; i < 12; ++i) {
            float* c = corners + i * 6;
            for (int k = 0; k < 3; ++k) {
                c[k * 2] = 0.2f * cosf((float)(frame + i) * 0.3f + 2.1f * (float)k);
                c[k * 2 + 1] = 0.2f * sinf((float)(frame + i) * 0.3f + 2.1f * (float)k);
            }
            const GLintptr slot = i * 256;
            float* t = tint + slot / 4;
            t[0] = (float)(i % 3) * 0.5f;
            t[1] = (float)(frame % 8) / 8;
            t[2] = 1 - t[0];
            t[3] = 1;
            glBindBufferRange(GL_UNIFORM_BUFFER, 0, buffers[1], slot, 16);
            glFlushMappedBufferRange(GL_UNIFORM_BUFFER, slot, 16);
            glUniform2f(glGetUniformLocation(draw, "move"), (float)(i % 4) * 0.5f - 0.75f,
                        (float)(i / 4) * 0.6f - 0.6f);
            glDrawArrays(GL_TRIANGLES, i * 3, 3);
        }
        while (written.load() != frame + 1)
            std::this_thread::yield();
        glUniform2f(glGetUniformLocation(draw, "move"), 0, 0);
        glDrawArrays(GL_TRIANGLES, (GLint)(big / 8 / 2), 3);

        glFinish(); // the uniforms are written again

        // Both sides write neighbouring numbers; each sees the other's.
        numbers[(frame % 16) * 4 + 1] = (GLuint)frame;
        if (frame % 5 == 0)
            numbers[(frame % 16) * 4] = 0;
        glUseProgram(count);
        glDispatchCompute(1, 1, 1);
        glMemoryBarrier(GL_CLIENT_MAPPED_BUFFER_BARRIER_BIT);
        const GLsync fence = glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
        while (glClientWaitSync(fence, GL_SYNC_FLUSH_COMMANDS_BIT, 1000000000) ==
               GL_TIMEOUT_EXPIRED) {
        }
        glDeleteSync(fence);
        for (int i = 0; i < 64; ++i) {
            const GLuint n = numbers[i];
            f.add(&n, 4);
        }
        f.done();
    }
    wanted.store(-1);
    writer.join();
    glBindBuffer(GL_COPY_WRITE_BUFFER, buffers[2]);
    if (!glUnmapBuffer(GL_COPY_WRITE_BUFFER) || glGetError())
        Frames::fail("unmap");
    glDeleteBuffers(3, buffers); // two of them mapped
    if (glGetError())
        Frames::fail("delete");
}
