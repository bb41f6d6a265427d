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
// Drained, before a live move: refuses one that would take another program's window along into
// nothing. (Those of the program's other processes move at the same time.)
Status check_alone(Hub&);
// After a drain, here or in another life: each site in use goes to its display. On failure nothing
// has changed, unless a new server dies half-way. Within the deadline the new servers are looked
// at.
struct Destination {
    Site* site;
    Address to;
};
// `tree`: by which the processes of a tree meet there (move/kin.h); empty for one alone. A `live`
// move is refused by check_alone, too.
Status attach_displays(Hub&, const std::vector<Destination>&, uint64_t deadline_ns,
                       const std::string& tree = {}, bool live = false);

} // namespace glckpt::x11
