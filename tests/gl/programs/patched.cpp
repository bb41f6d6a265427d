// Textures whose contents have been read back (they were drawn to, or patched too often to keep
// each patch) and are patched again afterwards: what is new lies over what was read.
#include "frame.h"

constexpr int kSize = 64;

static void patch(GLuint texture, int x, int y, int n, unsigned seed) {
    std::vector<unsigned char> pixels((size_t)n * (size_t)n * 4);
    for (size_t i = 0; i < pixels.size(); ++i)
        pixels[i] = (unsigned char)(seed * 31 + i * 7);
    glBindTexture(GL_TEXTURE_2D, texture);
    glTexSubImage2D(GL_TEXTURE_2D, 0, x, y, n, n, GL_RGBA, GL_UNSIGNED_BYTE, pixels.data());
}

static void draw_into(GLuint texture, float shade) {
    GLuint framebuffer;
    glGenFramebuffers(1, &framebuffer);
    glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
    glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
    glClearColor(shade, 1 - shade, 0.5f, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    glBindFramebuffer(GL_FRAMEBUFFER, 0);
    glDeleteFramebuffers(1, &framebuffer);
}

int main(int argc, char** argv) {
    Frames f(32, 32, nullptr);
    GLuint textures[3]; // defined, of immutable storage, and a glyph cache
    glGenTextures(3, textures);
    for (int i = 0; i < 3; ++i) {
        glBindTexture(GL_TEXTURE_2D, textures[i]);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
        if (i == 1)
            glTexStorage2D(GL_TEXTURE_2D, 1, GL_RGBA8, kSize, kSize);
        else
            glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, kSize, kSize, 0, GL_RGBA, GL_UNSIGNED_BYTE,
                         nullptr);
    }
    draw_into(textures[2], 0);
    std::vector<unsigned char> all((size_t)kSize * kSize * 4);
    for (int i = 0, n = frames_wanted(argc, argv); i < n; ++i) {
        glClearColor(0, 0, 0, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        if (i % 8 == 0)
            for (int k = 0; k < 2; ++k)
                draw_into(textures[k], 0.1f * (float)(i % 10));
        else
            for (int k = 0; k < 2; ++k)
                patch(textures[k], (i * 5 + k) % 50, i * 3 % 50, 10, (unsigned)(i + k));
        for (int k = 0; k < 3; ++k)
            patch(textures[2], (i * 3 + k) * 4 % 60, (i * 3 + k) / 15 * 4 % 60, 4,
                  (unsigned)(i * 3 + k));
        for (const GLuint t : textures) {
            glBindTexture(GL_TEXTURE_2D, t);
            glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, all.data());
            f.add(all.data(), all.size());
        }
        f.done();
    }
    return 0;
}
