// What a GL call costs the thread that makes it, and what a call costs that needs an answer.
//
// Each figure is a burst behind a glFinish: it starts with an idle driver (or an empty stream) and
// is small enough to fit glckpt's ring and arena, so it is the price of the calls themselves, not
// that of waiting for whoever executes them. Frames per second, measured elsewhere, contain both.
//
// Usage: bench_gl_calls BURSTS; prints "name wall_ns cpu_ns" lines: medians over bursts. The last
// line, "driver_here 0|1", says whether the driver was in this process, that is, who was measured.
#define GL_GLEXT_PROTOTYPES
#define EGL_EGLEXT_PROTOTYPES
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

constexpr int kTextureSide = 512; // RGBA: 1 MiB
constexpr GLsizeiptr kBufferBytes = 1 << 20, kUpdateBytes = 4096;

double nanoseconds(clockid_t clock) {
    timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

[[noreturn]] void fail(const char* what) {
    fprintf(stderr, "bench_gl_calls: %s\n", what);
    exit(1);
}

double at_fraction(std::vector<double>& values, double fraction) {
    std::sort(values.begin(), values.end());
    return values[std::min(values.size() - 1, size_t(values.size() * fraction))];
}

// Runs `call(i)` `calls` times in each of `bursts` bursts; `around` opens and closes a burst.
template <class Call, class Around>
void measure(const char* name, int bursts, int calls, Call call, Around around) {
    std::vector<double> wall, cpu;
    for (int burst = 0; burst < bursts; ++burst) {
        glFinish();
        around(true);
        const double wall0 = nanoseconds(CLOCK_MONOTONIC);
        const double cpu0 = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
        for (int i = 0; i < calls; ++i)
            call(i);
        const double cpu1 = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
        const double wall1 = nanoseconds(CLOCK_MONOTONIC);
        around(false);
        wall.push_back((wall1 - wall0) / calls);
        cpu.push_back((cpu1 - cpu0) / calls);
    }
    glFinish();
    printf("%s %.1f %.1f\n", name, at_fraction(wall, 0.5), at_fraction(cpu, 0.5));
}

template <class Call>
void measure(const char* name, int bursts, int calls, Call call) {
    measure(name, bursts, calls, call, [](bool) {});
}

void make_context() {
    EGLDisplay display =
        eglGetPlatformDisplay(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, nullptr);
    if (!eglInitialize(display, nullptr, nullptr) || !eglBindAPI(EGL_OPENGL_API))
        fail("no surfaceless EGL with desktop GL");
    const EGLint attributes[] = {EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE,
                                 EGL_OPENGL_BIT, EGL_NONE};
    EGLConfig config;
    EGLint count = 0;
    if (!eglChooseConfig(display, attributes, &config, 1, &count) || !count)
        fail("no EGL config");
    EGLContext context = eglCreateContext(display, config, EGL_NO_CONTEXT, nullptr);
    if (!context || !eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context))
        fail("no surfaceless context");
}

void make_target() {
    GLuint framebuffer, color;
    glGenRenderbuffers(1, &color);
    glBindRenderbuffer(GL_RENDERBUFFER, color);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, 64, 64);
    glGenFramebuffers(1, &framebuffer);
    glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, color);
    if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE)
        fail("framebuffer is incomplete");
    glViewport(0, 0, 1, 1); // calls, not pixels
}

GLuint shader(GLenum kind, const char* source) {
    const GLuint s = glCreateShader(kind);
    glShaderSource(s, 1, &source, nullptr);
    glCompileShader(s);
    return s;
}

GLuint make_program() {
    const GLuint program = glCreateProgram();
    glAttachShader(program,
                   shader(GL_VERTEX_SHADER, "#version 120\nuniform vec4 offset;\n"
                                            "void main() { gl_Position = gl_Vertex + offset; }"));
    glAttachShader(program, shader(GL_FRAGMENT_SHADER,
                                   "#version 120\nvoid main() { gl_FragColor = vec4(1.0); }"));
    glLinkProgram(program);
    GLint linked = 0;
    glGetProgramiv(program, GL_LINK_STATUS, &linked);
    if (!linked)
        fail("the program does not link");
    return program;
}

