// GLX in the renderer.
#include "replay/ws/display.h"
#include "replay/ws/x_errors.h"
#define GLX_GLXEXT_PROTOTYPES
#include <GL/glx.h>
#include <algorithm>
#include <climits>
#include <dlfcn.h>
#include <mutex>

namespace glckpt::replay {
namespace {

#define GLCKPT_GLX_FUNCTIONS(X)                                                                    \
    X(glXBindTexImageEXT)                                                                          \
    X(glXChooseFBConfig)                                                                           \
    X(glXCopySubBufferMESA)                                                                        \
    X(glXCreateContext)                                                                            \
    X(glXCreateContextAttribsARB)                                                                  \
    X(glXCreateGLXPixmap)                                                                          \
    X(glXCreateNewContext)                                                                         \
    X(glXCreatePbuffer)                                                                            \
    X(glXCreatePixmap)                                                                             \
    X(glXCreateWindow)                                                                             \
    X(glXDestroyContext)                                                                           \
    X(glXDestroyGLXPixmap)                                                                         \
    X(glXDestroyPbuffer)                                                                           \
    X(glXDestroyPixmap)                                                                            \
    X(glXDestroyWindow)                                                                            \
    X(glXGetClientString)                                                                          \
    X(glXGetConfig)                                                                                \
    X(glXGetFBConfigAttrib)                                                                        \
    X(glXGetFBConfigs)                                                                             \
    X(glXGetProcAddress)                                                                           \
    X(glXMakeContextCurrent)                                                                       \
    X(glXQueryDrawable)                                                                            \
    X(glXQueryExtension)                                                                           \
    X(glXQueryExtensionsString)                                                                    \
    X(glXQueryRendererIntegerMESA)                                                                 \
    X(glXQueryRendererStringMESA)                                                                  \
    X(glXQueryServerString)                                                                        \
    X(glXQueryVersion)                                                                             \
    X(glXReleaseTexImageEXT)                                                                       \
    X(glXSwapBuffers)                                                                              \
    X(glXSwapIntervalEXT)                                                                          \
    X(glXSwapIntervalMESA)                                                                         \
    X(glXSwapIntervalSGI)                                                                          \
    X(glXWaitGL)

struct Glx {
#define GLCKPT_DECLARE(f) decltype(&::f) f = nullptr;
    GLCKPT_GLX_FUNCTIONS(GLCKPT_DECLARE)
#undef GLCKPT_DECLARE
    bool ok = false;

    Glx() {
        void* lib = driver_library("libGL.so.1");
        if (!lib)
            return;
        auto get = reinterpret_cast<__GLXextFuncPtr (*)(const GLubyte*)>(
            dlsym(lib, "glXGetProcAddressARB"));
        if (!get)
            return;
        auto find = [&](const char* name) {
            void* p = dlsym(lib, name);
            return p ? p : reinterpret_cast<void*>(get((const GLubyte*)name));
        };
#define GLCKPT_LOAD(f) f = reinterpret_cast<decltype(f)>(find(#f));
        GLCKPT_GLX_FUNCTIONS(GLCKPT_LOAD)
#undef GLCKPT_LOAD
        ok = glXMakeContextCurrent && glXGetFBConfigs && glXQueryExtension;
    }
};

const Glx& glx() {
    static const Glx table;
    return table;
}

// Two displays for the app may be one for us: a server's connection is shared.
struct Connection {
    ::Display* dpy = nullptr;
    int major = 0, first_error = 0;
};

class GlxDisplay : public Display {
  public:
    GlxDisplay(Connection c, int screen) : dpy_(c.dpy), c_(c), screen_(screen) {
        int n = 0;
        GLXFBConfig* list = glx().glXGetFBConfigs(dpy_, screen_, &n);
        configs_.assign(list, list + (list ? n : 0));
        if (list)
            XFree(list);
    }

