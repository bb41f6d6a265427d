// Our glXChooseFBConfig and glXChooseVisual against the real driver's, over random attribute lists.
//
// The frozen list is asked of the real driver here as the renderer asks it. Each disagreement is
// printed with its list. Usage: glx_choose [lists] (DISPLAY: a server with GLX)
#include "interpose/ws/glx_choose.h"
#include "interpose/ws/columns.h"
#include "log/ws_protocol.h"
#include <GL/glx.h>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

using namespace glckpt;

namespace {

Display* g_dpy;
std::mt19937 g_random(20240611);
int pick(int n) { return (int)(g_random() % (unsigned)n); }

struct Values {
    int attrib;
    std::vector<int> values;
};
const Values kValues[] = {
    {GLX_BUFFER_SIZE, {0, 8, 16, 24, 32, 33}},
    {GLX_LEVEL, {0, 0, 0, 1}},
    {GLX_DOUBLEBUFFER, {0, 1, -1}},
    {GLX_STEREO, {0, 0, 0, 1, -1}},
    {GLX_AUX_BUFFERS, {0, 0, 1, 4}},
    {GLX_RED_SIZE, {0, 1, 5, 8, 8, 10, -1}},
    {GLX_GREEN_SIZE, {0, 1, 6, 8, 8, 10}},
    {GLX_BLUE_SIZE, {0, 1, 5, 8, 8, 10}},
    {GLX_ALPHA_SIZE, {0, 1, 8, 8}},
    {GLX_DEPTH_SIZE, {0, 1, 16, 24, 32, -1}},
    {GLX_STENCIL_SIZE, {0, 1, 8}},
    {GLX_ACCUM_RED_SIZE, {0, 1, 8, 16}},
    {GLX_ACCUM_ALPHA_SIZE, {0, 1, 16}},
    {GLX_X_VISUAL_TYPE, {GLX_TRUE_COLOR, GLX_DIRECT_COLOR, -1}},
    {GLX_CONFIG_CAVEAT, {GLX_NONE, GLX_SLOW_CONFIG, -1}},
    {GLX_TRANSPARENT_TYPE, {GLX_NONE, GLX_TRANSPARENT_RGB, -1}},
    {GLX_SAMPLE_BUFFERS, {0, 1}},
    {GLX_SAMPLES, {0, 1, 2, 4, 8}},
};
const Values kFbOnly[] = {
    {GLX_RENDER_TYPE, {GLX_RGBA_BIT, GLX_COLOR_INDEX_BIT, 4, 3, -1}},
    {GLX_DRAWABLE_TYPE, {1, 2, 4, 7, 3, -1}},
    {GLX_X_RENDERABLE, {0, 1, -1}},
    {0x20B2 /*sRGB*/, {0, 1, -1}},
    {0x8060 /*swap method*/, {0x8061, 0x8063, -1}},
    {GLX_VISUAL_ID, {0x21, 0x22}},
    {GLX_FBCONFIG_ID, {1, 0x72, -1}},
};

std::string text(const std::vector<int>& list) {
    std::string s;
    for (int v : list) {
        char t[16];
        snprintf(t, sizeof t, "%#x ", (unsigned)v);
        s += t;
    }
    return s;
}

} // namespace

