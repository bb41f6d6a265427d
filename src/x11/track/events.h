// What events tell us of the state we follow.
#pragma once
#include "x11/engine/display.h"

namespace glckpt::x11 {

// `event` is in virtual names. False: the app is not to see it.
bool note_event(Display& display, ConnectionId connection, ByteSpan event);

} // namespace glckpt::x11
