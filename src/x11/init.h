// The X11 endpoint: registers itself; nothing runs before the app's first X connection.
#pragma once

namespace glckpt::x11 {

void init_x11();
inline void x11_init() { init_x11(); }

} // namespace glckpt::x11
