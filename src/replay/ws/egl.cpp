// EGL in the renderer.
#include "replay/ws/display.h"
#include "replay/ws/x_errors.h"
#define EGL_EGLEXT_PROTOTYPES
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <climits>
#include <dlfcn.h>

namespace glckpt::replay {
namespace {

#define GLCKPT_EGL_FUNCTIONS(X)                                                                    \
    X(eglBindAPI)                                                                                  \
    X(eglBindTexImage)                                                                             \
    X(eglCopyBuffers)                                                                              \
    X(eglCreateContext)                                                                            \
    X(eglCreateImageKHR)                                                                           \
    X(eglCreatePbufferSurface)                                                                     \
    X(eglCreatePixmapSurface)                                                                      \
    X(eglCreateWindowSurface)                                                                      \
    X(eglDestroyContext)                                                                           \
    X(eglDestroyImageKHR)                                                                          \
    X(eglDestroySurface)                                                                           \
    X(eglGetConfigAttrib)                                                                          \
    X(eglGetConfigs)                                                                               \
    X(eglGetDisplay)                                                                               \
    X(eglGetError)                                                                                 \
    X(eglGetPlatformDisplayEXT)                                                                    \
    X(eglGetProcAddress)                                                                           \
    X(eglInitialize)                                                                               \
    X(eglMakeCurrent)                                                                              \
    X(eglQueryDeviceStringEXT)                                                                     \
    X(eglQueryDevicesEXT)                                                                          \
    X(eglQueryString)                                                                              \
    X(eglQuerySurface)                                                                             \
    X(eglReleaseTexImage)                                                                          \
    X(eglSurfaceAttrib)                                                                            \
    X(eglSwapBuffers)                                                                              \
    X(eglSwapInterval)                                                                             \
    X(eglWaitClient)

struct Egl {
#define GLCKPT_DECLARE(f) decltype(&::f) f = nullptr;
    GLCKPT_EGL_FUNCTIONS(GLCKPT_DECLARE)
#undef GLCKPT_DECLARE
    bool ok = false;

    Egl() {
        void* lib = driver_library("libEGL.so.1");
        if (!lib)
            return;
        eglGetProcAddress =
            reinterpret_cast<decltype(eglGetProcAddress)>(dlsym(lib, "eglGetProcAddress"));
        if (!eglGetProcAddress)
            return;
        auto find = [&](const char* name) {
            void* p = dlsym(lib, name);
            return p ? p : reinterpret_cast<void*>(eglGetProcAddress(name));
        };
#define GLCKPT_LOAD(f) f = reinterpret_cast<decltype(f)>(find(#f));
        GLCKPT_EGL_FUNCTIONS(GLCKPT_LOAD)
#undef GLCKPT_LOAD
        ok = eglInitialize && eglMakeCurrent;
    }
};

const Egl& egl() {
    static const Egl table;
    return table;
}

ws::Outcome outcome(bool ok) {
    ws::Outcome o{ok, {}, 0};
    if (!ok)
        o.failure.code = egl().eglGetError();
    return o;
}

class EglDisplay : public Display {
  public:
    EglDisplay(EGLDisplay d, ::Display* x) : d_(d), x_(x) {
        EGLint n = 0;
        if (egl().eglGetConfigs(d_, nullptr, 0, &n) && n > 0) {
            configs_.resize((size_t)n);
            egl().eglGetConfigs(d_, configs_.data(), n, &n);
            configs_.resize((size_t)n);
        }
        const char* e = egl().eglQueryString(d_, EGL_EXTENSIONS);
        surfaceless_ = e && std::string(e).find("EGL_KHR_surfaceless_context") != std::string::npos;
    }

    std::vector<int32_t> configs() override {
        std::vector<int32_t> rows;
        for (EGLConfig c : configs_)
            append_row(rows, c);
        egl().eglGetError();
        return rows;
    }

    std::vector<int32_t> configs(std::span<const int32_t> wanted) override {
        std::vector<int32_t> rows;
        for (const int32_t row : wanted)
            if (EGLConfig c = config(row))
                append_row(rows, c);
        egl().eglGetError();
        return rows;
    }

    std::string string(ws::StringOf, int32_t name) override {
        const char* s = egl().eglQueryString(d_, name);
        return s ? s : "";
    }
    bool integer(int32_t, uint32_t*) override { return false; }

    ws::Outcome create_context(const ws::CreateContext& q, std::span<const int32_t> attribs,
                               const RealContext* share, RealContext& made) override {
        if (q.config < -1 || (q.config >= 0 && !config(q.config)))
            return {0, {EGL_BAD_CONFIG, 0, 0, 0, 0}, 0};
        egl().eglBindAPI(q.egl_api);
        made.handle = egl().eglCreateContext(
            d_, config(q.config), share ? static_cast<EGLContext>(share->handle) : EGL_NO_CONTEXT,
            attribs.empty() ? nullptr : attribs.data());
        for (size_t i = 0; i + 1 < attribs.size() && attribs[i] != EGL_NONE; i += 2)
            if (attribs[i] == EGL_CONTEXT_OPENGL_RESET_NOTIFICATION_STRATEGY ||
                attribs[i] == EGL_CONTEXT_OPENGL_RESET_NOTIFICATION_STRATEGY_EXT)
                made.reset_strategy = attribs[i + 1];
        return outcome(made.handle != EGL_NO_CONTEXT);
    }
    void destroy_context(RealContext& c) override {
        egl().eglDestroyContext(d_, static_cast<EGLContext>(c.handle));
    }

