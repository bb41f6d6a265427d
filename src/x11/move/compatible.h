// Can the program's resources exist on that server?
#pragma once
#include "x11/move/new_server.h"

namespace glckpt::x11 {

Status check_compatible(const NewServer& server, const Display& display);

// The new server's visual for each of the old one's, in the app's order: of the same depth, class
// and masks, and the n-th of its kind for the n-th; where there are fewer, several share the last.
// 0: none of the kind.
std::vector<uint32_t> match_visuals(const Setup& from, const Setup& to);

// Colours that the app has in the colormaps of the server itself: they must be got under the same
// numbers. Asked on `probe`.
Status check_default_cells(FreshConnection& probe, const NewServer& server, const Display& d,
                           uint64_t deadline_ns);

} // namespace glckpt::x11
