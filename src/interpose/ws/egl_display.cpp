// EGL displays: platforms, initialization, strings, errors.
#include "interpose/ws/egl.h"
#include "interpose/ws/words.h"
#include "interpose/ws/xlib.h"
#include <cstdlib>
#include <string_view>

namespace glckpt::ws {
namespace {

// Client and display extensions that these faces implement. What the driver has beyond them is not
// for the app: images of pixmaps and of other APIs' memory, Wayland and GBM (no endpoint), the
// driver's own.
constexpr std::string_view kSupported[] = {
    "EGL_EXT_client_extensions",
    "EGL_EXT_create_context_robustness",
    "EGL_EXT_device_base",
    "EGL_EXT_device_enumeration",
    "EGL_EXT_device_query",
    "EGL_EXT_pixel_format_float",
    "EGL_EXT_platform_base",
    "EGL_EXT_platform_device",
    "EGL_EXT_platform_x11",
    "EGL_KHR_client_get_all_proc_addresses",
    "EGL_KHR_config_attribs",
    "EGL_KHR_context_flush_control",
    "EGL_KHR_create_context",
    "EGL_KHR_create_context_no_error",
    "EGL_KHR_fence_sync",
    "EGL_KHR_get_all_proc_addresses",
    "EGL_KHR_gl_colorspace",
    "EGL_KHR_no_config_context",
    "EGL_KHR_gl_renderbuffer_image",
    "EGL_KHR_gl_texture_2D_image",
    "EGL_KHR_gl_texture_3D_image",
    "EGL_KHR_gl_texture_cubemap_image",
    "EGL_KHR_image_base",
    "EGL_KHR_platform_x11",
    "EGL_KHR_reusable_sync",
    "EGL_KHR_surfaceless_context",
    "EGL_KHR_wait_sync",
    "EGL_MESA_configless_context",
    "EGL_MESA_platform_surfaceless",
};

std::vector<std::unique_ptr<EglDisplay>>& displays() {
    static auto* const list = new std::vector<std::unique_ptr<EglDisplay>>;
    return *list;
}

// The same platform and native display give the same EGLDisplay.
EGLDisplay display_for(DisplayKind kind, void* native, uint32_t device, std::string name) {
    Locked hold(world().lock);
    for (const auto& d : displays())
        if (d->kind == kind && d->native == native && d->device == device && d->name == name)
            return d.get();
    auto d = std::make_unique<EglDisplay>();
    d->kind = kind;
    d->native = native;
    d->device = device;
    d->name = std::move(name);
    displays().push_back(std::move(d));
    return displays().back().get();
}

EGLDisplay x11_display(void* native) {
    const char* name = native ? DisplayString(static_cast<::Display*>(native)) : getenv("DISPLAY");
    return display_for(DisplayKind::EglX11, native, 0, name ? name : "");
}

EGLDisplay platform_display(EGLenum platform, void* native) {
    switch (platform) {
    case EGL_PLATFORM_X11_KHR:
        return x11_display(native);
    case EGL_PLATFORM_SURFACELESS_MESA:
        if (native != EGL_DEFAULT_DISPLAY)
            return egl_error(EGL_BAD_PARAMETER);
        return display_for(DisplayKind::EglSurfaceless, nullptr, 0, "");
    case EGL_PLATFORM_DEVICE_EXT:
        return device_display(native);
    default: // natively, too, a platform that the implementation does not have is a bad parameter
        return egl_error(EGL_BAD_PARAMETER);
    }
}

} // namespace

std::string supported_egl_extensions(const std::string& all) {
    return common_words(all, kSupported);
}

EGLDisplay display_for_device(uint32_t index) {
    return display_for(DisplayKind::EglDevice, nullptr, index, "");
}

bool is_egl_display(EGLDisplay handle) {
    Locked hold(world().lock);
    for (const auto& d : displays())
        if (d.get() == handle)
            return true;
    return false;
}

EglDisplay* initialized_display(EGLDisplay handle) {
    if (!is_egl_display(handle))
        return egl_error(EGL_BAD_DISPLAY);
    auto* d = static_cast<EglDisplay*>(handle);
    if (!d->initialized)
        return egl_error(EGL_NOT_INITIALIZED);
    return d;
}

EglDisplay* display_of(const DisplayObject* object) {
    Locked hold(world().lock);
    for (const auto& d : displays())
        if (d->object == object)
            return d.get();
    return nullptr;
}

} // namespace glckpt::ws

using namespace glckpt;
using namespace glckpt::ws;

