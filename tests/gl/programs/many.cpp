// Very many live objects: GLCKPT_MANY textures (100,000), of 4x4 texels each, all different.
#include "frame.h"

namespace {
constexpr EGLint kContext[] = {EGL_CONTEXT_MAJOR_VERSION, 2, EGL_NONE};

void quad() {
    glBegin(GL_QUADS);
    for (int i = 0; i < 4; ++i) {
        const float x = i == 1 || i == 2 ? 1.f : 0.f, y = i > 1 ? 1.f : 0.f;
        glTexCoord2f(x, y);
        glVertex2f(2 * x - 1, 2 * y - 1);
    }
    glEnd();
}
} // namespace

int main(int argc, char** argv) {
    Frames f(32, 32, kContext);
    const char* e = getenv("GLCKPT_MANY");
    const int many = e ? atoi(e) : 100000;
    std::vector<GLuint> names((size_t)many);
    glGenTextures(many, names.data());
    for (int i = 0; i < many; ++i) {
        uint32_t texels[16];
        for (uint32_t k = 0; k < 16; ++k)
            texels[k] = (((uint32_t)i * 2654435761u) ^ (k * 0x01010101u)) | 0xff000000u;
        glBindTexture(GL_TEXTURE_2D, names[(size_t)i]);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
        glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 4, 4, 0, GL_RGBA, GL_UNSIGNED_BYTE, texels);
    }
    glEnable(GL_TEXTURE_2D);
    const int frames = frames_wanted(argc, argv);
    for (int i = 0; i < frames; ++i) {
        glBindTexture(GL_TEXTURE_2D, names[(size_t)i * 7919 % (size_t)many]);
        quad();
        f.done();
    }
}
