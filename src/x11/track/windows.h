// Windows, and what else goes when one goes.
#pragma once
#include "x11/engine/display.h"

namespace glckpt::x11 {

// The window and all below it: their attributes, grabs, kept requests, selections.
void forget_window(Display&, VirtualXid window);
void forget_subwindows(Display&, VirtualXid window);

// A selection asked of us (SelectionRequest) or by us (ConvertSelection), until SelectionNotify.
void note_transfer_begun(Display&, VirtualXid requestor, VirtualAtom selection);
void note_transfer_done(Display&, VirtualXid requestor, VirtualAtom selection);
// A client message, of ours or to us: a drag begins or ends.
void note_client_message(Display&, VirtualAtom type);

} // namespace glckpt::x11
