// What a draw costs while a large buffer is mapped persistently and coherently: few pages of it are
// written before each.
//
// Usage: bench_persistent_map FRAMES MIB...; prints "draw_NMiB wall_ns cpu_ns" (of the thread that
// draws; 10 draws a frame, 4 pages written before each), and "rewrite_NMiB wall_ns cpu_ns": a draw
// after all of the map was written.
#define GL_GLEXT_PROTOTYPES
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GL/gl.h>
#include <GL/glext.h>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

namespace {

double nanoseconds(clockid_t clock) {
    timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

[[noreturn]] void fail(const char* what) {
    fprintf(stderr, "bench_persistent_map: %s\n", what);
    exit(1);
}

double median(std::vector<double>& v) {
    std::sort(v.begin(), v.end());
    return v[v.size() / 2];
}

// `call(i)` is timed; the driver has nothing left to do before it.
template <class Call>
void measure(const char* name, int mib, int frames, int calls, Call call) {
    std::vector<double> wall, cpu;
    for (int frame = 0; frame < frames; ++frame) {
        glFinish();
        const double wall0 = nanoseconds(CLOCK_MONOTONIC);
        const double cpu0 = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
        for (int i = 0; i < calls; ++i)
            call(frame * calls + i);
        cpu.push_back((nanoseconds(CLOCK_THREAD_CPUTIME_ID) - cpu0) / calls);
        wall.push_back((nanoseconds(CLOCK_MONOTONIC) - wall0) / calls);
    }
    glFinish();
    printf("%s_%dMiB %.1f %.1f\n", name, mib, median(wall), median(cpu));
}

void with_map(int mib, int frames) {
    const GLsizeiptr bytes = (GLsizeiptr)mib << 20;
    GLuint buffer;
    glGenBuffers(1, &buffer);
    glBindBuffer(GL_ARRAY_BUFFER, buffer);
    const GLbitfield flags = GL_MAP_WRITE_BIT | GL_MAP_PERSISTENT_BIT | GL_MAP_COHERENT_BIT;
    glBufferStorage(GL_ARRAY_BUFFER, bytes, nullptr, flags);
    auto* p = (char*)glMapBufferRange(GL_ARRAY_BUFFER, 0, bytes, flags);
    if (!p)
        fail("no persistent map");
    memset(p, 0, (size_t)bytes);
    glVertexPointer(2, GL_FLOAT, 0, nullptr);
    glEnableClientState(GL_VERTEX_ARRAY);
    measure("draw", mib, frames, 10, [&](int i) {
        for (int k = 0; k < 4; ++k)
            p[((size_t)(i * 4 + k) * 4096 * 37 + 64) % (size_t)bytes] = (char)(i + 1);
        glDrawArrays(GL_TRIANGLES, 0, 3);
    });
    measure("rewrite", mib, std::max(frames / 20, 2), 1, [&](int i) {
        memset(p, i + 1, (size_t)bytes);
        glDrawArrays(GL_TRIANGLES, 0, 3);
    });
    glUnmapBuffer(GL_ARRAY_BUFFER);
    glDeleteBuffers(1, &buffer);
    if (glGetError())
        fail("a GL error");
}

} // namespace

int main(int argc, char** argv) {
    const int frames = argc > 1 ? atoi(argv[1]) : 100;
    EGLDisplay display =
        eglGetPlatformDisplay(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, nullptr);
    eglInitialize(display, nullptr, nullptr);
    eglBindAPI(EGL_OPENGL_API);
    const EGLint want[] = {EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT,
                           EGL_NONE};
    const EGLint size[] = {EGL_WIDTH, 16, EGL_HEIGHT, 16, EGL_NONE};
    EGLConfig config;
    EGLint n = 0;
    if (!eglChooseConfig(display, want, &config, 1, &n) || n < 1)
        fail("no config");
    const EGLContext context = eglCreateContext(display, config, EGL_NO_CONTEXT, nullptr);
    const EGLSurface surface = eglCreatePbufferSurface(display, config, size);
    if (!eglMakeCurrent(display, surface, surface, context))
        fail("no context");
    for (int i = 2; i < argc; ++i)
        with_map(atoi(argv[i]), frames);
}
