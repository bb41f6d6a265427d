// What the window system faces ask of the X11 endpoint. Without it (a build that has no src/x11)
// the app's X names are the server's.
#pragma once
#ifdef GLCKPT_WS_X11_ENDPOINT
#include "x11/for_gl.h"

namespace glckpt::ws {
constexpr bool kX11Endpoint = true;
}
#else
#include <cstdint>
#include <cstdlib>
#include <string>

namespace glckpt::ws {
constexpr bool kX11Endpoint = false;
}
namespace glckpt::x11 {

inline uint32_t real_xid(uint32_t xid) { return xid; }
inline uint32_t real_visual(uint32_t visual) { return visual; }
inline uint32_t virtual_visual(uint32_t visual) { return visual; }
inline std::string current_display() { return ""; }
inline std::string display_for_gl(const char*, bool) { return ""; }
inline void flush_to_server(uint32_t) {}
inline bool window_size(uint32_t, unsigned*, unsigned*) { return false; }

} // namespace glckpt::x11
#endif
