// Shaders that write a buffer through a texture of its: what a buffer texture has is the buffer's,
// and each new renderer must get what was counted there since the last one.
#include "frame.h"
#include "shaders.h"
#include <vector>

int main(int argc, char** argv) {
    Frames f(64, 48, nullptr);
    if (!glGetString(GL_VERSION) || atof((const char*)glGetString(GL_VERSION)) < 4.3)
        Frames::fail("no context of OpenGL 4.3");
    constexpr GLsizei kTexels = 64;
    const GLuint count =
        program({{GL_COMPUTE_SHADER,
                  "#version 430\n"
                  "layout(local_size_x = 16) in;\n"
                  "layout(r32ui, binding = 3) uniform uimageBuffer texels;\n"
                  "uniform uint step;\n"
                  "void main() {\n"
                  "    int i = int(gl_GlobalInvocationID.x);\n"
                  "    imageStore(texels, i, imageLoad(texels, i) + (step << (i % 5)));\n"
                  "}\n"}});
    const GLint step = glGetUniformLocation(count, "step");
    GLuint buffers[2], textures[2];
    glGenBuffers(2, buffers);
    glGenTextures(2, textures);
    std::vector<GLuint> start(kTexels);
    for (int k = 0; k < 2; ++k) {
        for (GLsizei i = 0; i < kTexels; ++i)
            start[(size_t)i] = (GLuint)(i * 1001 + k);
        glBindBuffer(GL_TEXTURE_BUFFER, buffers[k]);
        glBufferData(GL_TEXTURE_BUFFER, kTexels * 4, start.data(), GL_DYNAMIC_COPY);
        glBindTexture(GL_TEXTURE_BUFFER, textures[k]);
        glTexBuffer(GL_TEXTURE_BUFFER, GL_R32UI, buffers[k]);
    }

    const int n = frames_wanted(argc, argv);
    for (int i = 0; i < n; ++i) {
        glClearColor((float)(i % 9) / 9, 0.25f, 0.5f, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        glUseProgram(count);
        glUniform1ui(step, (GLuint)i + 1);
        glBindImageTexture(3, textures[i / 3 % 2], 0, GL_FALSE, 0, GL_READ_WRITE, GL_R32UI);
        glDispatchCompute(kTexels / 16, 1, 1);
        glMemoryBarrier(GL_BUFFER_UPDATE_BARRIER_BIT);
        glUseProgram(0);
        if (i % 4 == 3) {
            for (const GLuint b : buffers) {
                glBindBuffer(GL_TEXTURE_BUFFER, b);
                glGetBufferSubData(GL_TEXTURE_BUFFER, 0, kTexels * 4, start.data());
                f.add(start.data(), start.size() * sizeof start[0]);
            }
        }
        f.done();
    }
    return 0;
}
