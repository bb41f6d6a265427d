// What the GL room needs to know of windows. Any thread; stable.
#pragma once
#include <cstdint>
#include <string>

namespace glckpt::x11 {

// A drawable's or any other resource's id on the server that we are attached to, from the app's.
uint32_t real_xid(uint32_t virtual_xid);

// Visuals. The app's were told by the first server it met; another's are matched to them by depth,
// class, masks and order. virtual_visual(real_visual(v)) == v where the new server has as many of
// the kind; a real visual that the app was never told of keeps its number if that is free.
uint32_t virtual_visual(uint32_t real_visual);
uint32_t real_visual(uint32_t virtual_visual);

// Everything that the app has written so far on any X connection has been executed by the server,
// so that another client (the renderer) finds the drawable there as the app left it. Costs nothing
// if nothing is on the way, else a round trip through the pump. From the app's threads; on
// glckpt's own it returns at once (they run when nothing is on the way).
void flush_to_server(uint32_t virtual_drawable);

// The real display: ":52", "192.0.2.1:0". Empty if the app has no connection.
std::string current_display();
// The same of the display that the app calls `app_name`, where it is going to draw with GL: the
// functions above mean that one from then on, and with `by_glx` it moves to no server without GLX.
std::string display_for_gl(const char* app_name, bool by_glx);

// Size of a window or pixmap, asked of the server. False: no such drawable (any more).
bool window_size(uint32_t virtual_xid, unsigned* width, unsigned* height);

} // namespace glckpt::x11
