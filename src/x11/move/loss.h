// A server that dies under a program that is to outlive it (--on-xserver-loss=wait).
//
// Only the server knows what is in its windows, and a dead one cannot be asked. So while such a
// program runs, its windows are read back from time to time, as for a checkpoint but without
// stopping anything, and what it sends in between is kept (track/journal.h). When the server's end
// closes, connections are kept, and what the app writes stays unread; when a server listens there
// again, everything is made anew as after a restart, then what the journal has is sent again, then
// what the app was waiting for is asked again. The app sees Expose events and goes on.
//
// A connection that the server closes while it goes on living (xkill, a manager that ends a
// session) ends natively. The two look alike at first: a server that is told to end closes its
// clients' connections before it ceases to listen. So for a while after it nothing is decided.
#pragma once
#include "x11/transport/hub.h"

namespace glckpt::x11 {

// All from the pump thread, with the hub's lock held.

// When the next of these has something to do: milliseconds, -1 for not at all.
int next_loss_work_ms(const Hub&);
// Reads back what has changed long enough ago; looks whether lost servers are there again.
void do_loss_work(Hub&);
// A link whose server's end is closed: true if it is kept.
bool keep_lost(Hub&, Link&);
// What the tables know of windows that were made since the last reading: for a drain or an attach
// when the server cannot be asked.
void complete_saved(Display&);

} // namespace glckpt::x11
