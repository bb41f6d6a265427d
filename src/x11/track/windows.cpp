#include "x11/track/windows.h"
#include "x11/track/tracking.h"
#include <bit>

namespace glckpt::x11 {
namespace {

using namespace proto::xproto;

// Bits of the value list (X11 protocol, CreateWindow).
enum : unsigned {
    kBackPixmap = 0,
    kBackPixel = 1,
    kBorderPixmap = 2,
    kBorderPixel = 3,
    kEventMask = 11,
    kCursor = 14
};

constexpr uint32_t kNoneOrParent = 1; // None, ParentRelative and CopyFromParent are no pixmaps

void set_attribute(Tracking& t, Window& w, unsigned bit, uint32_t value) {
    const VirtualXid id{value};
    w.attributes.set(bit, value);
    // A background is a pixmap or a colour: the later of the two counts. Likewise the border.
    switch (bit) {
    case kBackPixmap:
        w.attributes.unset(kBackPixel);
        w.background = value > kNoneOrParent ? t.resources().ref<Pixmap>(id) : nullptr;
        break;
    case kBackPixel:
        w.attributes.unset(kBackPixmap);
        w.background.reset();
        break;
    case kBorderPixmap:
        w.attributes.unset(kBorderPixel);
        w.border_pixmap = value > kNoneOrParent ? t.resources().ref<Pixmap>(id) : nullptr;
        break;
    case kBorderPixel:
        w.attributes.unset(kBorderPixmap);
        w.border_pixmap.reset();
        break;
    case kCursor: {
        const Cursor* c = t.resources().find<Cursor>(id);
        w.cursor = c ? c->shape : nullptr;
        break;
    }
    default:
        break;
    }
}

// `w` is null for a window that is not ours: of that, we only follow the event mask.
void merge_attributes(Tracking& t, Window* w, VirtualXid id, uint32_t mask, const Request& r,
                      size_t at) {
    for (unsigned bit = 0; bit < 15; ++bit) {
        if (!(mask >> bit & 1))
            continue;
        const uint32_t value = r.u32(at);
        at += 4;
        if (bit == kEventMask) {
            if (value)
                t.display.event_masks[{t.me(), id}] = value;
            else
                t.display.event_masks.erase({t.me(), id});
        } else if (w) {
            set_attribute(t, *w, bit, value);
        }
    }
}

// The server refuses to make a window its own ancestor; we must not believe in it either.
bool is_inside(const Display& d, VirtualXid window, VirtualXid ancestor) {
    for (const Window* w; window != ancestor; window = w->parent)
        if (!(w = d.resources.find<Window>(window)))
            return false;
    return true;
}

} // namespace

void forget_subwindows(Display& d, VirtualXid window) {
    for (VirtualXid child : d.resources.children_of(window))
        forget_window(d, child);
}

void forget_window(Display& d, VirtualXid window) {
    if (!d.resources.find<Window>(window))
        return;
    forget_subwindows(d, window);
    d.resources.erase(window);
    d.kept.forget_window(window);
    d.grabs.forget_window(window);
    d.expect_map_notify.erase(window);
    std::erase_if(d.event_masks, [&](const auto& m) { return m.first.second == window; });
    std::erase_if(d.selections, [&](const auto& s) { return s.second.owner == window; });
    std::erase_if(d.transfers, [&](const auto& x) { return x.requestor == window; });
    std::erase_if(d.increments, [&](const auto& x) { return x.requestor == window; });
    // The server frees pictures and damages with their window.
    for (const Picture* p : d.resources.all<Picture>())
        if (p->drawable == window)
            d.resources.erase(p->id);
    for (const Damage* p : d.resources.all<Damage>())
        if (p->drawable == window)
            d.resources.erase(p->id);
}

Verdict track_xproto_CreateWindow(Tracking& t, const Request& r) {
    using Q = CreateWindow;
    if (is_inside(t.display, r.xid(Q::parent), r.xid(Q::wid)))
        return Verdict::Forward;
    const auto w = t.resources().make<Window>(r.xid(Q::wid), t.me());
    w->parent = r.xid(Q::parent);
    w->x = (int16_t)r.u16(Q::x);
    w->y = (int16_t)r.u16(Q::y);
    w->width = r.u16(Q::width);
    w->height = r.u16(Q::height);
    w->border = r.u16(Q::border_width);
    w->depth = r.u8(Q::depth);
    w->klass = r.u16(Q::class_);
    w->visual = r.u32(Q::visual);
    merge_attributes(t, w.get(), w->id, r.u32(Q::value_mask), r, Q::value_list);
    return Verdict::Forward;
}

Verdict track_xproto_ChangeWindowAttributes(Tracking& t, const Request& r) {
    using Q = ChangeWindowAttributes;
    const VirtualXid id = r.xid(Q::window);
    merge_attributes(t, t.resources().find<Window>(id), id, r.u32(Q::value_mask), r, Q::value_list);
    return Verdict::Forward;
}

Verdict track_xproto_DestroyWindow(Tracking& t, const Request& r) {
    forget_window(t.display, r.xid(DestroyWindow::window));
    return Verdict::Forward;
}

Verdict track_xproto_DestroySubwindows(Tracking& t, const Request& r) {
    forget_subwindows(t.display, r.xid(DestroySubwindows::window));
    return Verdict::Forward;
}

Verdict track_xproto_ReparentWindow(Tracking& t, const Request& r) {
    using Q = ReparentWindow;
    Window* w = t.resources().find<Window>(r.xid(Q::window));
    if (w && !is_inside(t.display, r.xid(Q::parent), w->id))
        w->parent = r.xid(Q::parent);
    return Verdict::Forward;
}

} // namespace glckpt::x11
