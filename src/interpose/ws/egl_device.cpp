// EGL devices: the app sees the driver's, as objects of ours. Their files are not told (the app
// would open the GPU itself, and an image must not hold it).
#include "interpose/ws/egl.h"

namespace glckpt::ws {
namespace {

struct Device {
    uint32_t index;
    std::string extensions;
};

// Frozen at first use.
const std::vector<std::unique_ptr<Device>>& devices() {
    static const auto* const list = [] {
        auto* l = new std::vector<std::unique_ptr<Device>>;
        const auto n = ask_for<uint32_t>(kListDevices, DisplayOnly{0});
        for (uint32_t i = 0; i < n; ++i) {
            const std::vector<char> a =
                ask(kString, String{i + 1, StringOf::EglClient, EGL_EXTENSIONS});
            const bool software =
                std::string(a.begin(), a.end()).find("EGL_MESA_device_software") !=
                std::string::npos;
            l->push_back(
                std::make_unique<Device>(Device{i, software ? "EGL_MESA_device_software" : ""}));
        }
        return l;
    }();
    return *list;
}

const Device* device_behind(EGLDeviceEXT handle) {
    for (const auto& d : devices())
        if (d.get() == handle)
            return d.get();
    return nullptr;
}

} // namespace

EGLDisplay device_display(EGLDeviceEXT handle) {
    const Device* d = handle == EGL_NO_DEVICE_EXT && !devices().empty() ? devices()[0].get()
                                                                        : device_behind(handle);
    if (!d)
        return egl_error(EGL_BAD_PARAMETER);
    return display_for_device(d->index);
}

EGLDeviceEXT device_of(const EglDisplay& d) {
    if (devices().empty())
        return EGL_NO_DEVICE_EXT;
    if (d.kind == DisplayKind::EglDevice && d.device < devices().size())
        return devices()[d.device].get();
    return devices().back().get();
}

} // namespace glckpt::ws

using namespace glckpt;
using namespace glckpt::ws;

extern "C" {

EGLBoolean eglQueryDevicesEXT(EGLint most, EGLDeviceEXT* list, EGLint* count) {
    if (!count || (list && most <= 0))
        return egl_error(EGL_BAD_PARAMETER);
    const auto n = (EGLint)devices().size();
    *count = list ? std::min(most, n) : n;
    for (EGLint i = 0; list && i < *count; ++i)
        list[i] = devices()[(size_t)i].get();
    return egl_ok();
}

const char* eglQueryDeviceStringEXT(EGLDeviceEXT handle, EGLint name) {
    const Device* d = device_behind(handle);
    if (!d)
        return egl_error(EGL_BAD_DEVICE_EXT);
    if (name != EGL_EXTENSIONS)
        return egl_error(EGL_BAD_PARAMETER);
    egl_ok();
    return d->extensions.c_str();
}

EGLBoolean eglQueryDeviceAttribEXT(EGLDeviceEXT handle, EGLint, EGLAttrib*) {
    return egl_error(device_behind(handle) ? EGL_BAD_ATTRIBUTE : EGL_BAD_DEVICE_EXT);
}

EGLBoolean eglQueryDisplayAttribEXT(EGLDisplay handle, EGLint name, EGLAttrib* value) {
    EglDisplay* d = initialized_display(handle);
    if (!d)
        return EGL_FALSE;
    if (name != EGL_DEVICE_EXT)
        return egl_error(EGL_BAD_ATTRIBUTE);
    *value = (EGLAttrib)device_of(*d);
    return egl_ok();
}

} // extern "C"
