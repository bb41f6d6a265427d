// What the GL endpoint asks of the window system faces.
#pragma once
#include "log/ws_protocol.h"
#include <cstdint>

namespace glckpt {

// Every drawable: its contents are the GL endpoint's to keep. `context` can read it: one that is
// current with it in the renderer, else the one that was last, else any of its display (0: none).
struct DrawableInfo {
    uint64_t drawable;
    log::ws::SurfaceKind kind;
    uint32_t context;
    int width, height;
    bool is_draw;    // it is the context's draw drawable (else only its read drawable)
    uint32_t window; // its X window as the app knows it; 0 for pbuffers and pixmaps
    int32_t config;
};
void ws_for_each_drawable(void (*f)(const DrawableInfo&, void*), void* data);

// What each context is current with in the renderer. (The app may have released it: the renderer
// leaves it current until another context wants the drawable.)
struct CurrentInfo {
    uint32_t context;
    uint64_t draw, read;
};
void ws_for_each_current(void (*f)(const CurrentInfo&, void*), void* data);

} // namespace glckpt