int main(int argc, char** argv) {
    const int lists = argc > 1 ? atoi(argv[1]) : 20000;
    g_dpy = XOpenDisplay(nullptr);
    if (!g_dpy) {
        fprintf(stderr, "no display\n");
        return 77;
    }
    XSetErrorHandler([](Display*, XErrorEvent*) { return 0; });
    const int screen = DefaultScreen(g_dpy);
    const int columns = log::ws::kGlxConfigColumns;

    int n = 0;
    GLXFBConfig* configs = glXGetFBConfigs(g_dpy, screen, &n);
    std::vector<int32_t> values;
    for (int i = 0; i < n; ++i)
        for (const int32_t a : log::ws::kGlxConfigAttribs) {
            int v;
            values.push_back(glXGetFBConfigAttrib(g_dpy, configs[i], a, &v) ? INT_MIN : v);
        }
    std::vector<const int32_t*> rows;
    for (int i = 0; i < n; ++i)
        rows.push_back(&values[(size_t)(i * columns)]);

    XVisualInfo like{};
    like.screen = screen;
    int visuals = 0;
    XVisualInfo* infos = XGetVisualInfo(g_dpy, VisualScreenMask, &like, &visuals);
    std::vector<int32_t> visual_values;
    std::vector<VisualID> visual_ids;
    for (int i = 0; i < visuals; ++i) {
        int usable = 0;
        if (glXGetConfig(g_dpy, &infos[i], GLX_USE_GL, &usable) || !usable)
            continue;
        visual_ids.push_back(infos[i].visualid);
        for (const int32_t a : log::ws::kGlxConfigAttribs) {
            int v;
            visual_values.push_back(a == GLX_VISUAL_ID                      ? (int)infos[i].visualid
                                    : glXGetConfig(g_dpy, &infos[i], a, &v) ? INT_MIN
                                                                            : v);
        }
    }
    std::vector<const int32_t*> visual_rows;
    for (size_t i = 0; i < visual_ids.size(); ++i)
        visual_rows.push_back(&visual_values[i * (size_t)columns]);

    // The driver's own order, as the renderer finds it.
    const int everything[] = {GLX_DRAWABLE_TYPE,  (int)GLX_DONT_CARE,   GLX_RENDER_TYPE,
                              (int)GLX_DONT_CARE, GLX_TRANSPARENT_TYPE, (int)GLX_DONT_CARE,
                              GLX_STEREO,         (int)GLX_DONT_CARE,   None};
    int ranked = 0;
    GLXFBConfig* order = glXChooseFBConfig(g_dpy, screen, everything, &ranked);
    for (int i = 0; i < ranked; ++i)
        for (int k = 0; k < n; ++k)
            if (configs[k] == order[i])
                values[(size_t)(k * columns + ws::glx_column(log::ws::kDriverRank))] = i;
    std::vector<int32_t*> writable, writable_visuals;
    for (int i = 0; i < n; ++i)
        writable.push_back(&values[(size_t)(i * columns)]);
    for (size_t i = 0; i < visual_ids.size(); ++i)
        writable_visuals.push_back(&visual_values[i * (size_t)columns]);
    ws::infer_select_groups(writable, writable_visuals);

    int wrong = 0, found = 0;
    for (int l = 0; l < lists; ++l) {
        std::vector<int> list;
        const int length = pick(8);
        for (int k = 0; k < length; ++k) {
            const bool fb_only = pick(4) == 0;
            const Values& v = fb_only ? kFbOnly[pick((int)std::size(kFbOnly))]
                                      : kValues[pick((int)std::size(kValues))];
            list.push_back(v.attrib);
            list.push_back(v.values[(size_t)pick((int)v.values.size())]);
        }
        list.push_back(0);
        int native_count = 0;
        GLXFBConfig* native = glXChooseFBConfig(g_dpy, screen, list.data(), &native_count);
        bool bad;
        const std::vector<int> ours = ws::choose_fbconfigs(rows, list.data(), &bad);
        bool same = (native ? native_count : 0) == (int)ours.size();
        for (int i = 0; same && i < native_count; ++i)
            same = native[i] == configs[ours[(size_t)i]];
        if (!same && ++wrong <= 20)
            printf("glXChooseFBConfig %s: native %d, ours %zu\n", text(list).c_str(), native_count,
                   ours.size());
        if (getenv("SHOW") && !same && wrong < 20)
            for (int i = 0; i < native_count; ++i)
                if (native[i] != configs[ours[(size_t)i]]) {
                    int r = 0;
                    while (configs[r] != native[i])
                        ++r;
                    for (const int row : {r, ours[(size_t)i]}) {
                        printf("   %d:", i);
                        for (int c = 0; c < columns; ++c)
                            printf(" %d", rows[(size_t)row][c]);
                        printf("\n");
                    }
                    break;
                }
        found += native_count > 0;
        if (native)
            XFree(native);

        std::vector<int> old;
        if (pick(4))
            old.push_back(GLX_RGBA);
        if (pick(2))
            old.push_back(GLX_DOUBLEBUFFER);
        for (int k = pick(5); k > 0; --k) {
            const Values& v = kValues[pick((int)std::size(kValues))];
            if (v.attrib == GLX_DOUBLEBUFFER || v.attrib == GLX_STEREO)
                continue;
            old.push_back(v.attrib);
            old.push_back(v.values[(size_t)pick((int)v.values.size())]);
        }
        old.push_back(0);
        XVisualInfo* visual = glXChooseVisual(g_dpy, screen, old.data());
        const int chosen = ws::choose_visual(visual_rows, old.data());
        const VisualID native_id = visual ? visual->visualid : 0;
        const VisualID our_id = chosen >= 0 ? visual_ids[(size_t)chosen] : 0;
        if (native_id != our_id && ++wrong <= 20)
            printf("glXChooseVisual %s: native %#lx, ours %#lx\n", text(old).c_str(), native_id,
                   our_id);
        found += visual != nullptr;
        if (visual)
            XFree(visual);
    }
    printf("%d lists, %d with a result, %d configs, %zu visuals, %d differ\n", 2 * lists, found, n,
           visual_ids.size(), wrong);
    return wrong != 0;
}