    std::vector<int32_t> configs() override {
        // The driver's own order of preference, for what its attributes do not tell.
        const int any = (int)GLX_DONT_CARE;
        const int everything[] = {GLX_DRAWABLE_TYPE,
                                  any,
                                  GLX_RENDER_TYPE,
                                  any,
                                  GLX_TRANSPARENT_TYPE,
                                  any,
                                  GLX_STEREO,
                                  any,
                                  None};
        int ranked = 0;
        GLXFBConfig* order = glx().glXChooseFBConfig(dpy_, screen_, everything, &ranked);
        std::vector<int32_t> rows;
        for (GLXFBConfig c : configs_) {
            append_row(rows, c);
            const auto place = std::find(order, order + ranked, c) - order;
            rows.push_back(place < ranked ? (int32_t)place : -1);
        }
        if (order)
            XFree(order);
        return rows;
    }

    std::vector<int32_t> configs(std::span<const int32_t> wanted) override {
        std::vector<int32_t> rows;
        for (const int32_t row : wanted)
            if (GLXFBConfig c = config(row)) {
                append_row(rows, c);
                rows.push_back(-1);
            }
        return rows;
    }

    std::vector<int32_t> visuals() override {
        std::vector<int32_t> rows;
        XVisualInfo like{};
        like.screen = screen_;
        int n = 0;
        XVisualInfo* list = XGetVisualInfo(dpy_, VisualScreenMask, &like, &n);
        for (int i = 0; i < n; ++i) {
            int usable = 0;
            if (glx().glXGetConfig(dpy_, &list[i], GLX_USE_GL, &usable) || !usable)
                continue;
            for (const int32_t attrib : ws::kGlxConfigAttribs) {
                int v = 0;
                if (attrib == GLX_VISUAL_ID)
                    v = (int)list[i].visualid;
                else if (glx().glXGetConfig(dpy_, &list[i], attrib, &v))
                    v = INT_MIN;
                rows.push_back(v);
            }
        }
        if (list)
            XFree(list);
        return rows;
    }

    std::string string(ws::StringOf of, int32_t name) override {
        const char* s = nullptr;
        switch (of) {
        case ws::StringOf::GlxExtensions:
            s = glx().glXQueryExtensionsString(dpy_, screen_);
            break;
        case ws::StringOf::GlxClient:
            s = glx().glXGetClientString(dpy_, name);
            break;
        case ws::StringOf::GlxServer:
            s = glx().glXQueryServerString(dpy_, screen_, name);
            break;
        case ws::StringOf::GlxRenderer:
            if (glx().glXQueryRendererStringMESA)
                s = glx().glXQueryRendererStringMESA(dpy_, screen_, 0, name);
            break;
        default:
            break;
        }
        return s ? s : "";
    }

    bool integer(int32_t name, uint32_t* values) override {
        return glx().glXQueryRendererIntegerMESA &&
               glx().glXQueryRendererIntegerMESA(dpy_, screen_, 0, name, values);
    }

    ws::Outcome create_context(const ws::CreateContext& q, std::span<const int32_t> attribs,
                               const RealContext* share, RealContext& made) override {
        XTrap trap(dpy_, c_.major, c_.first_error);
        const auto shared = share ? static_cast<GLXContext>(share->handle) : nullptr;
        GLXContext c = nullptr;
        switch (q.style) {
        case ws::ContextStyle::GlxLegacy:
            if (XVisualInfo* v = visual(q.visual)) {
                c = glx().glXCreateContext(dpy_, v, shared, (Bool)q.direct);
                XFree(v);
            }
            break;
        case ws::ContextStyle::GlxNew:
            c = glx().glXCreateNewContext(dpy_, config(q.config), q.render_type, shared,
                                          (Bool)q.direct);
            break;
        default:
            if (glx().glXCreateContextAttribsARB)
                c = glx().glXCreateContextAttribsARB(dpy_, config(q.config), shared, (Bool)q.direct,
                                                     attribs.empty() ? nullptr : attribs.data());
            break;
        }
        made.handle = c;
        for (size_t i = 0; i + 1 < attribs.size() && attribs[i] != None; i += 2)
            if (attribs[i] == GLX_CONTEXT_RESET_NOTIFICATION_STRATEGY_ARB)
                made.reset_strategy = attribs[i + 1];
        if (made.config < 0 && q.style == ws::ContextStyle::GlxLegacy)
            made.config = config_of_visual(q.visual);
        return {c != nullptr, c ? ws::Failure{} : trap.failure(true), 0};
    }

