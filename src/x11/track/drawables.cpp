// Pixmaps and graphics contexts.
#include "x11/track/tracking.h"

namespace glckpt::x11 {
namespace {

using namespace proto::xproto;

// Bits of a GC's value list (X11 protocol, CreateGC).
enum : unsigned { kTile = 10, kStipple = 11, kFont = 14, kClipMask = 19, kDashList = 21 };

void set_value(Tracking& t, Gc& gc, unsigned bit, uint32_t value) {
    const VirtualXid id{value};
    gc.values.set(bit, value);
    switch (bit) {
    case kTile:
        gc.tile = t.resources().ref<Pixmap>(id);
        break;
    case kStipple:
        gc.stipple = t.resources().ref<Pixmap>(id);
        break;
    case kFont: {
        const Font* f = t.resources().find<Font>(id);
        gc.font = f ? f->font : nullptr;
        break;
    }
    case kClipMask:
        gc.clip = t.resources().ref<Pixmap>(id);
        gc.clip_rectangles.clear();
        break;
    case kDashList:
        gc.dashes.clear();
        break;
    default:
        break;
    }
}

void merge_values(Tracking& t, Gc& gc, uint32_t mask, const Request& r, size_t at) {
    for (unsigned bit = 0; bit < 23; ++bit)
        if (mask >> bit & 1) {
            set_value(t, gc, bit, r.u32(at));
            at += 4;
        }
}

} // namespace

Verdict track_xproto_CreatePixmap(Tracking& t, const Request& r) {
    using Q = CreatePixmap;
    const auto p = t.resources().make<Pixmap>(r.xid(Q::pid), t.me());
    p->depth = r.u8(Q::depth);
    p->width = r.u16(Q::width);
    p->height = r.u16(Q::height);
    return Verdict::Forward;
}

// See resources.h for why it may be withheld.
Verdict track_xproto_FreePixmap(Tracking& t, const Request& r) {
    const VirtualXid id = r.xid(FreePixmap::pixmap);
    const auto p = t.resources().ref<Pixmap>(id);
    if (!p || p->freed)
        return Verdict::Forward;
    constexpr long kTableAndHere = 2;
    if (p.use_count() > kTableAndHere) {
        p->freed = true;
        t.resources().linger(id);
        return Verdict::Withhold;
    }
    t.resources().erase(id);
    return Verdict::Forward;
}

Verdict track_xproto_CreateGC(Tracking& t, const Request& r) {
    using Q = CreateGC;
    const auto gc = t.resources().make<Gc>(r.xid(Q::cid), t.me());
    gc->depth = t.display.depth_of(r.xid(Q::drawable));
    merge_values(t, *gc, r.u32(Q::value_mask), r, Q::value_list);
    if (t.display.journal.on)
        gc->at_first = std::make_unique<GcState>(*gc);
    return Verdict::Forward;
}

Verdict track_xproto_ChangeGC(Tracking& t, const Request& r) {
    using Q = ChangeGC;
    if (Gc* gc = t.resources().find<Gc>(r.xid(Q::gc)))
        merge_values(t, *gc, r.u32(Q::value_mask), r, Q::value_list);
    return Verdict::Forward;
}

Verdict track_xproto_CopyGC(Tracking& t, const Request& r) {
    using Q = CopyGC;
    const Gc* from = t.resources().find<Gc>(r.xid(Q::src_gc));
    Gc* to = t.resources().find<Gc>(r.xid(Q::dst_gc));
    if (!from || !to)
        return Verdict::Forward;
    const uint32_t mask = r.u32(Q::value_mask);
    for (unsigned bit = 0; bit < 23; ++bit) {
        if (!(mask >> bit & 1))
            continue;
        if (from->values.has(bit))
            to->values.set(bit, from->values.value[bit]);
        else
            to->values.unset(bit);
    }
    if (mask >> kTile & 1)
        to->tile = from->tile;
    if (mask >> kStipple & 1)
        to->stipple = from->stipple;
    if (mask >> kFont & 1)
        to->font = from->font;
    if (mask >> kClipMask & 1) {
        to->clip = from->clip;
        to->clip_rectangles = from->clip_rectangles;
    }
    if (mask >> kDashList & 1)
        to->dashes = from->dashes;
    return Verdict::Forward;
}

Verdict track_xproto_SetDashes(Tracking& t, const Request& r) {
    if (Gc* gc = t.resources().find<Gc>(r.xid(SetDashes::gc)))
        gc->dashes = r.copy();
    return Verdict::Forward;
}

Verdict track_xproto_SetClipRectangles(Tracking& t, const Request& r) {
    if (Gc* gc = t.resources().find<Gc>(r.xid(SetClipRectangles::gc))) {
        gc->clip_rectangles = r.copy();
        gc->values.unset(kClipMask);
        gc->clip.reset();
    }
    return Verdict::Forward;
}

Verdict track_xproto_FreeGC(Tracking& t, const Request& r) {
    t.resources().erase(r.xid(FreeGC::gc));
    return Verdict::Forward;
}

} // namespace glckpt::x11
