// What a renderer takes with it when it dies: mipmaps are made again from what was told, and what
// was only ever drawn comes back as zeroes, not as whatever lies in memory.
#include "frame.h"
#include <algorithm>

// The picture, or nothing of it.
static void expect(const std::vector<GLubyte>& p, GLubyte value, const char* what) {
    auto all = [&](GLubyte v) {
        return std::all_of(p.begin(), p.end(), [&](GLubyte b) { return b == v; });
    };
    if (!all(value) && !all(0))
        Frames::fail(what);
}

int main(int argc, char** argv) {
    Frames f(16, 16, nullptr);
    f.width = f.height = 0; // the window's own picture may be lost: it is not looked at
    std::vector<GLubyte> noise(64 * 64 * 4), level(16 * 16 * 4), drawn(32 * 32 * 4);
    for (size_t i = 0; i < noise.size(); ++i)
        noise[i] = (GLubyte)(i * 2654435761u >> 13);
    GLuint tex[3], fb[3], rb = 0;
    glGenTextures(3, tex);
    glGenFramebuffers(3, fb);
    glGenRenderbuffers(1, &rb);
    glBindTexture(GL_TEXTURE_2D, tex[0]);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 64, 64, 0, GL_RGBA, GL_UNSIGNED_BYTE, noise.data());
    glTexSubImage2D(GL_TEXTURE_2D, 0, 8, 8, 4, 4, GL_RGBA, GL_UNSIGNED_BYTE, noise.data());
    glGenerateMipmap(GL_TEXTURE_2D);
    glBindTexture(GL_TEXTURE_2D, tex[1]);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 32, 32, 0, GL_RGBA, GL_UNSIGNED_BYTE, nullptr);
    glBindTexture(GL_TEXTURE_2D, tex[2]);
    glTexStorage2D(GL_TEXTURE_2D, 1, GL_RGBA8, 32, 32);
    glBindRenderbuffer(GL_RENDERBUFFER, rb);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, 32, 32);
    for (int i = 0; i < 3; ++i) {
        glBindFramebuffer(GL_FRAMEBUFFER, fb[i]);
        if (i < 2)
            glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, tex[i + 1],
                                   0);
        else
            glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, rb);
        glClearColor(1, 1, 1, 1);
        glClear(GL_COLOR_BUFFER_BIT);
    }
    const int n = frames_wanted(argc, argv);
    for (int i = 0; i < n; ++i) {
        glBindTexture(GL_TEXTURE_2D, tex[0]);
        glGetTexImage(GL_TEXTURE_2D, 2, GL_RGBA, GL_UNSIGNED_BYTE, level.data());
        f.add(level.data(), level.size());
        for (int k = 1; k < 3; ++k) {
            glBindTexture(GL_TEXTURE_2D, tex[k]);
            glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, drawn.data());
            expect(drawn, 255, "a texture");
        }
        glReadPixels(0, 0, 32, 32, GL_RGBA, GL_UNSIGNED_BYTE, drawn.data());
        expect(drawn, 255, "a renderbuffer");
        f.done();
    }
}
