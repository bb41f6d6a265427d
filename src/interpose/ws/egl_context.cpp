// EGL contexts: made, made current, asked, destroyed.
#include "interpose/ws/egl.h"
#include "interpose/ws/xlib.h"

namespace glckpt::ws {
namespace {

Api api_of(EGLenum api, const EGLint* attribs, int* major_out) {
    int major = 1, minor = 0, profile = EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT;
    bool forward = false;
    for (const EGLint* a = attribs; a && *a != EGL_NONE; a += 2) {
        if (*a == EGL_CONTEXT_MAJOR_VERSION)
            major = a[1];
        else if (*a == EGL_CONTEXT_MINOR_VERSION)
            minor = a[1];
        else if (*a == EGL_CONTEXT_OPENGL_PROFILE_MASK)
            profile = a[1];
        else if (*a == EGL_CONTEXT_OPENGL_FORWARD_COMPATIBLE)
            forward = a[1] == EGL_TRUE;
        else if (*a == EGL_CONTEXT_FLAGS_KHR)
            forward = (a[1] & EGL_CONTEXT_OPENGL_FORWARD_COMPATIBLE_BIT_KHR) != 0;
    }
    *major_out = major;
    if (api == EGL_OPENGL_ES_API)
        return major == 1 ? Api::Gles1 : Api::Gles2;
    const bool has_profiles = major > 3 || (major == 3 && minor >= 2);
    if (has_profiles && (profile & EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT))
        return Api::GlCore;
    return major == 3 && minor == 1 && forward ? Api::GlCore : Api::GlCompat;
}

} // namespace
} // namespace glckpt::ws

using namespace glckpt;
using namespace glckpt::ws;