extern "C" {

EGLint eglGetError(void) {
    const EGLint e = t_thread.egl_error;
    t_thread.egl_error = EGL_SUCCESS;
    return e;
}

EGLDisplay eglGetDisplay(EGLNativeDisplayType native) {
    egl_ok();
    // The variables by which Mesa lets the user choose for programs that do not.
    const char* platform = getenv("EGL_PLATFORM");
    if (!platform || !*platform)
        platform = getenv("EGL_DISPLAY");
    const std::string_view name = platform ? platform : "";
    if (name == "surfaceless")
        return display_for(DisplayKind::EglSurfaceless, nullptr, 0, "");
    if (name == "device")
        return device_display(EGL_NO_DEVICE_EXT);
    if (name == "drm" || name == "gbm" || name == "wayland")
        return EGL_NO_DISPLAY; // no endpoint for these
    return x11_display(reinterpret_cast<void*>(native));
}

EGLDisplay eglGetPlatformDisplay(EGLenum platform, void* native, const EGLAttrib*) {
    egl_ok();
    return platform_display(platform, native);
}

EGLDisplay eglGetPlatformDisplayEXT(EGLenum platform, void* native, const EGLint*) {
    egl_ok();
    return platform_display(platform, native);
}

EGLBoolean eglInitialize(EGLDisplay handle, EGLint* major, EGLint* minor) {
    if (!is_egl_display(handle))
        return egl_error(EGL_BAD_DISPLAY);
    auto* d = static_cast<EglDisplay*>(handle);
    if (!d->object) {
        auto o = std::make_unique<DisplayObject>();
        {
            Locked hold(world().lock);
            o->id = world().next_display++;
        }
        o->kind = d->kind;
        o->device = d->device;
        o->app_name = d->name;
        EGLint error = EGL_NOT_INITIALIZED;
        const auto noted = [&] {
            if (!d->object) { // another thread may have been as fast
                d->object = o.get();
                world().displays.push_back(std::move(o));
            }
        };
        if (!open_display(*o, &error, noted))
            return egl_error(error);
    }
    d->initialized = true;
    if (major)
        *major = d->object->major;
    if (minor)
        *minor = d->object->minor;
    return egl_ok();
}

EGLBoolean eglTerminate(EGLDisplay handle) {
    if (!is_egl_display(handle))
        return egl_error(EGL_BAD_DISPLAY);
    auto* d = static_cast<EglDisplay*>(handle);
    if (!d->initialized)
        return egl_ok();
    d->initialized = false;
    std::vector<WsContext*> contexts;
    std::vector<Surface*> surfaces;
    {
        Locked hold(world().lock);
        for (WsContext* c : world().contexts)
            if (c->display == d->object)
                contexts.push_back(c);
        for (const auto& [id, s] : world().surfaces)
            if (s->display == d->object && !s->destroyed)
                surfaces.push_back(s.get());
    }
    for (WsContext* c : contexts)
        ws::destroy_context(c);
    for (Surface* s : surfaces)
        destroy_surface(s);
    return egl_ok();
}

const char* eglQueryString(EGLDisplay handle, EGLint name) {
    if (handle == EGL_NO_DISPLAY) {
        if (name != EGL_EXTENSIONS && name != EGL_VERSION)
            return egl_error(EGL_BAD_DISPLAY);
        // Kept in an object of its own, which is never opened.
        static DisplayObject* const none = [] {
            auto* d = new DisplayObject;
            d->kind = DisplayKind::EglSurfaceless;
            return d;
        }();
        egl_ok();
        const std::string& all = display_string(*none, StringOf::EglClient, name);
        if (name == EGL_VERSION)
            return all.empty() ? "1.5" : all.c_str();
        static const std::string* const filtered = new std::string(supported_egl_extensions(all));
        return filtered->c_str();
    }
    EglDisplay* d = initialized_display(handle);
    if (!d)
        return nullptr;
    if (name != EGL_EXTENSIONS && name != EGL_VERSION && name != EGL_VENDOR &&
        name != EGL_CLIENT_APIS)
        return egl_error(EGL_BAD_PARAMETER);
    egl_ok();
    const std::string& all = display_string(*d->object, StringOf::Egl, name);
    if (name != EGL_EXTENSIONS)
        return all.c_str();
    std::string filtered = supported_egl_extensions(all);
    Locked hold(world().lock);
    return d->object->strings.emplace((uint64_t)1 << 63, std::move(filtered)).first->second.c_str();
}

EGLBoolean eglBindAPI(EGLenum api) {
    if (api != EGL_OPENGL_API && api != EGL_OPENGL_ES_API)
        return egl_error(EGL_BAD_PARAMETER);
    t_thread.egl_api = api;
    return egl_ok();
}

EGLenum eglQueryAPI(void) { return t_thread.egl_api; }

EGLBoolean eglReleaseThread(void) {
    if (current_egl())
        make_current(nullptr, nullptr, nullptr, true);
    t_thread.egl_api = EGL_OPENGL_ES_API;
    return egl_ok();
}

} // extern "C"
