// X displays and their screens, errors, and the questions about versions and names.
#include "interpose/ws/glx.h"
#include "interpose/ws/glx_choose.h"
#include "interpose/ws/words.h"
#include <string_view>

namespace glckpt::ws {
namespace {

// Extensions that these faces implement. What the driver has beyond them is not for the app:
//   GLX_EXT_buffer_age           a new renderer's back buffers have no age
//   GLX_EXT_import_context       other processes' contexts
//   GLX_OML_sync_control, GLX_SGI_video_sync, GLX_INTEL_swap_event   counters of one server
constexpr std::string_view kSupported[] = {
    "GLX_ARB_context_flush_control",
    "GLX_ARB_create_context",
    "GLX_ARB_create_context_no_error",
    "GLX_ARB_create_context_profile",
    "GLX_ARB_create_context_robustness",
    "GLX_ARB_fbconfig_float",
    "GLX_ARB_framebuffer_sRGB",
    "GLX_ARB_get_proc_address",
    "GLX_ARB_multisample",
    "GLX_ATI_pixel_format_float",
    "GLX_EXT_create_context_es2_profile",
    "GLX_EXT_create_context_es_profile",
    "GLX_EXT_fbconfig_packed_float",
    "GLX_EXT_framebuffer_sRGB",
    "GLX_EXT_get_drawable_type",
    "GLX_EXT_libglvnd",
    "GLX_EXT_no_config_context",
    "GLX_EXT_swap_control",
    "GLX_EXT_swap_control_tear",
    "GLX_EXT_texture_from_pixmap",
    "GLX_EXT_visual_info",
    "GLX_EXT_visual_rating",
    "GLX_MESA_copy_sub_buffer",
    "GLX_MESA_query_renderer",
    "GLX_MESA_swap_control",
    "GLX_NV_float_buffer",
    "GLX_OML_swap_method",
    "GLX_SGIS_multisample",
    "GLX_SGIX_fbconfig",
    "GLX_SGIX_pbuffer",
    "GLX_SGIX_visual_select_group",
    "GLX_SGI_make_current_read",
    "GLX_SGI_swap_control",
};

const char* extensions(::Display* dpy, int screen, StringOf of, int name) {
    DisplayObject* d = glx_display(dpy, screen);
    if (!d)
        return nullptr;
    const std::string& all = display_string(*d, of, name);
    Locked hold(world().lock);
    // The filtered text is kept beside the driver's, under a name that no string has.
    const uint64_t key = (uint64_t)1 << 63 | (uint64_t)of << 32 | (uint32_t)name;
    auto it = d->strings.find(key);
    if (it == d->strings.end())
        it = d->strings.emplace(key, supported_extensions(all)).first;
    return it->second.c_str();
}

} // namespace

std::string supported_extensions(const std::string& all) { return common_words(all, kSupported); }

DisplayObject* glx_display(::Display* dpy, int screen) {
    World& w = world();
    if (!dpy || screen < 0 || screen >= ScreenCount(dpy))
        return nullptr;
    const char* name = DisplayString(dpy);
    uint32_t id;
    {
        Locked hold(w.lock);
        for (const auto& d : w.displays)
            if (d->is_glx() && (int)d->screen == screen && d->app_name == name)
                return d.get();
        id = w.next_display++;
    }
    auto d = std::make_unique<DisplayObject>();
    d->id = id;
    d->kind = DisplayKind::Glx;
    d->screen = (uint32_t)screen;
    d->app_name = name;
    DisplayObject* found = nullptr;
    const auto noted = [&] {
        for (const auto& other : w.displays) // another thread was as fast
            if (other->is_glx() && (int)other->screen == screen && other->app_name == name) {
                found = other.get();
                return;
            }
        std::vector<int32_t*> rows, visuals;
        for (size_t i = 0; i < d->configs.size(); ++i)
            rows.push_back(&d->rows[i * (size_t)kGlxConfigColumns]);
        for (size_t i = 0; i < d->visuals.size(); ++i)
            visuals.push_back(&d->visual_rows[i * (size_t)kGlxConfigColumns]);
        infer_select_groups(rows, visuals);
        found = d.get();
        w.displays.push_back(std::move(d));
    };
    open_display(*d, nullptr, noted);
    return found;
}

void raise_error(::Display* dpy, int code, bool glx, XID resource, int minor) {
    const Xlib& x = xlib();
    int major = 0, event = 0, first = 0;
    if (!dpy || !x._XError || !x.XQueryExtension(dpy, "GLX", &major, &event, &first))
        return;
    LockDisplay(dpy);
    xError e{};
    e.type = X_Error;
    e.errorCode = (BYTE)(glx ? first + code : code);
    e.sequenceNumber = (CARD16)dpy->request;
    e.resourceID = (CARD32)resource;
    e.minorCode = (CARD16)minor;
    e.majorCode = (BYTE)major;
    x._XError(dpy, &e);
    UnlockDisplay(dpy);
}

void raise_failure(::Display* dpy, const Failure& f, int fallback, XID resource, int minor) {
    if (f.code || f.glx)
        raise_error(dpy, f.code, f.glx, resource, f.minor ? f.minor : minor);
    else
        raise_x(dpy, fallback, resource, minor);
}

} // namespace glckpt::ws

