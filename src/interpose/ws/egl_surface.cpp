// EGL surfaces: windows, pixmaps, pbuffers; swapping.
#include "gen/gl/encode.h"
#include "interpose/ws/egl.h"
#include "interpose/ws/x11.h"

namespace glckpt::ws {
namespace {

template <class Attrib>
EGLSurface make(EGLDisplay handle, EGLConfig config, SurfaceKind kind, uint64_t native,
                const Attrib* attribs) {
    EglDisplay* d = initialized_display(handle);
    if (!d)
        return EGL_NO_SURFACE;
    const Config* c = egl_config(*d, config);
    if (!c)
        return egl_error(EGL_BAD_CONFIG);
    if (kind != SurfaceKind::EglPbuffer && d->kind != DisplayKind::EglX11)
        return egl_error(kind == SurfaceKind::EglWindow ? EGL_BAD_NATIVE_WINDOW
                                                        : EGL_BAD_NATIVE_PIXMAP);
    auto s = std::make_unique<Surface>();
    s->display = d->object;
    s->kind = kind;
    s->config = c->index;
    s->native = native;
    for (const Attrib* a = attribs; a && *a != EGL_NONE; a += 2) {
        s->attribs.insert(s->attribs.end(), {(int32_t)a[0], (int32_t)a[1]});
        if (*a == EGL_WIDTH)
            s->width = (int32_t)a[1];
        else if (*a == EGL_HEIGHT)
            s->height = (int32_t)a[1];
    }
    if (!s->attribs.empty())
        s->attribs.push_back(EGL_NONE);
    reach_server(d->native, *s);
    Failure why{};
    Surface* made = create_surface(std::move(s), &why);
    if (!made)
        return egl_error(why.code);
    egl_ok();
    return surface_handle(made);
}

// The platform's way to pass a native window: X's is a pointer to the XID.
uint64_t pointed_to(const void* native) {
    return native ? *static_cast<const unsigned long*>(native) : 0;
}

} // namespace

Surface* egl_surface(const EglDisplay& d, EGLSurface handle) {
    Surface* s = find_surface(reinterpret_cast<uint64_t>(handle));
    if (!s || s->display != d.object || (s->destroyed && !s->uses))
        return egl_error(EGL_BAD_SURFACE);
    return s;
}

} // namespace glckpt::ws

using namespace glckpt;
using namespace glckpt::ws;

