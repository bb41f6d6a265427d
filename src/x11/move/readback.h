// Reading from the server what only it knows. Questions go out for everything first, answers are
// stored as they come: one round trip for each kind of thing, however many there are.
#pragma once
#include "x11/move/exchange.h"

namespace glckpt::x11 {

// All under a grab of the server, so that it is one moment. False: see exchange.why().
bool read_back(Exchange&, Link& control);

bool read_back_atoms(Exchange&, Link& control);
bool read_back_windows(Exchange&, Link& control);
void ask_for_contents(Link& control); // pixmaps, regions, counters, fences, keymap, focus
// What a drain stored and an attach used.
void discard_saved(Display&);

} // namespace glckpt::x11
