// The two halves of a move to another server: drain and attach.
#pragma once
#include "base/status.h"
#include "x11/transport/hub.h"

namespace glckpt::x11 {

// Refuses, by name, what would be lost. The hub's lock is held in all of these.
Status check_movable(Hub&);
// The part of it that time mends: transfers, drags, grabs of the server.
Status check_passing(Hub&);
// With the pump paused: all of the program's state in the server is in memory afterwards.
Status drain_display(Hub&, Site&, uint64_t deadline_ns);
// After a drain, here or in another life. On failure nothing has changed, unless the new server
// dies half-way.
Status attach_display(Hub&, Site&, const Address& to, bool stopped, uint64_t deadline_ns);

} // namespace glckpt::x11
