// Two threads, two contexts that share objects: one uploads, the other draws what it uploaded.
#include "frame.h"
#include <semaphore.h>
#include <thread>

int main(int argc, char** argv) {
    Frames f(16, 16, nullptr);
    const int n = frames_wanted(argc, argv);
    GLuint textures[8], fbo;
    glGenTextures(8, textures);
    for (GLuint t : textures) {
        glBindTexture(GL_TEXTURE_2D, t);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    }
    glGenFramebuffers(1, &fbo);
    glFinish();
    static sem_t go, done;
    sem_init(&go, 0, 0);
    sem_init(&done, 0, 0);
    std::thread loader([&] {
        eglBindAPI(EGL_OPENGL_API);
        EGLConfig config;
        EGLint k = 0;
        const EGLint any[] = {EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_SURFACE_TYPE,
                              EGL_PBUFFER_BIT, EGL_NONE};
        eglChooseConfig(f.display, any, &config, 1, &k);
        const EGLContext other = eglCreateContext(f.display, config, f.context, nullptr);
        if (!eglMakeCurrent(f.display, EGL_NO_SURFACE, EGL_NO_SURFACE, other))
            Frames::fail("second context");
        for (int i = 0; i < n; ++i) {
            sem_wait(&go);
            std::vector<unsigned char> p(16 * 16 * 4);
            for (size_t b = 0; b < p.size(); ++b)
                p[b] = (unsigned char)(b * 7 + (size_t)i * 13);
            glBindTexture(GL_TEXTURE_2D, textures[i % 8]);
            glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 16, 16, 0, GL_RGBA, GL_UNSIGNED_BYTE,
                         p.data());
            glFlush();
            sem_post(&done);
        }
    });
    glBindFramebuffer(GL_FRAMEBUFFER, fbo);
    for (int i = 0; i < n; ++i) {
        sem_post(&go);
        sem_wait(&done);
        glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, textures[i % 8],
                               0);
        f.done();
    }
    loader.join();
    return 0;
}
