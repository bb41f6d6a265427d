// What an app must hear of its new server, beside what the server says by itself.
#pragma once
#include "x11/move/exchange.h"

namespace glckpt::x11 {

// Ask, while the old server is there, what tell() will compare (under the drain's grab).
void ask_surroundings(Connection& c);
// The app sees events already.
void tell_surroundings(Exchange& x);
// Toolkits read the keyboard's layout once; MappingNotify makes them read it again.
void tell_keymap(Exchange& x, Display& d);
// To those who asked RandR to tell them: the screen has another size now.
void tell_screen_size(Display& d);

} // namespace glckpt::x11
