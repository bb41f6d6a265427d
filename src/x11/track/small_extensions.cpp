// SYNC, XFIXES, DAMAGE, Composite, MIT-SCREEN-SAVER: objects whose contents are read back, and
// switches that count.
#include "x11/track/tracking.h"
#include <bit>

namespace glckpt::x11 {
namespace {

using namespace proto;

Verdict made_region(Tracking& t, const Request& r) {
    t.resources().make<Region>(r.xid(xfixes::CreateRegion::region), t.me());
    return Verdict::Forward;
}

// CA* bits of SYNC's alarms: values and deltas take two words.
enum : unsigned { kAlarmValue = 2, kAlarmDelta = 4 };

void merge_alarm(Alarm& a, uint32_t mask, const Request& r, size_t at) {
    for (unsigned bit = 0; bit < 6; ++bit) {
        if (!(mask >> bit & 1))
            continue;
        uint64_t v = r.u32(at);
        at += 4;
        if (bit == kAlarmValue || bit == kAlarmDelta) {
            v |= (uint64_t)r.u32(at) << 32;
            at += 4;
        }
        a.values[bit] = v;
    }
}

} // namespace

Verdict track_sync_CreateCounter(Tracking& t, const Request& r) {
    t.resources().make<Counter>(r.xid(sync::CreateCounter::id), t.me());
    return Verdict::Forward;
}
Verdict track_sync_DestroyCounter(Tracking& t, const Request& r) {
    t.resources().erase(r.xid(sync::DestroyCounter::counter));
    return Verdict::Forward;
}
Verdict track_sync_CreateAlarm(Tracking& t, const Request& r) {
    using Q = sync::CreateAlarm;
    merge_alarm(*t.resources().make<Alarm>(r.xid(Q::id), t.me()), r.u32(Q::value_mask), r,
                Q::value_list);
    return Verdict::Forward;
}
Verdict track_sync_ChangeAlarm(Tracking& t, const Request& r) {
    using Q = sync::ChangeAlarm;
    if (Alarm* a = t.resources().find<Alarm>(r.xid(Q::id)))
        merge_alarm(*a, r.u32(Q::value_mask), r, Q::value_list);
    return Verdict::Forward;
}
Verdict track_sync_DestroyAlarm(Tracking& t, const Request& r) {
    t.resources().erase(r.xid(sync::DestroyAlarm::alarm));
    return Verdict::Forward;
}
Verdict track_sync_CreateFence(Tracking& t, const Request& r) {
    using Q = sync::CreateFence;
    const auto f = t.resources().make<Fence>(r.xid(Q::fence), t.me());
    f->drawable = r.xid(Q::drawable);
    return Verdict::Forward;
}
Verdict track_sync_DestroyFence(Tracking& t, const Request& r) {
    t.resources().erase(r.xid(sync::DestroyFence::fence));
    return Verdict::Forward;
}
// A connection that waits in the server is found by the drain's time-out, like a foreign grab.
Verdict track_sync_Await(Tracking&, const Request&) { return Verdict::Forward; }
Verdict track_sync_AwaitFence(Tracking&, const Request&) { return Verdict::Forward; }

Verdict track_xfixes_CreateRegion(Tracking& t, const Request& r) { return made_region(t, r); }
Verdict track_xfixes_CreateRegionFromBitmap(Tracking& t, const Request& r) {
    return made_region(t, r);
}
Verdict track_xfixes_CreateRegionFromWindow(Tracking& t, const Request& r) {
    return made_region(t, r);
}
Verdict track_xfixes_CreateRegionFromGC(Tracking& t, const Request& r) { return made_region(t, r); }
Verdict track_xfixes_CreateRegionFromPicture(Tracking& t, const Request& r) {
    return made_region(t, r);
}
Verdict track_composite_CreateRegionFromBorderClip(Tracking& t, const Request& r) {
    return made_region(t, r);
}
Verdict track_xfixes_DestroyRegion(Tracking& t, const Request& r) {
    t.resources().erase(r.xid(xfixes::DestroyRegion::region));
    return Verdict::Forward;
}

// The server copies the region: it can be made again from rectangles, if we read them now.
Verdict track_xfixes_SetPictureClipRegion(Tracking& t, const Request& r) {
    using Q = xfixes::SetPictureClipRegion;
    const auto p = t.resources().ref<Picture>(r.xid(Q::picture));
    const Extension* render = t.display.extensions.find(*find_module("RENDER"));
    if (!p || !render)
        return Verdict::Forward;
    p->clip.reset();
    p->clip_rectangles.clear();
    constexpr unsigned kClipMask = 6;
    p->values.unset(kClipMask);
    if (!r.xid(Q::region))
        return Verdict::Forward;
    const uint8_t major = render->virtual_.major;
    const uint16_t x = r.u16(Q::x_origin), y = r.u16(Q::y_origin);
    t.ask_before(Build::extension<xfixes::FetchRegion>(r.bytes[0])
                     .xid(xfixes::FetchRegion::region, r.xid(Q::region)),
                 [p, major, x, y](ByteSpan m) {
                     if (m.size() < 32 || m[0] != 1)
                         return;
                     using S = render::SetPictureClipRectangles;
                     p->clip_rectangles = Build::extension<S>(major)
                                              .xid(S::picture, p->id)
                                              .u16(S::clip_x_origin, x)
                                              .u16(S::clip_y_origin, y)
                                              .more(m.subspan(32));
                 });
    return Verdict::Forward;
}

Verdict track_xfixes_SetGCClipRegion(Tracking& t, const Request& r) {
    using Q = xfixes::SetGCClipRegion;
    using S = xproto::SetClipRectangles;
    const auto gc = t.resources().ref<Gc>(r.xid(Q::gc));
    if (!gc)
        return Verdict::Forward;
    constexpr unsigned kClipMask = 19;
    gc->at_first.reset(); // journals have no regions
    gc->clip.reset();
    gc->clip_rectangles.clear();
    gc->values.unset(kClipMask);
    if (!r.xid(Q::region))
        return Verdict::Forward;
    const uint16_t x = r.u16(Q::x_origin), y = r.u16(Q::y_origin);
    t.ask_before(Build::extension<xfixes::FetchRegion>(r.bytes[0])
                     .xid(xfixes::FetchRegion::region, r.xid(Q::region)),
                 [gc, x, y](ByteSpan m) {
                     if (m.size() < 32 || m[0] != 1)
                         return;
                     gc->clip_rectangles = Build::core<S>()
                                               .xid(S::gc, gc->id)
                                               .u16(S::clip_x_origin, x)
                                               .u16(S::clip_y_origin, y)
                                               .more(m.subspan(32));
                 });
    return Verdict::Forward;
}

// Hiding counts in the server: each HideCursor of a connection wants its ShowCursor. The server
// keeps one count for each client and screen, so one request of ours stands for any number.
Verdict track_xfixes_HideCursor(Tracking& t, const Request& r) {
    t.display.kept.keep(t.me(), r, std::string(r.text(xfixes::HideCursor::window, 4)),
                        r.xid(xfixes::HideCursor::window));
    return Verdict::Forward;
}
Verdict track_xfixes_ShowCursor(Tracking& t, const Request& r) {
    t.display.kept.forget(t.me(), find_request(*r.module, xfixes::HideCursor::kOpcode),
                          std::string(r.text(xfixes::ShowCursor::window, 4)));
    return Verdict::Forward;
}

// Where the pointer is held back: made again like an event mask, with its window.
Verdict track_xfixes_CreatePointerBarrier(Tracking& t, const Request& r) {
    using Q = xfixes::CreatePointerBarrier;
    t.display.kept.keep(t.me(), r, std::string(r.text(Q::barrier, 4)), r.xid(Q::window));
    return Verdict::Forward;
}
Verdict track_xfixes_DeletePointerBarrier(Tracking& t, const Request& r) {
    t.display.kept.forget(t.me(), find_request(*r.module, xfixes::CreatePointerBarrier::kOpcode),
                          std::string(r.text(xfixes::DeletePointerBarrier::barrier, 4)));
    return Verdict::Forward;
}

Verdict track_composite_UnredirectWindow(Tracking& t, const Request& r) {
    using Q = composite::UnredirectWindow;
    t.display.kept.forget(t.me(), find_request(*r.module, composite::RedirectWindow::kOpcode),
                          std::string(r.text(Q::window, 4)));
    return Verdict::Forward;
}
Verdict track_composite_UnredirectSubwindows(Tracking& t, const Request& r) {
    using Q = composite::UnredirectSubwindows;
    t.display.kept.forget(t.me(), find_request(*r.module, composite::RedirectSubwindows::kOpcode),
                          std::string(r.text(Q::window, 4)));
    return Verdict::Forward;
}

// The window's size with its borders is the pixmap's, and stays it when the window's changes.
Verdict track_composite_NameWindowPixmap(Tracking& t, const Request& r) {
    using Q = composite::NameWindowPixmap;
    using G = xproto::GetGeometry;
    const auto p = t.resources().make<Pixmap>(r.xid(Q::pixmap), t.me());
    p->named_of = r.xid(Q::window);
    t.ask_before(Build::core<G>().xid(G::drawable, p->named_of), [p](ByteSpan m) {
        if (m.size() < 32 || m[0] != 1)
            return;
        const unsigned borders = 2u * load16(&m[G::Reply::border_width]);
        p->depth = m[G::Reply::depth];
        p->width = (uint16_t)(load16(&m[G::Reply::width]) + borders);
        p->height = (uint16_t)(load16(&m[G::Reply::height]) + borders);
    });
    return Verdict::Forward;
}

Verdict track_damage_Create(Tracking& t, const Request& r) {
    using Q = damage::Create;
    const auto d = t.resources().make<Damage>(r.xid(Q::damage), t.me());
    d->drawable = r.xid(Q::drawable);
    d->level = r.u8(Q::level);
    return Verdict::Forward;
}
Verdict track_damage_Destroy(Tracking& t, const Request& r) {
    t.resources().erase(r.xid(damage::Destroy::damage));
    return Verdict::Forward;
}

// The server counts suspensions of a client; SDL and video players hold one at most.
Verdict track_screensaver_Suspend(Tracking& t, const Request& r) {
    if (r.u32(screensaver::Suspend::suspend))
        t.display.kept.keep(t.me(), r, {});
    else
        t.display.kept.forget(t.me(), r.info, {});
    return Verdict::Forward;
}

// A window's value list, as CreateWindow has it.
Verdict track_screensaver_SetAttributes(Tracking& t, const Request& r) {
    using Q = screensaver::SetAttributes;
    enum : unsigned { kBackPixmap = 0, kBorderPixmap = 2, kCursor = 14 };
    SaverWindow& s = t.display.savers[r.xid(Q::drawable)];
    s = {t.me(), r.copy(), nullptr, nullptr, nullptr};
    const uint32_t mask = r.u32(Q::value_mask);
    const auto value = [&](unsigned bit) {
        const unsigned before = (unsigned)std::popcount(mask & ((1u << bit) - 1));
        return VirtualXid{mask >> bit & 1 ? r.u32(Q::value_list + 4 * before) : 0};
    };
    s.background = t.resources().ref<Pixmap>(value(kBackPixmap));
    s.border = t.resources().ref<Pixmap>(value(kBorderPixmap));
    if (const Cursor* c = t.resources().find<Cursor>(value(kCursor)))
        s.cursor = c->shape;
    return Verdict::Forward;
}
Verdict track_screensaver_UnsetAttributes(Tracking& t, const Request& r) {
    t.display.savers.erase(r.xid(screensaver::UnsetAttributes::drawable));
    return Verdict::Forward;
}

} // namespace glckpt::x11
