#include "x11/track/events.h"
#include "gen/x11/protocol.h"
#include "x11/track/windows.h"

namespace glckpt::x11 {

using namespace proto::xproto;

bool note_event(Display& d, ConnectionId connection, ByteSpan e) {
    const auto id = [&](size_t at) { return VirtualXid{load32(&e[at])}; };
    const auto atom = [&](size_t at) { return VirtualAtom{load32(&e[at])}; };
    switch (e[0] & 0x7f) {
    case ev::SelectionClear::kNumber: {
        const auto it = d.selections.find(atom(ev::SelectionClear::selection));
        if (it != d.selections.end() && it->second.owner == id(ev::SelectionClear::owner))
            d.selections.erase(it);
        return true;
    }
    case ev::SelectionRequest::kNumber:
        note_transfer_begun(d, id(ev::SelectionRequest::requestor),
                            atom(ev::SelectionRequest::selection));
        return true;
    case ev::SelectionNotify::kNumber:
        note_transfer_done(d, id(ev::SelectionNotify::requestor),
                           atom(ev::SelectionNotify::selection));
        return true;
    case ev::MapNotify::kNumber:
        // The copy for the window itself (StructureNotify), not the one for its parent.
        if (d.expect_map_notify.empty() || id(ev::MapNotify::event) != id(ev::MapNotify::window))
            return true;
        return d.expect_map_notify.erase(id(ev::MapNotify::window)) == 0;
    case ev::ClientMessage::kNumber:
        note_client_message(d, atom(ev::ClientMessage::type));
        return true;
    default:
        (void)connection;
        return true;
    }
}

} // namespace glckpt::x11
