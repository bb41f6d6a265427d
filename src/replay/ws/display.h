// What a window system must do for the renderer; implemented for GLX and for EGL.
#pragma once
#include "log/ws_protocol.h"
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace glckpt::replay {

namespace ws = log::ws;

class Display;

struct RealContext {
    std::shared_ptr<Display> display;
    void* handle = nullptr;
    int32_t config = -1; // row of the display's list
    uint32_t egl_api = 0;
    // What is told of a reset of the graphics card, as its attribute says; 0: nothing was asked
    // for. Contexts that share must agree in it (EGL_EXT_create_context_robustness,
    // GLX_ARB_create_context_robustness), helpers too.
    int32_t reset_strategy = 0;
    ws::Failure last{};
    // Helper contexts (ws_make_helper_current), one a config.
    struct Helper {
        int32_t config;
        void* handle;
        uint64_t tiny; // something to be current with
    };
    std::vector<Helper> helpers;
    uint64_t stand_in = 0; // a pbuffer to be current with where there is no drawable
};

struct RealSurface {
    std::shared_ptr<Display> display;
    ws::SurfaceKind kind{};
    int32_t config = -1;
    uint64_t handle = 0; // XID or EGLSurface; 0: it could not be made (its window is gone)
};

class Display {
  public:
    virtual ~Display() = default;
    // All rows of attributes, or those of some configs.
    virtual std::vector<int32_t> configs() = 0;
    virtual std::vector<int32_t> configs(std::span<const int32_t> rows) = 0;
    virtual std::vector<int32_t> visuals() { return {}; }
    virtual std::string string(ws::StringOf of, int32_t name) = 0;
    virtual bool integer(int32_t name, uint32_t* values) = 0;

    virtual ws::Outcome create_context(const ws::CreateContext& q, std::span<const int32_t> attribs,
                                       const RealContext* share, RealContext& made) = 0;
    virtual void destroy_context(RealContext& c) = 0;
    virtual ws::Outcome create_surface(const ws::CreateSurface& q, std::span<const int32_t> attribs,
                                       RealSurface& made) = 0;
    virtual void destroy_surface(RealSurface& s) = 0;
    virtual ws::Outcome query_surface(const RealSurface& s, int32_t name) = 0;
    virtual ws::Outcome set_surface(const RealSurface& s, int32_t name, int32_t value) = 0;

    // `draw`, `read` may be null.
    virtual ws::Outcome make_current(const RealContext& c, const RealSurface* draw,
                                     const RealSurface* read) = 0;
    // A small pbuffer that `c` can be current with; 0: none.
    virtual uint64_t make_stand_in(const RealContext& c) = 0;
    virtual ws::SurfaceKind pbuffer_kind() const = 0;
    virtual void release() = 0; // the calling thread's current context
    virtual ws::Outcome swap(const RealSurface& s) = 0;
    virtual void swap_interval(const RealSurface& s, int interval) = 0;
    // Of the drawable, into the texture bound in the current context.
    virtual ws::Outcome bind_tex_image(const RealSurface& s, int buffer,
                                       std::span<const int32_t> attribs) = 0;
    virtual ws::Outcome release_tex_image(const RealSurface& s, int buffer) = 0;
    // Null, with the error: refused.
    virtual void* create_image(const RealContext&, uint32_t, uint32_t, std::span<const int32_t>,
                               int32_t* error) {
        *error = 0x3006; // EGL_BAD_CONTEXT
        return nullptr;
    }
    virtual void destroy_image(void*) {}
    virtual ws::Outcome copy(const RealSurface& s, const ws::CopySurface& q) = 0;
    virtual void wait_gl() = 0;
    // Returns when the X server has done what it was sent; nothing to do without one.
    virtual void settle() = 0;
    virtual void* proc(const char* name) = 0;

    // Makes the helper context of `c` for surface `s` (null: none).
    virtual bool make_helper(const RealContext& c, const RealSurface* s,
                             RealContext::Helper& made) = 0;
    virtual void destroy_helper(RealContext::Helper& h) = 0;
    virtual bool make_helper_current(const RealContext::Helper& h, const RealSurface* s) = 0;
    // Makes a drawable of a bare X window with the surface's own config, which stays one while the
    // context lives that this gives. Null: this window system has no such windows.
    virtual void* hold_window(const RealSurface&) { return nullptr; }
    virtual void let_window_go(void*) {}

    // Config number of a question -> row of configs().
    int32_t row(int32_t config) const {
        if (map_.empty())
            return config;
        return config >= 0 && (size_t)config < map_.size() ? map_[(size_t)config] : -1;
    }
    void map_configs(std::vector<int32_t> map) { map_ = std::move(map); }

  private:
    std::vector<int32_t> map_;
};

std::shared_ptr<Display> open_glx(const ws::OpenDisplay& q, ws::OpenDisplayAnswer& a);
std::shared_ptr<Display> open_egl(const ws::OpenDisplay& q, ws::OpenDisplayAnswer& a);
// EGL_EXTENSIONS and EGL_VERSION without a display; the strings of device `index`.
std::string egl_client_string(int32_t name);
std::string egl_device_string(uint32_t index, int32_t name);
uint32_t egl_device_count();

// The driver's library; null (and a line on stderr) if there is none.
void* driver_library(const char* soname);

} // namespace glckpt::replay
