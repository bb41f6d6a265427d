// GLX drawables: windows, pixmaps, pbuffers.
#include "gen/gl/encode.h"
#include "interpose/ws/glx.h"
#include "interpose/ws/x11.h"

namespace glckpt::ws {
namespace {

struct Request {
    SurfaceKind kind;
    const Config* config;
    DisplayObject* display;
    VisualID visual;
    XID native;
    const int* attribs;
    int minor;
};

GLXDrawable make(::Display* dpy, const Request& r) {
    auto s = std::make_unique<Surface>();
    // A number of the app's own X connection, though the server never hears of it: no other
    // drawable of this connection will have it.
    LockDisplay(dpy);
    s->id = XAllocID(dpy);
    UnlockDisplay(dpy);
    const XID id = s->id;
    s->display = r.display;
    s->kind = r.kind;
    s->config = r.config ? r.config->index : -1;
    s->visual = (uint32_t)r.visual;
    s->native = r.native;
    for (const int* a = r.attribs; a && *a; a += 2) {
        s->attribs.insert(s->attribs.end(), {a[0], a[1]});
        if (*a == GLX_PBUFFER_WIDTH)
            s->width = a[1];
        else if (*a == GLX_PBUFFER_HEIGHT)
            s->height = a[1];
    }
    if (!s->attribs.empty())
        s->attribs.push_back(None);
    reach_server(dpy, *s);
    Failure why{};
    if (!create_surface(std::move(s), &why)) {
        raise_failure(dpy, why, BadAlloc, r.native, r.minor);
        return None;
    }
    return id;
}

GLXDrawable make_from_config(::Display* dpy, SurfaceKind kind, GLXFBConfig config, XID native,
                             const int* attribs, int minor) {
    const Config* c = glx_config(config);
    if (!dpy || !c) {
        raise_glx(dpy, GLXBadFBConfig, 0, minor);
        return None;
    }
    return make(dpy, {kind, c, c->display, 0, native, attribs, minor});
}

// Of GL, that the drawable is bound to: as it was made, or as the driver has chosen by its size.
uint32_t texture_target(const Surface& s) {
    int32_t target = 0;
    for (size_t i = 0; i + 1 < s.attribs.size(); i += 2)
        if (s.attribs[i] == GLX_TEXTURE_TARGET_EXT)
            target = s.attribs[i + 1];
    if (!target) {
        const SurfaceAttrib q{s.id, GLX_TEXTURE_TARGET_EXT, 0};
        target = ask_for<Outcome>(kQuerySurface, q).value;
    }
    switch (target) {
    case GLX_TEXTURE_1D_EXT:
        return GL_TEXTURE_1D;
    case GLX_TEXTURE_RECTANGLE_EXT:
        return 0x84F5; // GL_TEXTURE_RECTANGLE
    default:
        return GL_TEXTURE_2D;
    }
}

void destroy(::Display* dpy, GLXDrawable id, int error, int minor) {
    Surface* s = find_surface(id);
    if (!s || s->destroyed || s->kind == SurfaceKind::GlxBareWindow) {
        raise_glx(dpy, error, id, minor);
        return;
    }
    bool gone = false;
    if (s->kind == SurfaceKind::GlxWindow && kX11Endpoint) {
        // A GLXWindow goes with its window.
        unsigned width, height;
        xlib().XFlush(dpy);
        x11::flush_to_server((uint32_t)s->native);
        gone = !x11::window_size((uint32_t)s->native, &width, &height);
    }
    destroy_surface(s);
    if (gone)
        raise_glx(dpy, error, id, minor);
}

} // namespace

Surface* glx_drawable(::Display* dpy, GLXDrawable id, DisplayObject* d, int32_t config,
                      bool* fresh) {
    if (Surface* s = find_surface(id))
        return s;
    auto s = std::make_unique<Surface>();
    s->id = s->native = id;
    s->display = d;
    s->kind = SurfaceKind::GlxBareWindow;
    s->config = config;
    *fresh = true;
    reach_server(dpy, *s);
    Failure why{};
    return create_surface(std::move(s), &why);
}

} // namespace glckpt::ws

