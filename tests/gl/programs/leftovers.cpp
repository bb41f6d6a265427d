// State that only shows later, left over from earlier frames: labels, a raster position that
// bitmaps have moved, stacks pushed with transformed lights and client arrays in them, samples of
// multisample images, a pbuffer that is current nowhere.
#include "frame.h"
#include <cstring>

static GLubyte bits[8] = {0x81, 0x42, 0x24, 0x18, 0x18, 0x24, 0x42, 0x81};

static void label(Frames& f, GLenum kind, GLuint name) {
    char text[64] = {};
    glGetObjectLabel(kind, name, sizeof text, nullptr, text);
    f.add(text, strlen(text));
    if (!*text)
        Frames::fail("a label is gone");
}

int main(int argc, char** argv) {
    Frames f(96, 64, nullptr);
    // A second pbuffer, drawn to once, and not current until the end of a dozen frames.
    EGLint id = 0;
    eglQueryContext(f.display, f.context, EGL_CONFIG_ID, &id);
    const EGLint by_id[] = {EGL_CONFIG_ID, id, EGL_NONE},
                 size[] = {EGL_WIDTH, 32, EGL_HEIGHT, 32, EGL_NONE};
    EGLConfig config;
    EGLint k = 0;
    eglChooseConfig(f.display, by_id, &config, 1, &k);
    const EGLSurface aside = eglCreatePbufferSurface(f.display, config, size);
    auto on_aside = [&](auto what) {
        eglMakeCurrent(f.display, aside, aside, f.context);
        what();
        eglMakeCurrent(f.display, f.surface, f.surface, f.context);
    };
    on_aside([] {
        glClearColor(0.3f, 0.6f, 0.9f, 1);
        glClear(GL_COLOR_BUFFER_BIT);
    });
    // Multisample: each sample has its own color.
    GLint samples = 0;
    glGetIntegerv(GL_MAX_SAMPLES, &samples);
    const bool multisample = samples >= 4;
    GLuint fb[3], rb[2], ms, plain;
    glGenFramebuffers(3, fb);
    glGenRenderbuffers(2, rb);
    glGenTextures(1, &ms);
    glGenTextures(1, &plain);
    glBindTexture(GL_TEXTURE_2D, plain);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 32, 32, 0, GL_RGBA, GL_UNSIGNED_BYTE, nullptr);
    glBindFramebuffer(GL_FRAMEBUFFER, fb[2]);
    glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, plain, 0);
    glBindTexture(GL_TEXTURE_2D, 0);
    if (multisample) {
        glBindRenderbuffer(GL_RENDERBUFFER, rb[0]);
        glRenderbufferStorageMultisample(GL_RENDERBUFFER, 4, GL_RGBA8, 32, 32);
        glBindRenderbuffer(GL_RENDERBUFFER, rb[1]);
        glRenderbufferStorageMultisample(GL_RENDERBUFFER, 4, GL_DEPTH24_STENCIL8, 32, 32);
        glBindFramebuffer(GL_FRAMEBUFFER, fb[0]);
        glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, rb[0]);
        glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_DEPTH_STENCIL_ATTACHMENT, GL_RENDERBUFFER,
                                  rb[1]);
        glBindTexture(GL_TEXTURE_2D_MULTISAMPLE, ms);
        glTexImage2DMultisample(GL_TEXTURE_2D_MULTISAMPLE, 4, GL_RGBA16F, 32, 32, GL_TRUE);
        glBindFramebuffer(GL_FRAMEBUFFER, fb[1]);
        glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D_MULTISAMPLE, ms,
                               0);
    }
    glBindFramebuffer(GL_FRAMEBUFFER, 0);
    glObjectLabel(GL_TEXTURE, plain, -1, "the plain one");
    glObjectLabel(GL_FRAMEBUFFER, fb[2], -1, "around it");
    const GLuint shader = glCreateShader(GL_VERTEX_SHADER), list = glGenLists(1);
    glObjectLabel(GL_SHADER, shader, 6, "shader and more");
    glNewList(list, GL_COMPILE);
    glEndList();
    const GLsync fence = glFenceSync(GL_SYNC_GPU_COMMANDS_COMPLETE, 0);
    glObjectPtrLabel(fence, -1, "fence");

    // Pushed: a light whose position went through a matrix that is gone, client arrays.
    glMatrixMode(GL_MODELVIEW);
    glPushMatrix();
    glRotatef(40, 0, 1, 0);
    const float at[] = {1, 0.5f, 1, 0};
    glLightfv(GL_LIGHT0, GL_POSITION, at);
    glPopMatrix();
    glEnable(GL_LIGHT0);
    glPushAttrib(GL_LIGHTING_BIT | GL_CURRENT_BIT);
    const float elsewhere[] = {-1, -1, 0.2f, 0};
    glLightfv(GL_LIGHT0, GL_POSITION, elsewhere);
    GLuint buffer[2];
    glGenBuffers(2, buffer);
    const float triangle[] = {-0.9f, -0.9f, 0.9f, -0.9f, 0, 0.9f}, other[] = {0, 0, 1, 0, 1, 1};
    for (int i = 0; i < 2; ++i) {
        glBindBuffer(GL_ARRAY_BUFFER, buffer[i]);
        glBufferData(GL_ARRAY_BUFFER, sizeof triangle, i ? other : triangle, GL_STATIC_DRAW);
    }
    glBindBuffer(GL_ARRAY_BUFFER, buffer[0]);
    glVertexPointer(2, GL_FLOAT, 0, nullptr);
    glEnableClientState(GL_VERTEX_ARRAY);
    glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
    glWindowPos2i(3, 5);
    for (int i = 0, n = frames_wanted(argc, argv); i < n; ++i) {
        glClearColor(0, 0, 0.1f, 1);
        glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
        // The raster position walks on from frame to frame.
        glColor3f(1, 1, 0);
        glBitmap(8, 8, 0, 0, 9, (float)(i % 3) - 1, bits);
        if (i % 9 == 8)
            glWindowPos2f(3.25f, 5.5f);
        float raster[4];
        glGetFloatv(GL_CURRENT_RASTER_POSITION, raster);
        f.add(raster, sizeof raster);
        glPushClientAttrib(GL_CLIENT_VERTEX_ARRAY_BIT);
        glBindBuffer(GL_ARRAY_BUFFER, buffer[1]);
        glVertexPointer(2, GL_FLOAT, 0, nullptr);
        glDrawArrays(GL_TRIANGLES, 0, 3);
        glGetFloatv(GL_CURRENT_COLOR, raster); // a moment with arrays pushed
        f.add(raster, sizeof raster);
        glPopClientAttrib();
        glColor3f(0, 0.4f, 0);
        glDrawArrays(GL_TRIANGLES, 0, 3);
        if (i % 4 == 3) { // back to the light that was pushed, and push it again
            glPopAttrib();
            glGetLightfv(GL_LIGHT0, GL_POSITION, raster);
            f.add(raster, sizeof raster);
            glEnable(GL_LIGHTING);
            glNormal3f(0, 0, 1);
            glRectf(-0.2f, -0.2f, 0.4f, 0.4f);
            glDisable(GL_LIGHTING);
            glPushAttrib(GL_LIGHTING_BIT | GL_CURRENT_BIT);
            glLightfv(GL_LIGHT0, GL_POSITION, elsewhere);
        }
        for (int target = 0; multisample && target < 2; ++target) {
            glBindFramebuffer(GL_FRAMEBUFFER, fb[target]);
            glEnable(GL_SAMPLE_MASK);
            glSampleMaski(0, 1u << (i % 4)); // one sample a frame
            glViewport(0, 0, 32, 32);
            glColor3f((float)(i % 5) * 0.2f, (float)(i % 7) * 0.14f, 0.5f);
            if (target == 0) { // depth and stencil differ by sample, too
                glEnable(GL_DEPTH_TEST);
                glEnable(GL_STENCIL_TEST);
                glStencilFunc(GL_GEQUAL, i % 8, 255);
                glStencilOp(GL_INCR, GL_INCR, GL_REPLACE);
                glDepthFunc(i % 2 ? GL_LESS : GL_GREATER);
            }
            glBegin(GL_TRIANGLES);
            glVertex3f(-1, -1, (float)(i % 3) * 0.3f - 0.4f), glVertex3f(1, -1, 0.7f),
                glVertex3f((float)(i % 6) * 0.3f - 0.9f, 1, -0.6f);
            glEnd();
            glDisable(GL_DEPTH_TEST);
            glDisable(GL_STENCIL_TEST);
            glDisable(GL_SAMPLE_MASK);
            glBindFramebuffer(GL_DRAW_FRAMEBUFFER, fb[2]);
            glBlitFramebuffer(0, 0, 32, 32, 0, 0, 32, 32, GL_COLOR_BUFFER_BIT, GL_NEAREST);
            glBindFramebuffer(GL_FRAMEBUFFER, fb[2]);
            unsigned char p[32 * 32 * 4];
            glReadPixels(0, 0, 32, 32, GL_RGBA, GL_UNSIGNED_BYTE, p);
            f.add(p, sizeof p);
            glBindFramebuffer(GL_FRAMEBUFFER, 0);
            glViewport(0, 0, 96, 64);
        }
        label(f, GL_TEXTURE, plain);
        label(f, GL_FRAMEBUFFER, fb[2]);
        label(f, GL_SHADER, shader);
        char text[16] = {};
        glGetObjectPtrLabel(fence, sizeof text, nullptr, text);
        f.add(text, sizeof text);
        if (i % 12 == 11)
            on_aside([&] {
                unsigned char p[4];
                glReadPixels(16, 16, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, p);
                f.add(p, 4);
            });
        f.done();
    }
    return 0;
}