extern "C" {

EGLSurface eglCreateWindowSurface(EGLDisplay d, EGLConfig config, EGLNativeWindowType window,
                                  const EGLint* attribs) {
    return make(d, config, SurfaceKind::EglWindow, (uint64_t)window, attribs);
}
EGLSurface eglCreatePlatformWindowSurface(EGLDisplay d, EGLConfig config, void* window,
                                          const EGLAttrib* attribs) {
    return make(d, config, SurfaceKind::EglWindow, pointed_to(window), attribs);
}
EGLSurface eglCreatePlatformWindowSurfaceEXT(EGLDisplay d, EGLConfig config, void* window,
                                             const EGLint* attribs) {
    return make(d, config, SurfaceKind::EglWindow, pointed_to(window), attribs);
}

EGLSurface eglCreatePixmapSurface(EGLDisplay d, EGLConfig config, EGLNativePixmapType pixmap,
                                  const EGLint* attribs) {
    return make(d, config, SurfaceKind::EglPixmap, (uint64_t)pixmap, attribs);
}
EGLSurface eglCreatePlatformPixmapSurface(EGLDisplay d, EGLConfig config, void* pixmap,
                                          const EGLAttrib* attribs) {
    return make(d, config, SurfaceKind::EglPixmap, pointed_to(pixmap), attribs);
}
EGLSurface eglCreatePlatformPixmapSurfaceEXT(EGLDisplay d, EGLConfig config, void* pixmap,
                                             const EGLint* attribs) {
    return make(d, config, SurfaceKind::EglPixmap, pointed_to(pixmap), attribs);
}

EGLSurface eglCreatePbufferSurface(EGLDisplay d, EGLConfig config, const EGLint* attribs) {
    return make(d, config, SurfaceKind::EglPbuffer, 0, attribs);
}
// OpenVG's only.
EGLSurface eglCreatePbufferFromClientBuffer(EGLDisplay handle, EGLenum, EGLClientBuffer, EGLConfig,
                                            const EGLint*) {
    if (!initialized_display(handle))
        return EGL_NO_SURFACE;
    return egl_error(EGL_BAD_PARAMETER);
}

EGLBoolean eglDestroySurface(EGLDisplay handle, EGLSurface surface) {
    EglDisplay* d = initialized_display(handle);
    Surface* s = d ? egl_surface(*d, surface) : nullptr;
    if (!s)
        return EGL_FALSE;
    if (s->destroyed)
        return egl_error(EGL_BAD_SURFACE);
    destroy_surface(s);
    return egl_ok();
}

EGLBoolean eglQuerySurface(EGLDisplay handle, EGLSurface surface, EGLint attrib, EGLint* value) {
    EglDisplay* d = initialized_display(handle);
    Surface* s = d ? egl_surface(*d, surface) : nullptr;
    if (!s)
        return EGL_FALSE;
    if (attrib == EGL_CONFIG_ID) {
        if (value)
            *value = d->object->configs[(size_t)s->config].at(egl_column(EGL_CONFIG_ID));
        return egl_ok();
    }
    const auto o = ask_for<Outcome>(kQuerySurface, SurfaceAttrib{s->id, attrib, 0});
    if (!o.ok)
        return egl_error(o.failure.code);
    if (value)
        *value = o.value;
    return egl_ok();
}

EGLBoolean eglSurfaceAttrib(EGLDisplay handle, EGLSurface surface, EGLint attrib, EGLint value) {
    EglDisplay* d = initialized_display(handle);
    Surface* s = d ? egl_surface(*d, surface) : nullptr;
    if (!s)
        return EGL_FALSE;
    Outcome o{};
    const auto set = [&] {
        o = ask_for<Outcome>(kSetSurface, SurfaceAttrib{s->id, attrib, value});
        return o.ok != 0;
    };
    if (!settle(set, [&] { s->settings[attrib] = value; }))
        return egl_error(o.failure.code);
    return egl_ok();
}

EGLBoolean eglSwapBuffers(EGLDisplay handle, EGLSurface surface) {
    WsContext* c = current_egl();
    if (c && c->draw && surface_handle(c->draw) == surface) {
        ws::swap(c->draw);
        return egl_ok();
    }
    EglDisplay* d = initialized_display(handle);
    if (!d || !egl_surface(*d, surface))
        return EGL_FALSE;
    return egl_error(EGL_BAD_SURFACE); // it must be current
}

EGLBoolean eglSwapInterval(EGLDisplay handle, EGLint interval) {
    EglDisplay* d = initialized_display(handle);
    if (!d)
        return EGL_FALSE;
    WsContext* c = current_egl();
    if (!c)
        return egl_error(EGL_BAD_CONTEXT);
    if (!c->draw)
        return egl_error(EGL_BAD_SURFACE);
    set_swap_interval(c->draw, interval);
    return egl_ok();
}

EGLBoolean eglCopyBuffers(EGLDisplay handle, EGLSurface surface, EGLNativePixmapType pixmap) {
    EglDisplay* d = initialized_display(handle);
    Surface* s = d ? egl_surface(*d, surface) : nullptr;
    if (!s)
        return EGL_FALSE;
    if (d->kind != DisplayKind::EglX11)
        return egl_error(EGL_BAD_NATIVE_PIXMAP);
    if (WsContext* c = current_egl(); c && c->draw == s)
        c->gl->stream.wait_executed();
    const CopySurface q{s->id, 0, 0, 0, 0, x11::real_xid((uint32_t)pixmap)};
    const auto o = ask_for<Outcome>(kCopySurface, q);
    if (!o.ok)
        return egl_error(o.failure.code);
    return egl_ok();
}

// Into the texture bound to GL_TEXTURE_2D in the current context; without one there is nothing to
// do (EGL 1.5, section 3.6.1).
EGLBoolean eglBindTexImage(EGLDisplay handle, EGLSurface surface, EGLint buffer) {
    EglDisplay* d = initialized_display(handle);
    Surface* s = d ? egl_surface(*d, surface) : nullptr;
    if (!s)
        return EGL_FALSE;
    WsContext* c = current_egl();
    if (!c || c->display != d->object)
        return egl_ok();
    if (s->in_texture)
        return egl_error(EGL_BAD_ACCESS);
    constexpr GLenum texture_2d = 0x0DE1;
    if (const GLint error =
            encode::wsBindTexImage(c->gl->stream, s->id, buffer, texture_2d, nullptr, 0))
        return egl_error(error);
    s->in_texture = true;
    return egl_ok();
}
EGLBoolean eglReleaseTexImage(EGLDisplay handle, EGLSurface surface, EGLint buffer) {
    EglDisplay* d = initialized_display(handle);
    Surface* s = d ? egl_surface(*d, surface) : nullptr;
    if (!s)
        return EGL_FALSE;
    WsContext* c = current_egl();
    if (!c || c->display != d->object)
        return egl_ok();
    if (const GLint error = encode::wsReleaseTexImage(c->gl->stream, s->id, buffer))
        return egl_error(error);
    s->in_texture = false;
    return egl_ok();
}

} // extern "C"