extern "C" {

EGLContext eglCreateContext(EGLDisplay handle, EGLConfig config, EGLContext share_handle,
                            const EGLint* attribs) {
    EglDisplay* d = initialized_display(handle);
    if (!d)
        return EGL_NO_CONTEXT;
    const Config* c = config != EGL_NO_CONFIG_KHR ? egl_config(*d, config) : nullptr;
    if (config != EGL_NO_CONFIG_KHR && !c)
        return egl_error(EGL_BAD_CONFIG);
    if (share_handle != EGL_NO_CONTEXT && !is_context(share_handle))
        return egl_error(EGL_BAD_CONTEXT);
    auto* share = static_cast<WsContext*>(share_handle);
    if (share && share->display != d->object)
        return egl_error(EGL_BAD_MATCH);
    auto made = std::make_unique<WsContext>();
    made->display = d->object;
    made->made.style = ContextStyle::Egl;
    made->made.config = c ? c->index : -1;
    made->made.egl_api = t_thread.egl_api;
    for (const EGLint* a = attribs; a && *a != EGL_NONE; a += 2)
        made->attribs.insert(made->attribs.end(), {a[0], a[1]});
    if (!made->attribs.empty())
        made->attribs.push_back(EGL_NONE);
    const Api api = api_of(t_thread.egl_api, attribs, &made->major);
    Failure why{};
    WsContext* result = create_context(std::move(made), api, share, &why);
    if (!result)
        return egl_error(why.code);
    egl_ok();
    return result;
}

EGLBoolean eglDestroyContext(EGLDisplay handle, EGLContext context) {
    EglDisplay* d = initialized_display(handle);
    if (!d)
        return EGL_FALSE;
    if (!is_context(context))
        return egl_error(EGL_BAD_CONTEXT);
    ws::destroy_context(static_cast<WsContext*>(context));
    return egl_ok();
}

EGLBoolean eglMakeCurrent(EGLDisplay handle, EGLSurface draw_handle, EGLSurface read_handle,
                          EGLContext context) {
    if (context == EGL_NO_CONTEXT) {
        if (!is_egl_display(handle))
            return egl_error(EGL_BAD_DISPLAY);
        if (draw_handle != EGL_NO_SURFACE || read_handle != EGL_NO_SURFACE)
            return egl_error(EGL_BAD_MATCH);
        make_current(nullptr, nullptr, nullptr, true);
        return egl_ok();
    }
    auto* c = static_cast<WsContext*>(context);
    if (c == t_thread.current && c->bound && surface_handle(c->draw) == draw_handle &&
        surface_handle(c->read) == read_handle)
        return egl_ok();
    EglDisplay* d = initialized_display(handle);
    if (!d)
        return EGL_FALSE;
    if (!is_context(context) && c != t_thread.current)
        return egl_error(EGL_BAD_CONTEXT);
    if (c->display != d->object)
        return egl_error(EGL_BAD_MATCH);
    if ((draw_handle == EGL_NO_SURFACE) != (read_handle == EGL_NO_SURFACE))
        return egl_error(EGL_BAD_MATCH);
    Surface *draw = nullptr, *read = nullptr;
    if (draw_handle != EGL_NO_SURFACE) {
        draw = egl_surface(*d, draw_handle);
        read = draw ? egl_surface(*d, read_handle) : nullptr;
        if (!draw || !read)
            return EGL_FALSE;
        reach_server(d->native, *draw);
        reach_server(d->native, *read);
    }
    switch (make_current(c, draw, read, true)) {
    case Bind::Done:
        return egl_ok();
    case Bind::Elsewhere:
        return egl_error(EGL_BAD_ACCESS);
    case Bind::Refused:
        break;
    }
    return egl_error(ask_for<Failure>(kLastError, ContextOnly{c->gl->id}).code);
}

EGLContext eglGetCurrentContext(void) { return current_egl(); }

EGLDisplay eglGetCurrentDisplay(void) {
    WsContext* c = current_egl();
    return c ? display_of(c->display) : EGL_NO_DISPLAY;
}

EGLSurface eglGetCurrentSurface(EGLint which) {
    if (which != EGL_DRAW && which != EGL_READ)
        return egl_error(EGL_BAD_PARAMETER);
    egl_ok();
    WsContext* c = current_egl();
    return c ? surface_handle(which == EGL_DRAW ? c->draw : c->read) : EGL_NO_SURFACE;
}

EGLBoolean eglQueryContext(EGLDisplay handle, EGLContext context, EGLint attrib, EGLint* value) {
    EglDisplay* d = initialized_display(handle);
    if (!d)
        return EGL_FALSE;
    if (!is_context(context))
        return egl_error(EGL_BAD_CONTEXT);
    if (!value)
        return egl_error(EGL_BAD_PARAMETER);
    const auto* c = static_cast<WsContext*>(context);
    switch (attrib) {
    case EGL_CONFIG_ID:
        *value = c->made.config >= 0
                     ? c->display->configs[(size_t)c->made.config].at(egl_column(EGL_CONFIG_ID))
                     : 0;
        return egl_ok();
    case EGL_CONTEXT_CLIENT_TYPE:
        *value = (EGLint)c->made.egl_api;
        return egl_ok();
    case EGL_CONTEXT_CLIENT_VERSION:
        *value = c->major;
        return egl_ok();
    case EGL_RENDER_BUFFER:
        if (!c->owner || !c->draw) {
            *value = EGL_NONE;
        } else if (c->draw->kind == SurfaceKind::EglPixmap) {
            *value = EGL_SINGLE_BUFFER;
        } else {
            *value = EGL_BACK_BUFFER;
            for (size_t i = 0; i + 1 < c->draw->attribs.size(); i += 2)
                if (c->draw->attribs[i] == EGL_RENDER_BUFFER)
                    *value = c->draw->attribs[i + 1];
        }
        return egl_ok();
    default:
        return egl_error(EGL_BAD_ATTRIBUTE);
    }
}

EGLBoolean eglWaitClient(void) {
    wait_gl();
    return egl_ok();
}
EGLBoolean eglWaitGL(void) { return eglWaitClient(); }

EGLBoolean eglWaitNative(EGLint engine) {
    if (engine != EGL_CORE_NATIVE_ENGINE)
        return egl_error(EGL_BAD_PARAMETER);
    WsContext* c = current_egl();
    EglDisplay* d = c ? display_of(c->display) : nullptr;
    if (d && d->kind == DisplayKind::EglX11 && d->native && xlib().XSync)
        xlib().XSync(static_cast<::Display*>(d->native), False);
    return egl_ok();
}

} // extern "C"
