// Selections: who owns them, and transfers that are going on.
#include "x11/clock.h"
#include "x11/track/tracking.h"
#include "x11/track/windows.h"
#include <algorithm>

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

void note_client_message(Display& d, VirtualAtom type) {
    const std::string_view name = d.names.atoms.name(type);
    if (!name.starts_with("Xdnd"))
        return;
    if (name == "XdndEnter" || name == "XdndPosition" || name == "XdndDrop")
        d.drag_ns = monotonic_ns();
    else if (name == "XdndLeave" || name == "XdndFinished")
        d.drag_ns = 0;
}

namespace {

// A value of a property was put (by an owner of ours) or fetched (by a requestor of ours).
void note_piece(Display& d, VirtualXid window, VirtualAtom property, VirtualAtom type, bool empty) {
    const auto it = std::ranges::find_if(d.increments, [&](const Increment& x) {
        return x.requestor == window && x.property == property;
    });
    if (it == d.increments.end()) {
        if (d.names.atoms.name(type) == "INCR")
            d.increments.push_back({window, property, monotonic_ns()});
    } else if (empty) {
        d.increments.erase(it);
    } else {
        it->last_ns = monotonic_ns();
    }
}

} // namespace

Verdict track_xproto_ChangeProperty(Tracking& t, const Request& r) {
    using Q = ChangeProperty;
    note_piece(t.display, r.xid(Q::window), r.atom(Q::property), r.atom(Q::type),
               r.u32(Q::data_len) == 0);
    return Verdict::Forward;
}

Verdict track_xproto_GetProperty(Tracking& t, const Request& r) {
    using Q = GetProperty;
    Display& d = t.display;
    t.on_reply([&d, window = r.xid(Q::window), property = r.atom(Q::property)](ByteSpan m) {
        if (m.size() < 32 || m[0] != 1 || !load32(&m[Q::Reply::type]))
            return;
        const RealAtom type{load32(&m[Q::Reply::type])};
        note_piece(d, window, property, d.names.atoms.to_virtual(type),
                   load32(&m[Q::Reply::value_len]) == 0 && load32(&m[Q::Reply::bytes_after]) == 0);
    });
    return Verdict::Forward;
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
    if ((r.u8(kEvent) & 0x7f) == ev::ClientMessage::kNumber)
        note_client_message(t.display, r.atom(kEvent + ev::ClientMessage::type));
    if ((r.u8(kEvent) & 0x7f) == ev::SelectionNotify::kNumber)
        note_transfer_done(t.display, r.xid(kEvent + ev::SelectionNotify::requestor),
                           r.atom(kEvent + ev::SelectionNotify::selection));
    return Verdict::Forward;
}

} // namespace glckpt::x11
