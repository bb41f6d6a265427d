// Colormaps. A pixel value of a static visual (TrueColor) means the same colour on another server
// with the same masks; cells that the app stores are followed; cells that the server hands out on
// a changeable visual are numbers we could not give again.
#include "x11/track/tracking.h"

namespace glckpt::x11 {
namespace {

using namespace proto::xproto;

void veto_cells(Tracking& t, const char* request, VirtualXid colormap) {
    char text[96];
    snprintf(text, sizeof text, "colour cells allocated by %s in colormap 0x%x", request,
             colormap.value);
    t.veto(text);
}

} // namespace

Verdict track_xproto_CreateColormap(Tracking& t, const Request& r) {
    using Q = CreateColormap;
    const auto c = t.resources().make<Colormap>(r.xid(Q::mid), t.me());
    c->alloc = r.u8(Q::alloc);
    c->window = r.xid(Q::window);
    c->visual = r.u32(Q::visual);
    return Verdict::Forward;
}

Verdict track_xproto_FreeColormap(Tracking& t, const Request& r) {
    t.resources().erase(r.xid(FreeColormap::cmap));
    return Verdict::Forward;
}

Verdict track_xproto_CopyColormapAndFree(Tracking& t, const Request& r) {
    using Q = CopyColormapAndFree;
    const Colormap* from = t.resources().find<Colormap>(r.xid(Q::src_cmap));
    const auto to = t.resources().make<Colormap>(r.xid(Q::mid), t.me());
    if (from) {
        to->alloc = from->alloc;
        to->window = from->window;
        to->visual = from->visual;
        to->cells = from->cells;
    } else {
        to->window = t.display.root();
        to->visual = t.display.virtual_setup->screens.front().root_visual;
    }
    return Verdict::Forward;
}

Verdict track_xproto_AllocColorCells(Tracking& t, const Request& r) {
    veto_cells(t, "AllocColorCells", r.xid(AllocColorCells::cmap));
    return Verdict::Forward;
}

Verdict track_xproto_AllocColorPlanes(Tracking& t, const Request& r) {
    veto_cells(t, "AllocColorPlanes", r.xid(AllocColorPlanes::cmap));
    return Verdict::Forward;
}

Verdict track_xproto_StoreColors(Tracking& t, const Request& r) {
    constexpr size_t kItem = 12; // pixel, red, green, blue, flags, pad
    Colormap* c = t.resources().find<Colormap>(r.xid(StoreColors::cmap));
    for (size_t at = StoreColors::kFixed; c && at + kItem <= r.bytes.size(); at += kItem) {
        Cell& cell = c->cells[r.u32(at)];
        const uint8_t flags = r.u8(at + 10);
        cell.flags |= flags;
        if (flags & 1)
            cell.rgb.red = r.u16(at + 4);
        if (flags & 2)
            cell.rgb.green = r.u16(at + 6);
        if (flags & 4)
            cell.rgb.blue = r.u16(at + 8);
    }
    return Verdict::Forward;
}

Verdict track_xproto_StoreNamedColor(Tracking& t, const Request& r) {
    veto_cells(t, "StoreNamedColor", r.xid(StoreNamedColor::cmap));
    return Verdict::Forward;
}

} // namespace glckpt::x11