    ws::Outcome create_surface(const ws::CreateSurface& q, std::span<const int32_t> attribs,
                               RealSurface& made) override {
        XTrap trap(x_, 0, 0);
        const EGLint* list = attribs.empty() ? nullptr : attribs.data();
        EGLSurface s = EGL_NO_SURFACE;
        if (EGLConfig c = config(q.config)) {
            if (q.kind == ws::SurfaceKind::EglPbuffer)
                s = egl().eglCreatePbufferSurface(d_, c, list);
            else if (q.kind == ws::SurfaceKind::EglWindow)
                s = egl().eglCreateWindowSurface(d_, c, (EGLNativeWindowType)q.native, list);
            else if (q.kind == ws::SurfaceKind::EglPixmap)
                s = egl().eglCreatePixmapSurface(d_, c, (EGLNativePixmapType)q.native, list);
        } else {
            return {0, {EGL_BAD_CONFIG, 0, 0, 0, 0}, 0};
        }
        made.handle = (uint64_t)s;
        return outcome(s != EGL_NO_SURFACE);
    }
    void destroy_surface(RealSurface& s) override { egl().eglDestroySurface(d_, surface(&s)); }

    ws::Outcome query_surface(const RealSurface& s, int32_t name) override {
        EGLint v = 0;
        ws::Outcome o = outcome(egl().eglQuerySurface(d_, surface(&s), name, &v));
        o.value = v;
        return o;
    }
    ws::Outcome set_surface(const RealSurface& s, int32_t name, int32_t value) override {
        return outcome(egl().eglSurfaceAttrib(d_, surface(&s), name, value));
    }

