// Bare GLX windows that contexts of two configs draw to by turns: the one has several samples, the
// other none. What a window is then decides the context that came to it first, until none is left
// that was bound to it last; every eight frames both leave for the other window, and another of
// them comes first. Prints as frame.h does.
#define GL_GLEXT_PROTOTYPES
#include <GL/gl.h>
#include <GL/glx.h>
#include <X11/Xlib.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>
#include <vector>

static uint32_t crc = 2166136261u;
static void add(const void* p, size_t n) {
    for (size_t i = 0; i < n; ++i)
        crc = (crc ^ ((const unsigned char*)p)[i]) * 16777619u;
}

static void triangle(const float* color, float x, float y) {
    glColor3fv(color);
    glBegin(GL_TRIANGLES); // its edges cover some of the samples
    glVertex3f(-0.9f, y, 0.5f * x);
    glVertex3f(0.3f + x, -0.9f, 0.2f);
    glVertex3f(0.35f, 0.8f, -0.3f);
    glEnd();
}

int main(int argc, char** argv) {
    const useconds_t pause =
        getenv("FRAME_PAUSE_US") ? (useconds_t)atoi(getenv("FRAME_PAUSE_US")) : 0;
    setvbuf(stdout, nullptr, _IOLBF, 0);
    Display* d = XOpenDisplay(nullptr);
    if (!d)
        return 1;
    int want[] = {GLX_DOUBLEBUFFER, True, GLX_RED_SIZE, 8, GLX_DEPTH_SIZE, 24,
                  GLX_SAMPLES,      4,    None};
    int n = 0, m = 0;
    GLXFBConfig* several = glXChooseFBConfig(d, DefaultScreen(d), want, &n);
    want[6] = None;
    GLXFBConfig* plain = glXChooseFBConfig(d, DefaultScreen(d), want, &m);
    if (!several || !plain || n < 1 || m < 1) {
        printf("FAILED no config\n");
        return 1;
    }
    XVisualInfo* v = glXGetVisualFromFBConfig(d, several[0]);
    XSetWindowAttributes a{};
    a.colormap = XCreateColormap(d, RootWindow(d, v->screen), v->visual, AllocNone);
    Window windows[2];
    for (Window& w : windows) {
        w = XCreateWindow(d, RootWindow(d, v->screen), 0, 0, 64, 64, 0, v->depth, InputOutput,
                          v->visual, CWColormap, &a);
        XMapWindow(d, w);
    }
    XSync(d, False);
    GLXContext contexts[2];
    contexts[0] = glXCreateNewContext(d, plain[0], GLX_RGBA_TYPE, nullptr, True);
    contexts[1] = glXCreateNewContext(d, several[0], GLX_RGBA_TYPE, contexts[0], True);
    std::vector<unsigned char> pixels(64 * 64 * 4);
    for (int i = 0, frames = argc > 1 ? atoi(argv[1]) : 20; i < frames; ++i) {
        const int phase = i / 8, turn = i % 8;
        const Window w = windows[phase & 1];
        // The first two of a phase decide, by turns of phases; then it is either's turn.
        const int which = turn < 2 ? turn ^ (phase / 2 & 1) : (i * 5 / 3) & 1;
        glXMakeCurrent(d, w, contexts[which]);
        glEnable(GL_DEPTH_TEST);
        if (turn == 0) {
            glClearColor(0.2f, 0.1f * (float)(phase % 10), 0.6f, 1);
            glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
        }
        const float color[] = {0.1f * (float)turn, 0.9f - 0.1f * (float)turn, 0.3f};
        triangle(color, 0.05f * (float)turn, 0.1f * (float)(i % 7));
        GLint samples = 0;
        glGetIntegerv(GL_SAMPLES, &samples);
        add(&samples, sizeof samples);
        glReadBuffer(GL_BACK);
        glReadPixels(0, 0, 64, 64, GL_RGBA, GL_UNSIGNED_BYTE, pixels.data());
        add(pixels.data(), pixels.size());
        if (const GLenum e = glGetError()) {
            printf("frame %d: GL error %#x\n", i, e);
            return 1;
        }
        printf("frame %d crc %08x\n", i, crc);
        if (getenv("TWO_CONFIGS_TELL"))
            fprintf(stderr, "frame %d context %d samples %d\n", i, which, samples);
        if (turn == 4)
            glXMakeCurrent(d, None, nullptr);
        usleep(pause);
    }
}
