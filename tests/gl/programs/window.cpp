// A GLX window with several samples (or, GL_WINDOW=accum, an accumulation buffer; GL_WINDOW=srgb,
// one whose colors are encoded, and which has one color buffer alone): what each sample holds shows
// frames later. GL_WINDOW=visual: only the window's visual has several samples,
// not the context, which is current with it for one frame at a time. Prints as frame.h does.
#define GL_GLEXT_PROTOTYPES
#include <GL/gl.h>
#include <GL/glx.h>
#include <X11/Xlib.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>
#include <vector>

static uint32_t crc = 2166136261u;
static void add(const void* p, size_t n) {
    for (size_t i = 0; i < n; ++i)
        crc = (crc ^ ((const unsigned char*)p)[i]) * 16777619u;
}

int main(int argc, char** argv) {
    const char* kind = getenv("GL_WINDOW") ? getenv("GL_WINDOW") : "samples";
    const bool srgb = strcmp(kind, "srgb") == 0, visual_only = strcmp(kind, "visual") == 0;
    const bool samples = strcmp(kind, "accum") != 0 && !srgb;
    const useconds_t pause =
        getenv("FRAME_PAUSE_US") ? (useconds_t)atoi(getenv("FRAME_PAUSE_US")) : 0;
    setvbuf(stdout, nullptr, _IOLBF, 0);
    Display* d = XOpenDisplay(nullptr);
    if (!d)
        return 1;
    int want[] = {GLX_DOUBLEBUFFER,
                  srgb ? False : True,
                  GLX_RED_SIZE,
                  8,
                  GLX_DEPTH_SIZE,
                  24,
                  samples ? GLX_SAMPLES : GLX_ACCUM_RED_SIZE,
                  samples ? 4 : 16,
                  srgb ? GLX_FRAMEBUFFER_SRGB_CAPABLE_ARB : (int)None,
                  True,
                  None};
    int n = 0;
    GLXFBConfig* configs = glXChooseFBConfig(d, DefaultScreen(d), want, &n);
    if (!configs || n < 1) {
        printf("FAILED no config\n");
        return 1;
    }
    XVisualInfo* v = glXGetVisualFromFBConfig(d, configs[0]);
    XSetWindowAttributes a{};
    a.colormap = XCreateColormap(d, RootWindow(d, v->screen), v->visual, AllocNone);
    const Window w = XCreateWindow(d, RootWindow(d, v->screen), 0, 0, 64, 64, 0, v->depth,
                                   InputOutput, v->visual, CWColormap, &a);
    XMapWindow(d, w);
    XSync(d, False);
    if (visual_only) {
        want[6] = None;
        configs = glXChooseFBConfig(d, DefaultScreen(d), want, &n);
    }
    const GLXContext c = glXCreateNewContext(d, configs[0], GLX_RGBA_TYPE, nullptr, True);
    glXMakeCurrent(d, w, c);
    GLint is_multisample = 0;
    glGetIntegerv(GL_SAMPLES, &is_multisample);
    std::vector<unsigned char> pixels(64 * 64 * 4);
    for (int i = 0, frames = argc > 1 ? atoi(argv[1]) : 20; i < frames; ++i) {
        if (visual_only)
            glXMakeCurrent(d, w, c);
        // Drawn once in a while; in between it is only resolved, or returned.
        if (i % 8 == 0 || visual_only) {
            glClearColor(0.2f, 0.1f * (float)(i % 10), 0.6f, 1);
            glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
            glBegin(GL_TRIANGLES); // its edges cover some of the samples
            glColor3f(0.9f, 0.5f, 0.1f);
            glVertex2f(-0.8f, -0.7f);
            glVertex2f(0.9f, -0.3f + 0.01f * (float)i);
            glVertex2f(0.1f, 0.8f);
            glEnd();
            if (!samples)
                glAccum(GL_LOAD, 0.75f);
        } else if (samples) {
            glColor3f(0.1f, 0.1f * (float)(i % 8), 0.9f); // over some samples of what was there
            glBegin(GL_TRIANGLES);
            glVertex2f(-0.9f, 0.1f * (float)(i % 8));
            glVertex2f(0.3f, -0.9f);
            glVertex2f(0.35f, -0.8f);
            glEnd();
        } else {
            if (i % 3 == 0)
                glAccum(GL_MULT, 0.9f);
            glAccum(GL_RETURN, 1.0f);
        }
        add(&is_multisample, sizeof is_multisample);
        glReadBuffer(GL_BACK);
        glReadPixels(0, 0, 64, 64, GL_RGBA, GL_UNSIGNED_BYTE, pixels.data());
        add(pixels.data(), pixels.size());
        if (const GLenum e = glGetError()) {
            printf("frame %d: GL error %#x\n", i, e);
            return 1;
        }
        printf("frame %d crc %08x\n", i, crc);
        if (visual_only) {
            glXMakeCurrent(d, None, nullptr);
            glXSwapBuffers(d, w);
        }
        usleep(pause);
    }
}