using namespace glckpt;
using namespace glckpt::ws;

extern "C" {

GLXWindow glXCreateWindow(::Display* dpy, GLXFBConfig config, Window window, const int* attribs) {
    return make_from_config(dpy, SurfaceKind::GlxWindow, config, window, attribs,
                            X_GLXCreateWindow);
}
void glXDestroyWindow(::Display* dpy, GLXWindow window) {
    destroy(dpy, window, GLXBadWindow, X_GLXDestroyWindow);
}

GLXPixmap glXCreatePixmap(::Display* dpy, GLXFBConfig config, Pixmap pixmap, const int* attribs) {
    return make_from_config(dpy, SurfaceKind::GlxPixmap, config, pixmap, attribs,
                            X_GLXCreatePixmap);
}
void glXDestroyPixmap(::Display* dpy, GLXPixmap pixmap) {
    destroy(dpy, pixmap, GLXBadPixmap, X_GLXDestroyPixmap);
}

GLXPixmap glXCreateGLXPixmap(::Display* dpy, XVisualInfo* visual, Pixmap pixmap) {
    DisplayObject* d = visual ? glx_display(dpy, visual->screen) : nullptr;
    if (!d || !visual_config(*d, visual->visualid)) {
        raise_x(dpy, BadValue, 0, X_GLXCreateGLXPixmap);
        return None;
    }
    const Config* config = nullptr;
    for (const Config& c : d->configs)
        if (!config && (VisualID)c.at(glx_column(GLX_VISUAL_ID)) == visual->visualid)
            config = &c;
    return make(dpy, {SurfaceKind::GlxOldPixmap, config, d, visual->visualid, pixmap, nullptr,
                      X_GLXCreateGLXPixmap});
}
void glXDestroyGLXPixmap(::Display* dpy, GLXPixmap pixmap) {
    destroy(dpy, pixmap, GLXBadPixmap, X_GLXDestroyGLXPixmap);
}
GLXPixmap glXCreateGLXPixmapWithConfigSGIX(::Display* dpy, GLXFBConfigSGIX config, Pixmap pixmap) {
    return glXCreatePixmap(dpy, config, pixmap, nullptr);
}

GLXPbuffer glXCreatePbuffer(::Display* dpy, GLXFBConfig config, const int* attribs) {
    return make_from_config(dpy, SurfaceKind::GlxPbuffer, config, None, attribs,
                            X_GLXCreatePbuffer);
}
void glXDestroyPbuffer(::Display* dpy, GLXPbuffer pbuffer) {
    destroy(dpy, pbuffer, GLXBadPbuffer, X_GLXDestroyPbuffer);
}
GLXPbuffer glXCreateGLXPbufferSGIX(::Display* dpy, GLXFBConfigSGIX config, unsigned width,
                                   unsigned height, int* attribs) {
    std::vector<int> list = {GLX_PBUFFER_WIDTH, (int)width, GLX_PBUFFER_HEIGHT, (int)height};
    for (const int* a = attribs; a && *a; a += 2)
        list.insert(list.end(), {a[0], a[1]});
    list.push_back(None);
    return glXCreatePbuffer(dpy, config, list.data());
}
void glXDestroyGLXPbufferSGIX(::Display* dpy, GLXPbufferSGIX pbuffer) {
    glXDestroyPbuffer(dpy, pbuffer);
}

void glXQueryDrawable(::Display* dpy, GLXDrawable id, int attribute, unsigned* value) {
    Surface* s = id ? find_surface(id) : nullptr;
    bool fresh = false;
    if (!s && id)
        s = glx_drawable(dpy, id, glx_display(dpy, DefaultScreen(dpy)), -1, &fresh);
    if (!s) {
        raise_glx(dpy, GLXBadDrawable, id, X_GLXGetDrawableAttributes);
        return;
    }
    unsigned width = 0, height = 0;
    if (attribute == GLX_FBCONFIG_ID && s->config >= 0) {
        *value = (unsigned)s->display->configs[(size_t)s->config].at(glx_column(GLX_FBCONFIG_ID));
    } else if ((attribute == GLX_WIDTH || attribute == GLX_HEIGHT) && s->is_window() && !fresh &&
               x11::window_size((uint32_t)s->native, &width, &height)) {
        *value = attribute == GLX_WIDTH ? width : height;
    } else if (attribute == GLX_EVENT_MASK) {
        *value = (unsigned)s->event_mask;
    } else {
        reach_server(dpy, *s);
        const auto o = ask_for<Outcome>(kQuerySurface, SurfaceAttrib{s->id, attribute, 0});
        if (o.ok)
            *value = (unsigned)o.value;
        else
            raise_failure(dpy, o.failure, BadDrawable, id, X_GLXGetDrawableAttributes);
    }
    if (fresh) // asking does not make it a drawable of ours
        destroy_surface(s);
}
void glXQueryGLXPbufferSGIX(::Display* dpy, GLXPbufferSGIX pbuffer, int attribute,
                            unsigned* value) {
    glXQueryDrawable(dpy, pbuffer, attribute, value);
}

// GLX_EXT_texture_from_pixmap: the texture bound in the current context gets the pixmap's pixels.
// (What it has when the pixmap changes afterwards is undefined, until it is bound again.)
void glXBindTexImageEXT(::Display* dpy, GLXDrawable id, int buffer, const int* attribs) {
    Surface* s = id ? find_surface(id) : nullptr;
    if (!s || s->destroyed || s->kind == SurfaceKind::GlxBareWindow) {
        raise_glx(dpy, GLXBadPixmap, id, X_GLXVendorPrivate);
        return;
    }
    WsContext* c = t_thread.current;
    if (!c || !c->display->is_glx())
        return;
    std::vector<int32_t> list;
    for (const int* a = attribs; a && *a; a += 2)
        list.insert(list.end(), {a[0], a[1]});
    if (!list.empty())
        list.push_back(None);
    // What the app has drawn to it has been drawn.
    if (xlib().XSync)
        xlib().XSync(dpy, False);
    const auto failed = [&](GLint code) {
        const Failure f{code & 0xffff, (uint8_t)(code >> 16 & 1), X_GLXVendorPrivate, 0, 0};
        raise_failure(dpy, code < 0 ? Failure{} : f, BadDrawable, id, X_GLXVendorPrivate);
    };
    if (const GLint code =
            encode::wsBindTexImage(c->gl->stream, s->id, buffer, texture_target(*s),
                                   list.empty() ? nullptr : list.data(), list.size() * 4))
        failed(code);
}
void glXReleaseTexImageEXT(::Display* dpy, GLXDrawable id, int buffer) {
    Surface* s = id ? find_surface(id) : nullptr;
    if (!s || s->destroyed || s->kind == SurfaceKind::GlxBareWindow) {
        raise_glx(dpy, GLXBadPixmap, id, X_GLXVendorPrivate);
        return;
    }
    if (WsContext* c = t_thread.current; c && c->display->is_glx())
        encode::wsReleaseTexImage(c->gl->stream, s->id, buffer);
}

void glXSelectEvent(::Display* dpy, GLXDrawable id, unsigned long mask) {
    if (Surface* s = find_surface(id))
        s->event_mask = mask;
    else
        raise_glx(dpy, GLXBadDrawable, id, X_GLXChangeDrawableAttributes);
}
void glXGetSelectedEvent(::Display* dpy, GLXDrawable id, unsigned long* mask) {
    if (Surface* s = find_surface(id))
        *mask = s->event_mask;
    else
        raise_glx(dpy, GLXBadDrawable, id, X_GLXGetDrawableAttributes);
}
void glXSelectEventSGIX(::Display* dpy, GLXDrawable id, unsigned long mask) {
    glXSelectEvent(dpy, id, mask);
}
void glXGetSelectedEventSGIX(::Display* dpy, GLXDrawable id, unsigned long* mask) {
    glXGetSelectedEvent(dpy, id, mask);
}

} // extern "C"
