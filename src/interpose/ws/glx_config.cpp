// Configs and visuals: all answered from the frozen lists.
#include "interpose/ws/glx.h"
#include "interpose/ws/glx_choose.h"
#include <cstdlib>

namespace glckpt::ws {
namespace {

std::vector<const int32_t*> rows_of(const std::vector<Config>& list) {
    std::vector<const int32_t*> rows;
    rows.reserve(list.size());
    for (const Config& c : list)
        rows.push_back(c.values);
    return rows;
}

// For XFree: from the app's malloc, by name (our own heap is behind operator new).
template <class Pick>
GLXFBConfig* handles(size_t n, int* count, Pick pick) {
    *count = (int)n;
    if (n == 0)
        return nullptr;
    auto* out = static_cast<GLXFBConfig*>(malloc(n * sizeof(GLXFBConfig)));
    for (size_t i = 0; i < n; ++i)
        out[i] = handle_of(pick(i));
    return out;
}

XVisualInfo* visual_info(::Display* dpy, int screen, VisualID id) {
    XVisualInfo like{};
    like.visualid = id;
    like.screen = screen;
    int n = 0;
    return id ? xlib().XGetVisualInfo(dpy, VisualIDMask | VisualScreenMask, &like, &n) : nullptr;
}

// The value of an attribute in a row, as glXGet*Attrib report it.
int attribute(const Config& c, int attrib, int* value) {
    const int column = column_of(*c.display, attrib);
    if (column < 0 || attrib == kDriverRank || c.at(column) == kNoValue)
        return GLX_BAD_ATTRIBUTE;
    *value = c.at(column);
    return Success;
}

} // namespace

const Config* glx_config(GLXFBConfig handle) {
    const auto* c = reinterpret_cast<const Config*>(handle);
    Locked hold(world().lock);
    for (const auto& d : world().displays)
        if (d->is_glx() && !d->configs.empty() && c >= d->configs.data() &&
            c < d->configs.data() + d->configs.size() &&
            ((const char*)c - (const char*)d->configs.data()) % (long)sizeof(Config) == 0)
            return c;
    return nullptr;
}

const Config* visual_config(DisplayObject& d, VisualID visual) {
    for (const Config& c : d.visuals)
        if ((VisualID)c.at(glx_column(GLX_VISUAL_ID)) == visual)
            return &c;
    return nullptr;
}

} // namespace glckpt::ws

using namespace glckpt;
using namespace glckpt::ws;

extern "C" {

GLXFBConfig* glXGetFBConfigs(::Display* dpy, int screen, int* count) {
    int none;
    count = count ? count : &none;
    *count = 0;
    DisplayObject* d = glx_display(dpy, screen);
    if (!d)
        return nullptr;
    return handles(d->configs.size(), count, [&](size_t i) -> Config& { return d->configs[i]; });
}

GLXFBConfig* glXChooseFBConfig(::Display* dpy, int screen, const int* attribs, int* count) {
    int none;
    count = count ? count : &none;
    *count = 0;
    DisplayObject* d = glx_display(dpy, screen);
    if (!d)
        return nullptr;
    if (!attribs) // natively: the whole list as it is
        return glXGetFBConfigs(dpy, screen, count);
    bool bad;
    const std::vector<int> chosen = choose_fbconfigs(rows_of(d->configs), attribs, &bad);
    return handles(chosen.size(), count,
                   [&](size_t i) -> Config& { return d->configs[(size_t)chosen[i]]; });
}

GLXFBConfigSGIX* glXChooseFBConfigSGIX(::Display* dpy, int screen, int* attribs, int* count) {
    return glXChooseFBConfig(dpy, screen, attribs, count);
}

int glXGetFBConfigAttrib(::Display* dpy, GLXFBConfig config, int attrib, int* value) {
    if (!dpy)
        return GLX_NO_EXTENSION;
    const Config* c = glx_config(config);
    if (!c) {
        raise_glx(dpy, GLXBadFBConfig, 0, X_GLXGetFBConfigs);
        return GLX_BAD_VALUE;
    }
    return attribute(*c, attrib, value);
}

int glXGetFBConfigAttribSGIX(::Display* dpy, GLXFBConfigSGIX config, int attrib, int* value) {
    return glXGetFBConfigAttrib(dpy, config, attrib, value);
}

XVisualInfo* glXGetVisualFromFBConfig(::Display* dpy, GLXFBConfig config) {
    const Config* c = glx_config(config);
    if (!c)
        return nullptr;
    return visual_info(dpy, (int)c->display->screen, (VisualID)c->at(glx_column(GLX_VISUAL_ID)));
}

XVisualInfo* glXGetVisualFromFBConfigSGIX(::Display* dpy, GLXFBConfigSGIX config) {
    return glXGetVisualFromFBConfig(dpy, config);
}

GLXFBConfigSGIX glXGetFBConfigFromVisualSGIX(::Display* dpy, XVisualInfo* visual) {
    DisplayObject* d = visual ? glx_display(dpy, visual->screen) : nullptr;
    if (d)
        for (const Config& c : d->configs)
            if ((VisualID)c.at(glx_column(GLX_VISUAL_ID)) == visual->visualid)
                return handle_of(c);
    return nullptr;
}

XVisualInfo* glXChooseVisual(::Display* dpy, int screen, int* attribs) {
    DisplayObject* d = glx_display(dpy, screen);
    if (!d)
        return nullptr;
    const int i = choose_visual(rows_of(d->visuals), attribs);
    if (i < 0)
        return nullptr;
    return visual_info(dpy, screen, (VisualID)d->visuals[(size_t)i].at(glx_column(GLX_VISUAL_ID)));
}

int glXGetConfig(::Display* dpy, XVisualInfo* visual, int attrib, int* value) {
    DisplayObject* d = visual ? glx_display(dpy, visual->screen) : nullptr;
    if (!d)
        return GLX_NO_EXTENSION;
    const Config* c = visual_config(*d, visual->visualid);
    if (attrib == GLX_USE_GL) {
        *value = c != nullptr;
        return Success;
    }
    if (!c)
        return GLX_BAD_VISUAL;
    return attribute(*c, attrib, value);
}

} // extern "C"
