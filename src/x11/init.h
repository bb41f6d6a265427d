// The X11 endpoint: registers itself; nothing runs before the app's first X connection.
#pragma once

namespace glckpt::x11 {

void x11_init();

} // namespace glckpt::x11
