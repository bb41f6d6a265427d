// Selections: who owns them, and transfers that are going on.
#include "x11/clock.h"
#include "x11/track/tracking.h"
#include "x11/track/windows.h"

namespace glckpt::x11 {

using namespace proto::xproto;

void note_transfer_begun(Display& d, VirtualXid requestor, VirtualAtom selection) {
    note_transfer_done(d, requestor, selection);
    d.transfers.push_back({requestor, selection, monotonic_ns()});
}

void note_transfer_done(Display& d, VirtualXid requestor, VirtualAtom selection) {
    std::erase_if(d.transfers, [&](const Transfer& x) {
        return x.requestor == requestor && x.selection == selection;
    });
}

Verdict track_xproto_SetSelectionOwner(Tracking& t, const Request& r) {
    using Q = SetSelectionOwner;
    if (r.xid(Q::owner))
        t.display.selections[r.atom(Q::selection)] = {t.me(), r.xid(Q::owner)};
    else
        t.display.selections.erase(r.atom(Q::selection));
    return Verdict::Forward;
}

Verdict track_xproto_ConvertSelection(Tracking& t, const Request& r) {
    using Q = ConvertSelection;
    note_transfer_begun(t.display, r.xid(Q::requestor), r.atom(Q::selection));
    return Verdict::Forward;
}

// Our answer to a SelectionRequest ends the transfer (but for INCR, which goes on by properties).
Verdict track_xproto_SendEvent(Tracking& t, const Request& r) {
    constexpr size_t kEvent = SendEvent::event;
    if ((r.u8(kEvent) & 0x7f) == ev::SelectionNotify::kNumber)
        note_transfer_done(t.display, r.xid(kEvent + ev::SelectionNotify::requestor),
                           r.atom(kEvent + ev::SelectionNotify::selection));
    return Verdict::Forward;
}

} // namespace glckpt::x11
