// Our eglChooseConfig against the real driver's, over random attribute lists.
// Usage: egl_choose [lists] (EGL_PLATFORM, DISPLAY: as for any EGL program)
#include "interpose/ws/egl_choose.h"
#include "log/ws_protocol.h"
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

using namespace glckpt;

namespace {

std::mt19937 g_random(20240612);
int pick(int n) { return (int)(g_random() % (unsigned)n); }

struct Values {
    int32_t attrib;
    std::vector<int32_t> values;
};
const Values kValues[] = {
    {EGL_BUFFER_SIZE, {0, 16, 24, 30, 32, 33, -1}},
    {EGL_RED_SIZE, {0, 1, 5, 8, 8, 10, -1}},
    {EGL_GREEN_SIZE, {0, 1, 6, 8, 8, 10}},
    {EGL_BLUE_SIZE, {0, 1, 5, 8, 8, 10}},
    {EGL_ALPHA_SIZE, {0, 1, 2, 8, 8, -1}},
    {EGL_DEPTH_SIZE, {0, 1, 16, 24, 32}},
    {EGL_STENCIL_SIZE, {0, 1, 8}},
    {EGL_SAMPLE_BUFFERS, {0, 1}},
    {EGL_SAMPLES, {0, 1, 4, 8}},
    {EGL_RENDERABLE_TYPE, {EGL_OPENGL_BIT, EGL_OPENGL_ES2_BIT, EGL_OPENGL_ES3_BIT, 0xd, -1}},
    {EGL_SURFACE_TYPE, {EGL_PBUFFER_BIT, EGL_WINDOW_BIT, EGL_PIXMAP_BIT, 0, 5, -1}},
    {EGL_CONFIG_CAVEAT, {EGL_NONE, EGL_SLOW_CONFIG, -1}},
    {EGL_CONFORMANT, {EGL_OPENGL_BIT, 0}},
    {EGL_LEVEL, {0, 0, 0, 1}},
    {EGL_TRANSPARENT_TYPE, {EGL_NONE, EGL_TRANSPARENT_RGB}},
    {EGL_NATIVE_RENDERABLE, {EGL_TRUE, EGL_FALSE, -1}},
    {EGL_COLOR_BUFFER_TYPE, {EGL_RGB_BUFFER, EGL_LUMINANCE_BUFFER}},
    {EGL_MIN_SWAP_INTERVAL, {0, 1}},
    {EGL_CONFIG_ID, {1, 7, 9999, -1}},
    {EGL_COLOR_COMPONENT_TYPE_EXT,
     {EGL_COLOR_COMPONENT_TYPE_FIXED_EXT, EGL_COLOR_COMPONENT_TYPE_FLOAT_EXT, -1}},
    {EGL_MAX_PBUFFER_WIDTH, {1, 100000}},
    {EGL_NATIVE_VISUAL_ID, {0x21}},
    {0x1234, {0}},
};

} // namespace

int main(int argc, char** argv) {
    const int lists = argc > 1 ? atoi(argv[1]) : 20000;
    EGLDisplay dpy = eglGetDisplay(EGL_DEFAULT_DISPLAY);
    if (!eglInitialize(dpy, nullptr, nullptr)) {
        fprintf(stderr, "no EGL display\n");
        return 77;
    }
    EGLConfig configs[4096];
    EGLint n = 0;
    eglGetConfigs(dpy, configs, 4096, &n);
    std::vector<int32_t> values;
    for (int i = 0; i < n; ++i)
        for (const int32_t a : log::ws::kEglConfigAttribs) {
            EGLint v;
            values.push_back(eglGetConfigAttrib(dpy, configs[i], a, &v) ? v : INT_MIN);
        }
    std::vector<const int32_t*> rows;
    for (int i = 0; i < n; ++i)
        rows.push_back(&values[(size_t)(i * log::ws::kEglConfigColumns)]);
    eglGetError();

    int wrong = 0, found = 0;
    for (int l = 0; l < lists; ++l) {
        std::vector<EGLint> list;
        const int length = pick(8);
        for (int k = 0; k < length; ++k) {
            const Values& v = kValues[pick((int)std::size(kValues))];
            list.push_back(v.attrib);
            list.push_back(v.values[(size_t)pick((int)v.values.size())]);
        }
        list.push_back(EGL_NONE);
        EGLConfig native[4096];
        EGLint count = 0;
        const bool ok = eglChooseConfig(dpy, list.data(), native, 4096, &count);
        eglGetError();
        bool bad;
        const std::vector<int> ours = ws::choose_egl_configs(rows, list.data(), &bad);
        bool same = ok != bad && (!ok || count == (EGLint)ours.size());
        for (int i = 0; same && ok && i < count; ++i)
            same = native[i] == configs[ours[(size_t)i]];
        found += ok && count;
        if (!same && ++wrong <= 20) {
            printf("eglChooseConfig");
            for (EGLint v : list)
                printf(" %#x", (unsigned)v);
            printf(": native %d (%d), ours %zu (%d)\n", count, ok, ours.size(), !bad);
        }
    }
    printf("%d lists, %d with a result, %d configs, %d differ\n", lists, found, n, wrong);
    return wrong != 0;
}