    void destroy_context(RealContext& c) override {
        glx().glXDestroyContext(dpy_, static_cast<GLXContext>(c.handle));
    }

    ws::Outcome create_surface(const ws::CreateSurface& q, std::span<const int32_t> attribs,
                               RealSurface& made) override {
        XTrap trap(dpy_, c_.major, c_.first_error);
        const int* list = attribs.empty() ? nullptr : attribs.data();
        switch (q.kind) {
        case ws::SurfaceKind::GlxBareWindow:
            made.handle = q.native;
            break;
        case ws::SurfaceKind::GlxWindow:
            if (GLXFBConfig c = config(q.config))
                made.handle = glx().glXCreateWindow(dpy_, c, q.native, list);
            break;
        case ws::SurfaceKind::GlxPixmap:
            if (GLXFBConfig c = config(q.config))
                made.handle = glx().glXCreatePixmap(dpy_, c, q.native, list);
            break;
        case ws::SurfaceKind::GlxOldPixmap:
            if (XVisualInfo* v = visual(q.visual)) {
                made.handle = glx().glXCreateGLXPixmap(dpy_, v, q.native);
                XFree(v);
            }
            break;
        case ws::SurfaceKind::GlxPbuffer:
            if (GLXFBConfig c = config(q.config))
                made.handle = glx().glXCreatePbuffer(dpy_, c, list);
            break;
        default:
            break;
        }
        const ws::Failure f = trap.failure(q.kind != ws::SurfaceKind::GlxBareWindow);
        if (f.code)
            made.handle = 0;
        return {made.handle != 0, f, 0};
    }

    void destroy_surface(RealSurface& s) override {
        XTrap trap(dpy_, c_.major, c_.first_error);
        switch (s.kind) {
        case ws::SurfaceKind::GlxWindow:
            glx().glXDestroyWindow(dpy_, s.handle);
            break;
        case ws::SurfaceKind::GlxPixmap:
            glx().glXDestroyPixmap(dpy_, s.handle);
            break;
        case ws::SurfaceKind::GlxOldPixmap:
            glx().glXDestroyGLXPixmap(dpy_, s.handle);
            break;
        case ws::SurfaceKind::GlxPbuffer:
            glx().glXDestroyPbuffer(dpy_, s.handle);
            break;
        default:
            break;
        }
        trap.failure(true);
    }

    ws::Outcome query_surface(const RealSurface& s, int32_t name) override {
        XTrap trap(dpy_, c_.major, c_.first_error);
        unsigned v = 0;
        glx().glXQueryDrawable(dpy_, s.handle, name, &v);
        const ws::Failure f = trap.failure(true);
        return {f.code == 0, f, (int32_t)v};
    }
    ws::Outcome set_surface(const RealSurface&, int32_t, int32_t) override { return {1, {}, 0}; }

    ws::Outcome make_current(const RealContext& c, const RealSurface* draw,
                             const RealSurface* read) override {
        XTrap trap(dpy_, c_.major, c_.first_error);
        const Bool ok = glx().glXMakeContextCurrent(dpy_, draw ? draw->handle : None,
                                                    read ? read->handle : None,
                                                    static_cast<GLXContext>(c.handle));
        return {(uint32_t)ok, ok ? ws::Failure{} : trap.failure(true), 0};
    }
    ws::SurfaceKind pbuffer_kind() const override { return ws::SurfaceKind::GlxPbuffer; }
    uint64_t make_stand_in(const RealContext& c) override {
        XTrap trap(dpy_, c_.major, c_.first_error);
        const int small[] = {GLX_PBUFFER_WIDTH, 16, GLX_PBUFFER_HEIGHT, 16, None};
        GLXFBConfig fb = config(c.config);
        const GLXPbuffer p = fb ? glx().glXCreatePbuffer(dpy_, fb, small) : None;
        return trap.failure(true).code ? None : p;
    }
    void release() override { glx().glXMakeContextCurrent(dpy_, None, None, nullptr); }

