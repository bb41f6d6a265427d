// Configs that a program has not used before its renderer is another one: each frame a drawable and
// a context of the next config, with a little drawing.
#include "frame.h"

int main(int argc, char** argv) {
    Frames f(32, 32, nullptr);
    const EGLint want[] = {EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT,
                           EGL_NONE};
    EGLConfig configs[256];
    EGLint count = 0;
    if (!eglChooseConfig(f.display, want, configs, 256, &count) || count < 1)
        Frames::fail("no config");
    const int n = frames_wanted(argc, argv);
    for (int i = 0; i < n; ++i) {
        const EGLConfig config = configs[i % count];
        const EGLint size[] = {EGL_WIDTH, 24, EGL_HEIGHT, 8, EGL_NONE};
        EGLSurface s = eglCreatePbufferSurface(f.display, config, size);
        EGLContext c = eglCreateContext(f.display, config, EGL_NO_CONTEXT, nullptr);
        if (!s || !c || !eglMakeCurrent(f.display, s, s, c))
            Frames::fail("no context of another config");
        EGLint id = 0;
        eglGetConfigAttrib(f.display, config, EGL_CONFIG_ID, &id);
        f.add(&id, sizeof id);
        GLint bits[5];
        const GLenum which[] = {GL_RED_BITS, GL_ALPHA_BITS, GL_DEPTH_BITS, GL_STENCIL_BITS,
                                GL_SAMPLES};
        for (int k = 0; k < 5; ++k)
            glGetIntegerv(which[k], &bits[k]);
        f.add(bits, sizeof bits);
        glClearColor(0.2f, (GLfloat)(i % 9) / 9, 0.6f, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        GLubyte pixels[8 * 4];
        glReadPixels(0, 0, 8, 1, GL_RGBA, GL_UNSIGNED_BYTE, pixels);
        f.add(pixels, sizeof pixels);
        eglMakeCurrent(f.display, f.surface, f.surface, f.context);
        eglDestroyContext(f.display, c);
        eglDestroySurface(f.display, s);
        glClearColor((GLfloat)(i % 5) / 5, 0, 0, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        f.done();
    }
}