void measure_vertices(int bursts) {
    measure(
        "glVertex3f", bursts, 20000, [](int i) { glVertex3f(5, 5, float(i)); },
        [](bool open) { open ? glBegin(GL_POINTS) : glEnd(); });
}

void measure_uniforms(int bursts) {
    const GLuint program = make_program();
    glUseProgram(program);
    const GLint offset = glGetUniformLocation(program, "offset");
    measure("glUniform4fv", bursts, 20000, [offset](int i) {
        // A new value each time: drivers do nothing for an old one.
        const float value[4] = {9, 9, 9, float(i)};
        glUniform4fv(offset, 1, value);
    });
    glUseProgram(0);
}

void measure_buffers(int bursts, const std::vector<char>& data) {
    GLuint buffer;
    glGenBuffers(1, &buffer);
    glBindBuffer(GL_ARRAY_BUFFER, buffer);
    glBufferData(GL_ARRAY_BUFFER, kBufferBytes, data.data(), GL_DYNAMIC_DRAW);
    glVertexPointer(3, GL_FLOAT, 0, nullptr);
    glEnableClientState(GL_VERTEX_ARRAY);
    measure("glDrawArrays", bursts, 2000, [](int) { glDrawArrays(GL_TRIANGLES, 0, 3); });
    measure("glBufferSubData_4KiB", bursts, 500, [&](int i) {
        const GLintptr offset = (i % (kBufferBytes / kUpdateBytes)) * kUpdateBytes;
        glBufferSubData(GL_ARRAY_BUFFER, offset, kUpdateBytes, data.data());
    });
}

void measure_textures(int bursts, const std::vector<char>& data) {
    GLuint texture;
    glGenTextures(1, &texture);
    glBindTexture(GL_TEXTURE_2D, texture);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, kTextureSide, kTextureSide, 0, GL_RGBA,
                 GL_UNSIGNED_BYTE, data.data());
    measure("glTexSubImage2D_1MiB", bursts, 4, [&](int) {
        glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, kTextureSide, kTextureSide, GL_RGBA,
                        GL_UNSIGNED_BYTE, data.data());
    });
}

// Asked of the renderer: glckpt does not keep the driver's limits.
void measure_round_trip(int bursts) {
    std::vector<double> wall;
    glFinish();
    for (int i = 0; i < bursts * 200; ++i) {
        GLint limit;
        const double begin = nanoseconds(CLOCK_MONOTONIC);
        glGetIntegerv(GL_MAX_TEXTURE_SIZE, &limit);
        wall.push_back(nanoseconds(CLOCK_MONOTONIC) - begin);
    }
    printf("round_trip_median %.1f 0\n", at_fraction(wall, 0.5));
    printf("round_trip_p99 %.1f 0\n", at_fraction(wall, 0.99));
}

bool driver_is_here() {
    FILE* maps = fopen("/proc/self/maps", "re");
    bool found = false;
    char line[4096];
    while (maps && fgets(line, sizeof line, maps))
        found |= strstr(line, "_dri.so") || strstr(line, "libgallium");
    if (maps)
        fclose(maps);
    return found;
}

} // namespace

int main(int argc, char** argv) {
    const int bursts = argc > 1 ? atoi(argv[1]) : 40;
    const std::vector<char> data(kBufferBytes, 1);
    make_context();
    make_target();
    measure_vertices(bursts);
    measure_uniforms(bursts);
    measure_buffers(bursts, data);
    measure_textures(bursts, data);
    measure_round_trip(bursts);
    if (glGetError() != GL_NO_ERROR)
        fail("a GL error");
    printf("driver_here %d 0\n", driver_is_here());
}
