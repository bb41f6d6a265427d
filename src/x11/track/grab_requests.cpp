// Grabs of pointer, keyboard, buttons, keys and the server.
#include "x11/track/tracking.h"

namespace glckpt::x11 {
namespace {

using namespace proto::xproto;

CursorRef cursor_of(Tracking& t, VirtualXid id) {
    const Cursor* c = t.resources().find<Cursor>(id);
    return c ? c->shape : nullptr;
}

// The server may refuse it: it counts when the reply says so.
template <class Slot>
void when_granted(Tracking& t, ActiveGrab grab, Slot slot) {
    Display& d = t.display;
    t.on_reply([&d, grab = std::move(grab), slot](ByteSpan m) {
        constexpr uint8_t kSuccess = 0;
        if (m.size() >= 32 && m[0] == 1 && m[GrabPointer::Reply::status] == kSuccess)
            slot(d.grabs, grab);
    });
}

} // namespace

Verdict track_xproto_GrabPointer(Tracking& t, const Request& r) {
    using Q = GrabPointer;
    when_granted(t, {t.me(), r.xid(Q::grab_window), r.copy(), cursor_of(t, r.xid(Q::cursor))},
                 [](Grabs& g, const ActiveGrab& a) { g.pointer = a; });
    return Verdict::Forward;
}

Verdict track_xproto_UngrabPointer(Tracking& t, const Request&) {
    if (t.display.grabs.pointer && t.display.grabs.pointer->owner == t.me())
        t.display.grabs.pointer.reset();
    return Verdict::Forward;
}

Verdict track_xproto_ChangeActivePointerGrab(Tracking& t, const Request& r) {
    using Q = ChangeActivePointerGrab;
    if (auto& grab = t.display.grabs.pointer; grab && grab->owner == t.me()) {
        store16(&grab->request[GrabPointer::event_mask], r.u16(Q::event_mask));
        store32(&grab->request[GrabPointer::cursor], r.u32(Q::cursor));
        grab->cursor = cursor_of(t, r.xid(Q::cursor));
    }
    return Verdict::Forward;
}

Verdict track_xproto_GrabKeyboard(Tracking& t, const Request& r) {
    when_granted(t, {t.me(), r.xid(GrabKeyboard::grab_window), r.copy(), nullptr},
                 [](Grabs& g, const ActiveGrab& a) { g.keyboard = a; });
    return Verdict::Forward;
}

Verdict track_xproto_UngrabKeyboard(Tracking& t, const Request&) {
    if (t.display.grabs.keyboard && t.display.grabs.keyboard->owner == t.me())
        t.display.grabs.keyboard.reset();
    return Verdict::Forward;
}

Verdict track_xproto_GrabButton(Tracking& t, const Request& r) {
    using Q = GrabButton;
    t.display.grabs.add({t.me(), false, r.xid(Q::grab_window), r.u8(Q::button), r.u16(Q::modifiers),
                         r.copy(), cursor_of(t, r.xid(Q::cursor))});
    return Verdict::Forward;
}

Verdict track_xproto_UngrabButton(Tracking& t, const Request& r) {
    using Q = UngrabButton;
    t.display.grabs.remove(false, r.xid(Q::grab_window), r.u8(Q::button), r.u16(Q::modifiers));
    return Verdict::Forward;
}

Verdict track_xproto_GrabKey(Tracking& t, const Request& r) {
    using Q = GrabKey;
    t.display.grabs.add({t.me(), true, r.xid(Q::grab_window), r.u8(Q::key), r.u16(Q::modifiers),
                         r.copy(), nullptr});
    return Verdict::Forward;
}

Verdict track_xproto_UngrabKey(Tracking& t, const Request& r) {
    using Q = UngrabKey;
    t.display.grabs.remove(true, r.xid(Q::grab_window), r.u8(Q::key), r.u16(Q::modifiers));
    return Verdict::Forward;
}

Verdict track_xproto_GrabServer(Tracking& t, const Request&) {
    t.display.grabs.server.insert(t.me());
    return Verdict::Forward;
}

Verdict track_xproto_UngrabServer(Tracking& t, const Request&) {
    t.display.grabs.server.erase(t.me());
    return Verdict::Forward;
}

} // namespace glckpt::x11
