// A program with many EGL objects and no X: two contexts that share, two pbuffers, a fence,
// contexts that move between threads and switch drawables. Prints a checksum of what it drew, a
// line a frame.
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GL/gl.h>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

constexpr int kSize = 64;
EGLDisplay g_display;

unsigned checksum(unsigned crc) {
    std::vector<unsigned char> pixels((size_t)(kSize * kSize * 4));
    glReadPixels(0, 0, kSize, kSize, GL_RGBA, GL_UNSIGNED_BYTE, pixels.data());
    for (const unsigned char c : pixels)
        crc = crc * 16777619u ^ c;
    return crc;
}

void triangle(float angle, float blue) {
    glClearColor(0, 0.2f, blue, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    glLoadIdentity();
    glRotatef(angle, 0, 0, 1);
    glEnable(GL_TEXTURE_2D);
    glBegin(GL_TRIANGLES);
    glTexCoord2f(0, 0);
    glVertex2f(-0.8f, -0.8f);
    glTexCoord2f(1, 0);
    glVertex2f(0.8f, -0.8f);
    glTexCoord2f(0, 1);
    glVertex2f(0, 0.8f);
    glEnd();
}

void check(bool ok, const char* what) {
    if (ok)
        return;
    printf("failed: %s (EGL error %#x)\n", what, (unsigned)eglGetError());
    exit(1);
}

} // namespace

int main() {
    const char* n = getenv("N");
    const int frames = n ? atoi(n) : 20;
    g_display = eglGetDisplay(EGL_DEFAULT_DISPLAY);
    check(eglInitialize(g_display, nullptr, nullptr), "eglInitialize");
    check(eglBindAPI(EGL_OPENGL_API), "eglBindAPI");
    const EGLint wanted[] = {EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE,
                             EGL_OPENGL_BIT,   EGL_RED_SIZE,    8,
                             EGL_NONE};
    EGLConfig config;
    EGLint count;
    check(eglChooseConfig(g_display, wanted, &config, 1, &count) && count == 1, "eglChooseConfig");
    const EGLint size[] = {EGL_WIDTH, kSize, EGL_HEIGHT, kSize, EGL_NONE};
    EGLSurface a = eglCreatePbufferSurface(g_display, config, size);
    EGLSurface b = eglCreatePbufferSurface(g_display, config, size);
    EGLContext first = eglCreateContext(g_display, config, EGL_NO_CONTEXT, nullptr);
    EGLContext second = eglCreateContext(g_display, config, first, nullptr);
    check(a && b && first && second, "creation");

    check(eglMakeCurrent(g_display, a, a, first), "first");
    GLuint texture;
    glGenTextures(1, &texture);
    unsigned crc = 2166136261u;
    for (int i = 0; i < frames; ++i) {
        // The first context uploads what the second one draws with.
        check(eglMakeCurrent(g_display, a, a, first), "first");
        unsigned char texels[16];
        for (int k = 0; k < 16; ++k)
            texels[k] = (unsigned char)(i * 7 + k * 13);
        glBindTexture(GL_TEXTURE_2D, texture);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
        glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, 2, 2, 0, GL_RGBA, GL_UNSIGNED_BYTE, texels);
        triangle((float)i, 0.5f);
        crc = checksum(crc);
        EGLSync sync = eglCreateSync(g_display, EGL_SYNC_FENCE, nullptr);
        check(sync != EGL_NO_SYNC, "eglCreateSync");

        check(eglMakeCurrent(g_display, b, b, second), "second");
        check(eglWaitSync(g_display, sync, 0), "eglWaitSync");
        glBindTexture(GL_TEXTURE_2D, texture);
        triangle((float)-i, 1.0f);
        crc = checksum(crc);
        check(eglClientWaitSync(g_display, sync, 0, EGL_FOREVER) == EGL_CONDITION_SATISFIED,
              "eglClientWaitSync");
        eglDestroySync(g_display, sync);

        // The drawables swapped: the contexts take over each other's.
        check(eglMakeCurrent(g_display, a, b, second), "draw a, read b");
        crc = checksum(crc);
        triangle((float)i * 2, 0.25f);
        glFinish();
        check(eglMakeCurrent(g_display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT), "release");
        std::thread([&] {
            eglBindAPI(EGL_OPENGL_API);
            check(eglMakeCurrent(g_display, a, a, second), "in another thread");
            crc = checksum(crc);
            eglMakeCurrent(g_display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
        }).join();
        printf("frame %d crc %08x\n", i, crc);
    }
    // Destroyed while current: stays until it is released.
    check(eglMakeCurrent(g_display, a, a, first), "first again");
    eglDestroyContext(g_display, first);
    eglDestroySurface(g_display, a);
    triangle(45, 0);
    printf("last crc %08x\n", checksum(crc));
    check(eglMakeCurrent(g_display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT), "release");
    check(!eglMakeCurrent(g_display, a, a, first), "what is gone is gone");
    check(eglTerminate(g_display), "eglTerminate");
}
