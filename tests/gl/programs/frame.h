// What the GL test programs share: a surfaceless context of their own and a running checksum.
// Each prints "frame N crc XXXXXXXX" after every frame and nothing else; the same program must
// print the same natively, under glckpt-run, with its renderer replaced all the time, and across
// checkpoints.
#pragma once
#define EGL_NO_X11
#define GL_GLEXT_PROTOTYPES
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GL/gl.h>
#include <GL/glext.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>
#include <vector>

struct Frames {
    int width, height;
    EGLDisplay display;
    EGLSurface surface;
    EGLContext context;
    uint32_t crc = 2166136261u;
    int frame = 0;
    const bool trace = getenv("FRAME_TRACE") != nullptr; // to find what differs
    int pause_us = getenv("FRAME_PAUSE_US") ? atoi(getenv("FRAME_PAUSE_US")) : 0;

    Frames(int w, int h, const EGLint* context_attribs) : width(w), height(h) {
        display =
            eglGetPlatformDisplay(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, nullptr);
        eglInitialize(display, nullptr, nullptr);
        eglBindAPI(EGL_OPENGL_API);
        const EGLint want[] = {EGL_SURFACE_TYPE,
                               EGL_PBUFFER_BIT,
                               EGL_RENDERABLE_TYPE,
                               EGL_OPENGL_BIT,
                               EGL_RED_SIZE,
                               8,
                               EGL_ALPHA_SIZE,
                               8,
                               EGL_DEPTH_SIZE,
                               24,
                               EGL_STENCIL_SIZE,
                               8,
                               EGL_NONE};
        EGLConfig config;
        EGLint n = 0;
        if (!eglChooseConfig(display, want, &config, 1, &n) || n < 1)
            fail("no config");
        const EGLint size[] = {EGL_WIDTH, w, EGL_HEIGHT, h, EGL_NONE};
        surface = eglCreatePbufferSurface(display, config, size);
        context = eglCreateContext(display, config, EGL_NO_CONTEXT, context_attribs);
        if (!eglMakeCurrent(display, surface, surface, context))
            fail("no context");
        setvbuf(stdout, nullptr, _IOLBF, 0);
    }
    [[noreturn]] static void fail(const char* why) {
        printf("FAILED %s\n", why);
        exit(1);
    }
    void add(const void* p, size_t n) {
        for (size_t i = 0; i < n; ++i)
            crc = (crc ^ ((const unsigned char*)p)[i]) * 16777619u;
        if (!trace)
            return;
        printf("add %zu:", n);
        for (size_t i = 0; i < n && i < 64; ++i)
            printf(" %02x", ((const unsigned char*)p)[i]);
        printf(" (%08x)\n", crc);
    }
    // In the middle of a frame: time for a checkpoint to fall between two commands.
    void moment() const {
        if (pause_us)
            usleep((useconds_t)pause_us / 4);
    }
    // The picture, and whatever the program adds.
    void done() {
        std::vector<unsigned char> pixels((size_t)width * (size_t)height * 4);
        glReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE, pixels.data());
        add(pixels.data(), pixels.size());
        if (const GLenum e = glGetError()) {
            printf("frame %d: GL error %#x\n", frame, e);
            exit(1);
        }
        printf("frame %d crc %08x\n", frame++, crc);
        if (pause_us)
            usleep((useconds_t)pause_us);
        // FRAME_HOLD=N:FILE: behind frame N, stands until there is the file.
        const char* hold = getenv("FRAME_HOLD");
        const char* file = hold ? strchr(hold, ':') : nullptr;
        while (file && atoi(hold) == frame - 1 && access(file + 1, F_OK) != 0)
            usleep(10'000);
    }
};

inline int frames_wanted(int argc, char** argv) { return argc > 1 ? atoi(argv[1]) : 20; }
