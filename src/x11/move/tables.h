// The names' tables for a new server.
#pragma once
#include "x11/move/new_server.h"

namespace glckpt::x11 {

// Roots, visuals, colormaps, picture formats, bases, extension codes.
void renumber(Display& display, const NewServer& server);
// Atoms: asks the new server for all the names that the app may know.
bool renumber_atoms(Exchange&, Link& control);

} // namespace glckpt::x11