using namespace glckpt;
using namespace glckpt::ws;

extern "C" {

Bool glXQueryExtension(::Display* dpy, int* error_base, int* event_base) {
    int major, event, error;
    if (!xlib().XQueryExtension || !xlib().XQueryExtension(dpy, "GLX", &major, &event, &error))
        return False;
    if (error_base)
        *error_base = error;
    if (event_base)
        *event_base = event;
    return True;
}

Bool glXQueryVersion(::Display* dpy, int* major, int* minor) {
    DisplayObject* d = dpy ? glx_display(dpy, DefaultScreen(dpy)) : nullptr;
    if (!d)
        return False;
    if (major)
        *major = d->major;
    if (minor)
        *minor = d->minor;
    return True;
}

const char* glXQueryExtensionsString(::Display* dpy, int screen) {
    return extensions(dpy, screen, StringOf::GlxExtensions, 0);
}

const char* glXGetClientString(::Display* dpy, int name) {
    if (!dpy)
        return nullptr;
    if (name == GLX_EXTENSIONS)
        return extensions(dpy, DefaultScreen(dpy), StringOf::GlxClient, name);
    DisplayObject* d = glx_display(dpy, DefaultScreen(dpy));
    if (!d || (name != GLX_VENDOR && name != GLX_VERSION))
        return nullptr;
    return display_string(*d, StringOf::GlxClient, name).c_str();
}

const char* glXQueryServerString(::Display* dpy, int screen, int name) {
    if (name == GLX_EXTENSIONS)
        return extensions(dpy, screen, StringOf::GlxServer, name);
    DisplayObject* d = glx_display(dpy, screen);
    if (!d || (name != GLX_VENDOR && name != GLX_VERSION))
        return nullptr;
    return display_string(*d, StringOf::GlxServer, name).c_str();
}

Bool glXQueryRendererIntegerMESA(::Display* dpy, int screen, int renderer, int attribute,
                                 unsigned* value) {
    DisplayObject* d = renderer == 0 ? glx_display(dpy, screen) : nullptr;
    if (!d)
        return False;
    const auto a = ask_for<IntegerAnswer>(kInteger, Integer{d->id, attribute});
    if (!a.ok)
        return False;
    const int n = attribute == 0x8185 /*VERSION*/              ? 3
                  : attribute >= 0x818A && attribute <= 0x818D ? 2
                                                               : 1;
    memcpy(value, a.values, (size_t)n * sizeof *value);
    return True;
}

Bool glXQueryCurrentRendererIntegerMESA(int attribute, unsigned* value) {
    auto* dpy = static_cast<::Display*>(t_thread.glx_display);
    WsContext* c = t_thread.current;
    if (!dpy || !c)
        return False;
    return glXQueryRendererIntegerMESA(dpy, (int)c->display->screen, 0, attribute, value);
}

const char* glXQueryRendererStringMESA(::Display* dpy, int screen, int renderer, int attribute) {
    DisplayObject* d = renderer == 0 ? glx_display(dpy, screen) : nullptr;
    if (!d)
        return nullptr;
    const std::string& s = display_string(*d, StringOf::GlxRenderer, attribute);
    return s.empty() ? nullptr : s.c_str();
}

const char* glXQueryCurrentRendererStringMESA(int attribute) {
    auto* dpy = static_cast<::Display*>(t_thread.glx_display);
    WsContext* c = t_thread.current;
    if (!dpy || !c)
        return nullptr;
    return glXQueryRendererStringMESA(dpy, (int)c->display->screen, 0, attribute);
}

} // extern "C"
