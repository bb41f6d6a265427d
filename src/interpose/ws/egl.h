// What the EGL face's files share.
#pragma once
#include "interpose/ws/columns.h"
#include "interpose/ws/world.h"
#define EGL_EGLEXT_PROTOTYPES
#include <EGL/egl.h>
#include <EGL/eglext.h>

namespace glckpt::ws {

// What the app has as EGLDisplay. It exists from eglGetDisplay on; `object` from the first
// eglInitialize on.
struct EglDisplay {
    DisplayKind kind{};
    void* native = nullptr; // X: the app's Display*, or null
    uint32_t device = 0;
    std::string name; // X
    DisplayObject* object = nullptr;
    bool initialized = false;
};

inline EGLBoolean egl_ok() {
    t_thread.egl_error = EGL_SUCCESS;
    return EGL_TRUE;
}
// Sets the thread's error; converts to whatever "nothing" the caller returns.
struct EglNothing {
    operator EGLBoolean() const { return EGL_FALSE; }
    template <class T>
    operator T*() const {
        return nullptr;
    }
};
inline EglNothing egl_error(EGLint code) {
    t_thread.egl_error = code ? code : EGL_BAD_ALLOC;
    return {};
}

// Null with the error set: EGL_BAD_DISPLAY, EGL_NOT_INITIALIZED.
EglDisplay* initialized_display(EGLDisplay handle);
bool is_egl_display(EGLDisplay handle);

const Config* egl_config(const EglDisplay& d, EGLConfig handle);
inline EGLConfig handle_of(const Config& c) { return const_cast<Config*>(&c); }

// Surfaces are known by number, so that a stale handle can never be a wild pointer.
inline EGLSurface surface_handle(const Surface* s) {
    return s ? reinterpret_cast<EGLSurface>(s->id) : EGL_NO_SURFACE;
}
// Null with the error set.
Surface* egl_surface(const EglDisplay& d, EGLSurface handle);
inline WsContext* current_egl() {
    WsContext* c = t_thread.current;
    return c && !c->display->is_glx() ? c : nullptr;
}
EglDisplay* display_of(const DisplayObject* object);

// The EGLDisplay of a device; EGL_NO_DEVICE_EXT: the first one.
EGLDisplay device_display(EGLDeviceEXT device);
EGLDisplay display_for_device(uint32_t index);
EGLDeviceEXT device_of(const EglDisplay& d);
// The extensions that these faces implement, out of `all`.
std::string supported_egl_extensions(const std::string& all);

} // namespace glckpt::ws
