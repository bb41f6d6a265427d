// A robust context (it is told of resets; browsers ask for that): what only the GPU has of a
// texture is read by a helper that shares with it, which only one of the same kind can.
#include "frame.h"

int main(int argc, char** argv) {
    const EGLint robust[] = {EGL_CONTEXT_OPENGL_RESET_NOTIFICATION_STRATEGY,
                             EGL_LOSE_CONTEXT_ON_RESET, EGL_NONE};
    Frames f(32, 32, robust);
    const int n = frames_wanted(argc, argv);
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
        const GLenum status = glGetGraphicsResetStatusARB(), error = glGetError();
        f.add(&status, sizeof status);
        f.add(&error, sizeof error);
        f.done();
    }
}