    ws::Outcome make_current(const RealContext& c, const RealSurface* draw,
                             const RealSurface* read) override {
        XTrap trap(x_, 0, 0);
        egl().eglBindAPI(c.egl_api);
        return outcome(egl().eglMakeCurrent(d_, surface(draw), surface(read),
                                            static_cast<EGLContext>(c.handle)));
    }
    ws::SurfaceKind pbuffer_kind() const override { return ws::SurfaceKind::EglPbuffer; }
    uint64_t make_stand_in(const RealContext& c) override {
        const EGLint small[] = {EGL_WIDTH, 16, EGL_HEIGHT, 16, EGL_NONE};
        EGLConfig fb = config(c.config);
        const EGLSurface s = fb ? egl().eglCreatePbufferSurface(d_, fb, small) : EGL_NO_SURFACE;
        egl().eglGetError();
        return (uint64_t)s;
    }
    void release() override {
        egl().eglMakeCurrent(d_, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
    }

    ws::Outcome swap(const RealSurface& s) override {
        XTrap trap(x_, 0, 0);
        return outcome(egl().eglSwapBuffers(d_, surface(&s)));
    }
    void swap_interval(const RealSurface&, int interval) override {
        egl().eglSwapInterval(d_, interval);
    }
    ws::Outcome bind_tex_image(const RealSurface& s, int buffer,
                               std::span<const int32_t>) override {
        XTrap trap(x_, 0, 0);
        return outcome(egl().eglBindTexImage(d_, surface(&s), buffer));
    }
    ws::Outcome release_tex_image(const RealSurface& s, int buffer) override {
        XTrap trap(x_, 0, 0);
        return outcome(egl().eglReleaseTexImage(d_, surface(&s), buffer));
    }
    void* create_image(const RealContext& c, uint32_t target, uint32_t name,
                       std::span<const int32_t> attribs, int32_t* error) override {
        *error = EGL_BAD_PARAMETER;
        if (!egl().eglCreateImageKHR)
            return nullptr;
        void* image = egl().eglCreateImageKHR(
            d_, static_cast<EGLContext>(c.handle), target,
            (EGLClientBuffer)(uintptr_t)name, // the driver's name is what EGL calls a buffer here
            attribs.empty() ? nullptr : attribs.data());
        if (!image)
            *error = egl().eglGetError();
        return image;
    }
    void destroy_image(void* image) override { egl().eglDestroyImageKHR(d_, image); }
    ws::Outcome copy(const RealSurface& s, const ws::CopySurface& q) override {
        XTrap trap(x_, 0, 0);
        return outcome(egl().eglCopyBuffers(d_, surface(&s), (EGLNativePixmapType)q.native));
    }
    void wait_gl() override { egl().eglWaitClient(); } // the same as glFinish
    void settle() override {
        if (x_)
            XSync(x_, False);
    }

    void* proc(const char* name) override {
        return reinterpret_cast<void*>(egl().eglGetProcAddress(name));
    }

    bool make_helper(const RealContext& c, const RealSurface* s,
                     RealContext::Helper& made) override {
        EGLConfig fb = config(s && s->config >= 0 ? s->config : c.config);
        const auto app = static_cast<EGLContext>(c.handle);
        egl().eglBindAPI(EGL_OPENGL_API);
        const EGLint same[] = {EGL_CONTEXT_OPENGL_RESET_NOTIFICATION_STRATEGY, c.reset_strategy,
                               EGL_NONE};
        EGLContext h = egl().eglCreateContext(d_, fb, app, c.reset_strategy ? same : nullptr);
        if (h == EGL_NO_CONTEXT) // some drivers do not share between GL and GLES
            h = egl().eglCreateContext(d_, fb, EGL_NO_CONTEXT, nullptr);
        egl().eglGetError();
        if (h == EGL_NO_CONTEXT)
            return false;
        made.handle = h;
        if (!s && !surfaceless_ && fb) {
            const EGLint small[] = {EGL_WIDTH, 1, EGL_HEIGHT, 1, EGL_NONE};
            made.tiny = (uint64_t)egl().eglCreatePbufferSurface(d_, fb, small);
        }
        return true;
    }
    void destroy_helper(RealContext::Helper& h) override {
        egl().eglDestroyContext(d_, static_cast<EGLContext>(h.handle));
        if (h.tiny)
            egl().eglDestroySurface(d_, (EGLSurface)h.tiny);
    }
    bool make_helper_current(const RealContext::Helper& h, const RealSurface* s) override {
        XTrap trap(x_, 0, 0);
        egl().eglBindAPI(EGL_OPENGL_API);
        const EGLSurface d = s ? surface(s) : (EGLSurface)h.tiny;
        const bool ok = egl().eglMakeCurrent(d_, d, d, static_cast<EGLContext>(h.handle));
        egl().eglGetError();
        return ok;
    }

  private:
    void append_row(std::vector<int32_t>& rows, EGLConfig c) const {
        for (const int32_t attrib : ws::kEglConfigAttribs) {
            EGLint v = 0;
            rows.push_back(egl().eglGetConfigAttrib(d_, c, attrib, &v) ? v : INT_MIN);
        }
    }
    static EGLSurface surface(const RealSurface* s) {
        return s ? (EGLSurface)s->handle : EGL_NO_SURFACE;
    }
    EGLConfig config(int32_t row) const {
        return row >= 0 && (size_t)row < configs_.size() ? configs_[(size_t)row] : nullptr;
    }

    EGLDisplay d_;
    ::Display* x_;
    bool surfaceless_ = false;
    std::vector<EGLConfig> configs_;
};

std::vector<EGLDeviceEXT> devices() {
    if (!egl().ok || !egl().eglQueryDevicesEXT)
        return {};
    EGLint n = 0;
    if (!egl().eglQueryDevicesEXT(0, nullptr, &n) || n <= 0)
        return {};
    std::vector<EGLDeviceEXT> list((size_t)n);
    egl().eglQueryDevicesEXT(n, list.data(), &n);
    list.resize((size_t)n);
    return list;
}

} // namespace

std::string egl_client_string(int32_t name) {
    if (!egl().ok)
        return "";
    const char* s = egl().eglQueryString(EGL_NO_DISPLAY, name);
    return s ? s : "";
}

std::string egl_device_string(uint32_t index, int32_t name) {
    const auto list = devices();
    if (index >= list.size() || !egl().eglQueryDeviceStringEXT)
        return "";
    const char* s = egl().eglQueryDeviceStringEXT(list[index], name);
    return s ? s : "";
}

uint32_t egl_device_count() { return (uint32_t)devices().size(); }

std::shared_ptr<Display> open_egl(const ws::OpenDisplay& q, ws::OpenDisplayAnswer& a) {
    a.error = EGL_NOT_INITIALIZED;
    if (!egl().ok || !egl().eglGetPlatformDisplayEXT)
        return nullptr;
    EGLDisplay d = EGL_NO_DISPLAY;
    ::Display* x = nullptr;
    switch (q.kind) {
    case ws::DisplayKind::EglX11:
        prepare_xlib();
        x = XOpenDisplay(q.name);
        if (!x)
            return nullptr;
        d = egl().eglGetPlatformDisplayEXT(EGL_PLATFORM_X11_EXT, x, nullptr);
        break;
    case ws::DisplayKind::EglSurfaceless:
        d = egl().eglGetPlatformDisplayEXT(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY,
                                           nullptr);
        break;
    default:
        if (const auto list = devices(); q.device < list.size())
            d = egl().eglGetPlatformDisplayEXT(EGL_PLATFORM_DEVICE_EXT, list[q.device], nullptr);
        break;
    }
    if (d == EGL_NO_DISPLAY || !egl().eglInitialize(d, &a.major, &a.minor)) {
        a.error = egl().eglGetError();
        return nullptr;
    }
    a.ok = 1;
    return std::make_shared<EglDisplay>(d, x);
}

} // namespace glckpt::replay
