// Bare GLX windows that contexts of two configs draw to by turns: the one has several samples, the
// other none. What a window is then decides the context that came to it first, until none is left
// that was bound to it last; every eight frames both leave for the other window, and another of
// them comes first. A third context, of a config with other colors, has a pbuffer of its own to
// draw from into a texture, and ends each time bound to one of theirs, where Mesa lets it do
// nothing. Prints as frame.h does.
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

// What only the GPU has, in a context that is left at a window it cannot draw to.
static void draw_aside(GLuint* framebuffer, int i) {
    unsigned char pixels[16 * 16 * 4];
    const bool first = !*framebuffer;
    if (first) {
        GLuint texture = 0;
        glGenTextures(1, &texture);
        glBindTexture(GL_TEXTURE_2D, texture);
        glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
        glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 16, 16, 0, GL_RGBA, GL_UNSIGNED_BYTE, nullptr);
        glGenFramebuffers(1, framebuffer);
        glBindFramebuffer(GL_FRAMEBUFFER, *framebuffer);
        glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
        glClearColor(0.5f, 0.5f, 0.5f, 0.5f);
        glClear(GL_COLOR_BUFFER_BIT);
        glEnable(GL_SCISSOR_TEST);
    }
    glScissor(i % 13, i % 11, 3, 5);
    glClearColor(0.01f * (float)(i % 100), 0.3f, 0.02f * (float)(i % 50), 1);
    glClear(GL_COLOR_BUFFER_BIT);
    glReadPixels(0, 0, 16, 16, GL_RGBA, GL_UNSIGNED_BYTE, pixels);
    add(pixels, sizeof pixels);
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
    int all = 0;
    GLXFBConfig deep = nullptr, *every = glXGetFBConfigs(d, DefaultScreen(d), &all);
    for (int i = 0, red = 0, type = 0; i < all && !deep; ++i)
        if (glXGetFBConfigAttrib(d, every[i], GLX_RED_SIZE, &red) == Success && red == 10 &&
            glXGetFBConfigAttrib(d, every[i], GLX_DRAWABLE_TYPE, &type) == Success &&
            (type & GLX_PBUFFER_BIT))
            deep = every[i];
    if (!several || !plain || !deep || n < 1 || m < 1) {
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
    GLXContext contexts[3];
    contexts[0] = glXCreateNewContext(d, plain[0], GLX_RGBA_TYPE, nullptr, True);
    contexts[1] = glXCreateNewContext(d, several[0], GLX_RGBA_TYPE, contexts[0], True);
    contexts[2] = glXCreateNewContext(d, deep, GLX_RGBA_TYPE, nullptr, True);
    const int size[] = {GLX_PBUFFER_WIDTH, 8, GLX_PBUFFER_HEIGHT, 8, None};
    const GLXPbuffer own = glXCreatePbuffer(d, deep, size);
    GLuint framebuffer = 0;
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
        if (turn == 5) {
            glXMakeCurrent(d, own, contexts[2]);
            draw_aside(&framebuffer, i);
            glXMakeCurrent(d, w, contexts[2]);
            glXMakeCurrent(d, None, nullptr);
        }
        usleep(pause);
    }
}
