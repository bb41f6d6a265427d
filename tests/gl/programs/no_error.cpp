// Contexts without errors, two that share: they say so, tell no errors, and what only the GPU has
// of a texture of theirs is read by a helper that must share with them. Contexts that do not agree
// in it do not share.
#include "frame.h"
#ifndef EGL_CONTEXT_OPENGL_NO_ERROR_KHR
#define EGL_CONTEXT_OPENGL_NO_ERROR_KHR 0x31B3
#endif

int main(int argc, char** argv) {
    const EGLint no_errors[] = {EGL_CONTEXT_MAJOR_VERSION,
                                3,
                                EGL_CONTEXT_MINOR_VERSION,
                                0,
                                EGL_CONTEXT_OPENGL_NO_ERROR_KHR,
                                EGL_TRUE,
                                EGL_NONE};
    const EGLint with_errors[] = {EGL_CONTEXT_MAJOR_VERSION, 3, EGL_CONTEXT_MINOR_VERSION, 0,
                                  EGL_NONE};
    Frames f(32, 32, no_errors);
    const int n = frames_wanted(argc, argv);
    EGLConfig config;
    EGLint count = 0, id = 0;
    eglQueryContext(f.display, f.context, EGL_CONFIG_ID, &id);
    const EGLint wanted[] = {EGL_CONFIG_ID, id, EGL_NONE};
    eglChooseConfig(f.display, wanted, &config, 1, &count);
    auto make = [&](EGLContext share, const EGLint* attribs) {
        const EGLContext c = eglCreateContext(f.display, config, share, attribs);
        const EGLint error = eglGetError();
        const bool made = c != EGL_NO_CONTEXT;
        f.add(&error, sizeof error);
        f.add(&made, sizeof made);
        return c;
    };
    GLuint texture, fb;
    glGenTextures(1, &texture);
    glBindTexture(GL_TEXTURE_2D, texture);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 32, 32, 0, GL_RGBA, GL_UNSIGNED_BYTE, nullptr);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    glGenFramebuffers(1, &fb);
    glBindFramebuffer(GL_FRAMEBUFFER, fb);
    glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
    glBindFramebuffer(GL_FRAMEBUFFER, 0);
    for (int i = 0; i < n; ++i) {
        if (i % 6 == 0) {
            glBindFramebuffer(GL_FRAMEBUFFER, fb);
            glClearColor(0.1f * (float)(i % 10), 0.6f, 0.01f * (float)(i % 100), 1);
            glClear(GL_COLOR_BUFFER_BIT);
            glBegin(GL_TRIANGLES);
            glColor3f(1, 0.1f * (float)(i % 9), 0);
            glVertex2f(-0.8f, -0.8f);
            glColor3f(0, 1, 0.3f);
            glVertex2f(0.9f, -0.5f);
            glVertex2f(0, 0.9f);
            glEnd();
            glBindFramebuffer(GL_FRAMEBUFFER, 0);
        }
        if (i % 10 == 3) { // in the middle of the run, too: also after a restore
            make(f.context, with_errors);
            const EGLContext alone = make(EGL_NO_CONTEXT, with_errors);
            make(alone, no_errors);
            const EGLContext other = make(f.context, no_errors);
            eglMakeCurrent(f.display, f.surface, f.surface, other);
            const GLboolean shared = glIsTexture(texture);
            f.add(&shared, sizeof shared);
            eglMakeCurrent(f.display, f.surface, f.surface, f.context);
            eglDestroyContext(f.display, other);
            eglDestroyContext(f.display, alone);
        }
        f.moment();
        glClear(GL_COLOR_BUFFER_BIT);
        glEnable(GL_TEXTURE_2D);
        glColor3f(1, 1, 1);
        glBegin(GL_TRIANGLE_STRIP);
        for (int k = 0; k < 4; ++k) {
            glTexCoord2i(k & 1, k >> 1);
            glVertex2i(k & 1 ? 1 : -1, k >> 1 ? 1 : -1);
        }
        glEnd();
        glDisable(GL_TEXTURE_2D);
        GLint flags[2] = {};
        glGetIntegerv(GL_CONTEXT_FLAGS, &flags[0]);
        glGetIntegerv(GL_CONTEXT_FLAGS, &flags[1]); // as kept
        GLfloat as_float = 0;
        glGetFloatv(GL_CONTEXT_FLAGS, &as_float);
        GLboolean as_boolean = GL_FALSE;
        glGetBooleanv(GL_CONTEXT_FLAGS, &as_boolean);
        glEnable(0xBAD); // undefined what it does, but no driver does anything with it
        const GLenum error = glGetError();
        f.add(flags, sizeof flags);
        f.add(&as_float, sizeof as_float);
        f.add(&as_boolean, sizeof as_boolean);
        f.add(&error, sizeof error);
        f.done();
    }
}