    ws::Outcome swap(const RealSurface& s) override {
        XTrap trap(dpy_, c_.major, c_.first_error);
        glx().glXSwapBuffers(dpy_, s.handle);
        const ws::Failure f = trap.failure(false);
        return {f.code == 0, f, 0};
    }

    void swap_interval(const RealSurface& s, int interval) override {
        if (glx().glXSwapIntervalEXT && has("GLX_EXT_swap_control"))
            glx().glXSwapIntervalEXT(dpy_, s.handle, interval);
        else if (glx().glXSwapIntervalMESA && has("GLX_MESA_swap_control"))
            glx().glXSwapIntervalMESA((unsigned)std::max(interval, 0));
        else if (glx().glXSwapIntervalSGI && interval > 0 && has("GLX_SGI_swap_control"))
            glx().glXSwapIntervalSGI(interval);
    }

    ws::Outcome bind_tex_image(const RealSurface& s, int buffer,
                               std::span<const int32_t> attribs) override {
        if (!glx().glXBindTexImageEXT)
            return {0, {}, 0};
        XTrap trap(dpy_, c_.major, c_.first_error);
        glx().glXBindTexImageEXT(dpy_, s.handle, buffer,
                                 attribs.empty() ? nullptr : attribs.data());
        const ws::Failure f = trap.failure(true);
        return {f.code == 0, f, 0};
    }
    ws::Outcome release_tex_image(const RealSurface& s, int buffer) override {
        if (!glx().glXReleaseTexImageEXT)
            return {0, {}, 0};
        XTrap trap(dpy_, c_.major, c_.first_error);
        glx().glXReleaseTexImageEXT(dpy_, s.handle, buffer);
        const ws::Failure f = trap.failure(true);
        return {f.code == 0, f, 0};
    }
    ws::Outcome copy(const RealSurface& s, const ws::CopySurface& q) override {
        XTrap trap(dpy_, c_.major, c_.first_error);
        if (glx().glXCopySubBufferMESA)
            glx().glXCopySubBufferMESA(dpy_, s.handle, q.x, q.y, q.width, q.height);
        const ws::Failure f = trap.failure(true);
        return {f.code == 0, f, 0};
    }

    void wait_gl() override {
        glx().glXWaitGL(); // which some of Mesa's drivers take lightly
        if (auto finish = reinterpret_cast<void (*)()>(proc("glFinish")))
            finish();
    }

    void settle() override { XSync(dpy_, False); }

    void* proc(const char* name) override {
        return reinterpret_cast<void*>(glx().glXGetProcAddress((const GLubyte*)name));
    }

    bool make_helper(const RealContext& c, const RealSurface* s,
                     RealContext::Helper& made) override {
        GLXFBConfig fb = config(s && s->config >= 0 ? s->config : c.config);
        if (!fb || !glx().glXCreateNewContext)
            return false;
        XTrap trap(dpy_, c_.major, c_.first_error);
        const auto app = static_cast<GLXContext>(c.handle);
        const int same[] = {GLX_CONTEXT_RESET_NOTIFICATION_STRATEGY_ARB, c.reset_strategy, None};
        GLXContext h = c.reset_strategy && glx().glXCreateContextAttribsARB
                           ? glx().glXCreateContextAttribsARB(dpy_, fb, app, True, same)
                           : glx().glXCreateNewContext(dpy_, fb, GLX_RGBA_TYPE, app, True);
        if (!h)
            h = glx().glXCreateNewContext(dpy_, fb, GLX_RGBA_TYPE, nullptr, True);
        if (!h)
            return false;
        const int small[] = {GLX_PBUFFER_WIDTH, 1, GLX_PBUFFER_HEIGHT, 1, None};
        made.handle = h;
        if (trap.failure(true).code)
            return false;
        XTrap of_pbuffer(dpy_, c_.major, c_.first_error);
        made.tiny = glx().glXCreatePbuffer(dpy_, fb, small);
        if (of_pbuffer.failure(true).code) // a config for windows alone
            made.tiny = None;
        return s || made.tiny;
    }
    void destroy_helper(RealContext::Helper& h) override {
        glx().glXDestroyContext(dpy_, static_cast<GLXContext>(h.handle));
        if (h.tiny)
            glx().glXDestroyPbuffer(dpy_, h.tiny);
    }
    bool make_helper_current(const RealContext::Helper& h, const RealSurface* s) override {
        XTrap trap(dpy_, c_.major, c_.first_error);
        const GLXDrawable d = s ? s->handle : h.tiny;
        return glx().glXMakeContextCurrent(dpy_, d, d, static_cast<GLXContext>(h.handle));
    }
    void* hold_window(const RealSurface& s) override {
        GLXFBConfig fb = config(s.config);
        if (!fb || !glx().glXCreateNewContext)
            return nullptr;
        XTrap trap(dpy_, c_.major, c_.first_error);
        GLXContext c = glx().glXCreateNewContext(dpy_, fb, GLX_RGBA_TYPE, nullptr, True);
        if (c)
            glx().glXMakeContextCurrent(dpy_, s.handle, s.handle, c);
        return c;
    }
    void let_window_go(void* holder) override {
        glx().glXDestroyContext(dpy_, static_cast<GLXContext>(holder));
    }

  private:
    // All columns but the last, kDriverRank.
    void append_row(std::vector<int32_t>& rows, GLXFBConfig c) const {
        static_assert(ws::kGlxConfigAttribs[ws::kGlxConfigColumns - 1] == ws::kDriverRank);
        for (int i = 0; i + 1 < ws::kGlxConfigColumns; ++i) {
            int v = 0;
            rows.push_back(
                glx().glXGetFBConfigAttrib(dpy_, c, ws::kGlxConfigAttribs[i], &v) ? INT_MIN : v);
        }
    }
    GLXFBConfig config(int32_t row) const {
        return row >= 0 && (size_t)row < configs_.size() ? configs_[(size_t)row] : nullptr;
    }
    XVisualInfo* visual(uint32_t id) const {
        XVisualInfo like{};
        like.visualid = id;
        like.screen = screen_;
        int n = 0;
        return XGetVisualInfo(dpy_, VisualIDMask | VisualScreenMask, &like, &n);
    }
    int32_t config_of_visual(uint32_t id) const {
        for (size_t i = 0; i < configs_.size(); ++i) {
            int v = 0;
            if (!glx().glXGetFBConfigAttrib(dpy_, configs_[i], GLX_VISUAL_ID, &v) &&
                (uint32_t)v == id)
                return (int32_t)i;
        }
        return -1;
    }
    bool has(const char* extension) const {
        const char* s = glx().glXQueryExtensionsString(dpy_, screen_);
        return s && (" " + std::string(s) + " ").find(" " + std::string(extension) + " ") !=
                        std::string::npos;
    }

    ::Display* dpy_;
    Connection c_;
    int screen_;
    std::vector<GLXFBConfig> configs_;
};

} // namespace

std::shared_ptr<Display> open_glx(const ws::OpenDisplay& q, ws::OpenDisplayAnswer& a) {
    prepare_xlib();
    if (!glx().ok)
        return nullptr;
    static std::vector<std::pair<std::string, Connection>> connections; // control thread only
    Connection c;
    for (const auto& [name, known] : connections)
        if (name == q.name)
            c = known;
    if (!c.dpy) {
        c.dpy = XOpenDisplay(q.name);
        if (!c.dpy)
            return nullptr;
        int events;
        XQueryExtension(c.dpy, "GLX", &c.major, &events, &c.first_error);
        connections.emplace_back(q.name, c);
    }
    int error_base, event_base;
    a.screens = (uint32_t)ScreenCount(c.dpy);
    if (q.screen >= a.screens || !glx().glXQueryExtension(c.dpy, &error_base, &event_base) ||
        !glx().glXQueryVersion(c.dpy, &a.major, &a.minor))
        return nullptr;
    a.ok = 1;
    return std::make_shared<GlxDisplay>(c, (int)q.screen);
}

} // namespace glckpt::replay
