// Colormaps. A pixel value of a static visual (TrueColor) means the same colour on another server
// with the same masks. In a changeable one (PseudoColor, GrayScale) the server hands out cells, and
// the numbers it gave are followed here, so that the same can be got again: always in a colormap of
// the app's own, where all cells are free at first, and in a server's only if it gives the same
// ones: what is free there is taken for a moment, and what is not wanted given back
// (move/colormaps.cpp). DirectColor's go by three indices (direct_cells.cpp), in colormaps of the
// app's own; on a screen whose own colormap is of that kind they are not followed.
#include "x11/track/tracking.h"

namespace glckpt::x11 {
namespace {

using namespace proto::xproto;

constexpr size_t kReplyHead = 32;

void veto_cells(Tracking& t, const char* request, VirtualXid colormap) {
    char text[96];
    snprintf(text, sizeof text, "colour cells allocated by %s in colormap 0x%x", request,
             colormap.value);
    t.veto(text);
}

enum class Handed : uint8_t { No, Cells, Indices };
Handed handed_out(const Display& d, VirtualXid colormap) {
    uint32_t visual = 0;
    if (const Colormap* c = d.resources.find<Colormap>(colormap))
        visual = c->visual;
    else if (d.virtual_setup)
        for (const Screen& s : d.virtual_setup->screens)
            if (s.colormap == colormap.value)
                visual = s.root_visual;
    const Visual* v = d.virtual_setup ? d.virtual_setup->visual(visual) : nullptr;
    constexpr uint8_t kGrayScale = 1, kPseudoColor = 3, kDirectColor = 5;
    if (!v)
        return Handed::No;
    return v->klass == kGrayScale || v->klass == kPseudoColor ? Handed::Cells
           : v->klass == kDirectColor                         ? Handed::Indices
                                                              : Handed::No;
}

// A DirectColor colormap of the app's own, with the bits of its visual.
struct Direct {
    Colormap* colormap = nullptr;
    DirectCells::Masks masks{};
    bool even = true; // its tables are of one size
    explicit operator bool() const { return colormap; }
    DirectCells* operator->() const { return &colormap->direct; }
};
Direct direct_of(Display& d, VirtualXid id) {
    Colormap* c = d.resources.find<Colormap>(id);
    const Visual* v = c && d.virtual_setup ? d.virtual_setup->visual(c->visual) : nullptr;
    constexpr uint8_t kDirectColor = 5;
    if (!v || v->klass != kDirectColor)
        return {};
    Direct x{c, masks_of(*v)};
    for (const uint32_t m : x.masks)
        x.even &= 1u << __builtin_popcount(m) == v->colormap_entries;
    return x;
}
// One in which this connection's allocations can be made again: by the one that made it, and as a
// whole (move/direct_cells.cpp).
Direct allocates_direct(Display& d, ConnectionId who, VirtualXid id) {
    const Direct x = direct_of(d, id);
    return x && x.even && x.colormap->owner == who ? x : Direct();
}

Cells& cells_of(Display& d, VirtualXid colormap) {
    Colormap* c = d.resources.find<Colormap>(colormap);
    return c ? c->cells : d.default_cells[colormap];
}

// Where colours are stored that we shall have to store again; null: in a colormap without such.
Cells* stored_cells(Display& d, VirtualXid colormap) {
    return d.resources.find<Colormap>(colormap) || handed_out(d, colormap) == Handed::Cells
               ? &cells_of(d, colormap)
               : nullptr;
}

Rgb rgb_at(ByteSpan m, size_t at) {
    return {load16(&m[at]), load16(&m[at + 2]), load16(&m[at + 4])};
}

void note_shared(Display& d, ConnectionId owner, VirtualXid colormap, uint32_t pixel, Rgb rgb) {
    Cell& cell = cells_of(d, colormap)[pixel];
    cell.rgb = rgb;
    cell.flags = 7;
    ++cell.shared;
    if (!cell.owner)
        cell.owner = owner;
}

// A pixel and all that one gets by adding bits of `planes` to it. No screen that hands out cells
// has more planes than this: who names others is refused by the server.
template <class Each>
void with_planes(uint32_t pixel, uint32_t planes, Each each) {
    constexpr uint32_t kMost = 0xffff;
    planes &= kMost;
    uint32_t subset = 0;
    do {
        each(pixel | subset);
        subset = (subset - planes) & planes;
    } while (subset != 0);
}

void note_own(Display& d, ConnectionId owner, VirtualXid colormap, ByteSpan m, size_t pixels,
              uint32_t planes) {
    Cells& cells = cells_of(d, colormap);
    for (size_t i = 0; i < pixels && kReplyHead + 4 * i + 4 <= m.size(); ++i)
        with_planes(load32(&m[kReplyHead + 4 * i]), planes, [&](uint32_t pixel) {
            cells[pixel] = {0, {}, true, 0, owner};
        });
}

void note_own_direct(Display& d, ConnectionId owner, VirtualXid colormap, ByteSpan m, size_t pixels,
                     uint32_t planes) {
    const Direct x = allocates_direct(d, owner, colormap);
    for (size_t i = 0; x && i < pixels && kReplyHead + 4 * i + 4 <= m.size(); ++i)
        x->take(x.masks, load32(&m[kReplyHead + 4 * i]), planes);
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

// What the client has in the one goes over to the other.
Verdict track_xproto_CopyColormapAndFree(Tracking& t, const Request& r) {
    using Q = CopyColormapAndFree;
    const VirtualXid source = r.xid(Q::src_cmap);
    Colormap* from = t.resources().find<Colormap>(source);
    const auto to = t.resources().make<Colormap>(r.xid(Q::mid), t.me());
    if (from) {
        to->alloc = from->alloc;
        to->window = from->window;
        to->visual = from->visual;
        to->cells = from->cells;
        if (from->owner == t.me())
            to->direct = std::exchange(from->direct, {});
    } else {
        to->window = t.display.root();
        to->visual = t.display.virtual_setup->screens.front().root_visual;
        to->cells = t.display.default_cells[source];
    }
    const auto mine = [&](const auto& c) { return c.second.owner == t.me(); };
    std::erase_if(to->cells, [&](const auto& c) { return c.second.owner && !mine(c); });
    std::erase_if(from ? from->cells : t.display.default_cells[source], mine);
    return Verdict::Forward;
}

Verdict track_xproto_AllocColor(Tracking& t, const Request& r) {
    using Q = AllocColor;
    Display& d = t.display;
    const VirtualXid colormap = r.xid(Q::cmap);
    const Handed handed = handed_out(d, colormap);
    if (allocates_direct(d, t.me(), colormap))
        t.on_reply([&d, colormap, owner = t.me()](ByteSpan m) {
            if (const Direct x = allocates_direct(d, owner, colormap); x && m.size() >= kReplyHead)
                if (m[0] == 1)
                    x->share(load32(&m[Q::Reply::pixel]), rgb_at(m, Q::Reply::red));
        });
    else if (handed == Handed::Indices)
        veto_cells(t, "AllocColor", colormap);
    if (handed == Handed::Cells)
        t.on_reply([&d, colormap, owner = t.me()](ByteSpan m) {
            if (m.size() >= kReplyHead && m[0] == 1)
                note_shared(d, owner, colormap, load32(&m[Q::Reply::pixel]),
                            rgb_at(m, Q::Reply::red));
        });
    return Verdict::Forward;
}

Verdict track_xproto_AllocNamedColor(Tracking& t, const Request& r) {
    using Q = AllocNamedColor;
    Display& d = t.display;
    const VirtualXid colormap = r.xid(Q::cmap);
    const Handed handed = handed_out(d, colormap);
    if (allocates_direct(d, t.me(), colormap))
        t.on_reply([&d, colormap, owner = t.me()](ByteSpan m) {
            if (const Direct x = allocates_direct(d, owner, colormap); x && m.size() >= kReplyHead)
                if (m[0] == 1)
                    x->share(load32(&m[Q::Reply::pixel]), rgb_at(m, Q::Reply::visual_red));
        });
    else if (handed == Handed::Indices)
        veto_cells(t, "AllocNamedColor", colormap);
    if (handed == Handed::Cells)
        t.on_reply([&d, colormap, owner = t.me()](ByteSpan m) {
            if (m.size() >= kReplyHead && m[0] == 1)
                note_shared(d, owner, colormap, load32(&m[Q::Reply::pixel]),
                            rgb_at(m, Q::Reply::visual_red));
        });
    return Verdict::Forward;
}

Verdict track_xproto_AllocColorCells(Tracking& t, const Request& r) {
    using Q = AllocColorCells;
    Display& d = t.display;
    const VirtualXid colormap = r.xid(Q::cmap);
    const bool direct = (bool)allocates_direct(d, t.me(), colormap);
    if (!direct && handed_out(d, colormap) != Handed::Cells) {
        veto_cells(t, "AllocColorCells", colormap);
        return Verdict::Forward;
    }
    t.on_reply([&d, colormap, direct, owner = t.me()](ByteSpan m) {
        if (m.size() < kReplyHead || m[0] != 1)
            return;
        const size_t pixels = load16(&m[Q::Reply::pixels_len]);
        uint32_t planes = 0;
        for (size_t i = 0; i < load16(&m[Q::Reply::masks_len]); ++i)
            if (const size_t at = kReplyHead + 4 * (pixels + i); at + 4 <= m.size())
                planes |= load32(&m[at]);
        if (direct)
            note_own_direct(d, owner, colormap, m, pixels, planes);
        else
            note_own(d, owner, colormap, m, pixels, planes);
    });
    return Verdict::Forward;
}

Verdict track_xproto_AllocColorPlanes(Tracking& t, const Request& r) {
    using Q = AllocColorPlanes;
    Display& d = t.display;
    const VirtualXid colormap = r.xid(Q::cmap);
    const bool direct = (bool)allocates_direct(d, t.me(), colormap);
    if (!direct && handed_out(d, colormap) != Handed::Cells) {
        veto_cells(t, "AllocColorPlanes", colormap);
        return Verdict::Forward;
    }
    t.on_reply([&d, colormap, direct, owner = t.me()](ByteSpan m) {
        if (m.size() < kReplyHead || m[0] != 1)
            return;
        const auto note = direct ? note_own_direct : note_own;
        note(d, owner, colormap, m, load16(&m[Q::Reply::pixels_len]),
             load32(&m[Q::Reply::red_mask]) | load32(&m[Q::Reply::green_mask]) |
                 load32(&m[Q::Reply::blue_mask]));
    });
    return Verdict::Forward;
}

Verdict track_xproto_FreeColors(Tracking& t, const Request& r) {
    using Q = FreeColors;
    const VirtualXid colormap = r.xid(Q::cmap);
    if (const Direct x = allocates_direct(t.display, t.me(), colormap)) {
        for (size_t at = Q::pixels; at + 4 <= r.bytes.size(); at += 4)
            if (!x->give_back(x.masks, r.u32(at), r.u32(Q::plane_mask)))
                veto_cells(t, "AllocColor and freed in another combination", colormap);
        return Verdict::Forward;
    }
    if (handed_out(t.display, colormap) != Handed::Cells)
        return Verdict::Forward;
    Cells& cells = cells_of(t.display, colormap);
    for (size_t at = Q::pixels; at + 4 <= r.bytes.size(); at += 4)
        with_planes(r.u32(at), r.u32(Q::plane_mask), [&](uint32_t pixel) {
            const auto it = cells.find(pixel);
            if (it != cells.end() && (it->second.own || --it->second.shared == 0))
                cells.erase(it);
        });
    return Verdict::Forward;
}

Verdict track_xproto_StoreColors(Tracking& t, const Request& r) {
    constexpr size_t kItem = 12; // pixel, red, green, blue, flags, pad
    const Direct direct = direct_of(t.display, r.xid(StoreColors::cmap));
    for (size_t at = StoreColors::kFixed; direct && at + kItem <= r.bytes.size(); at += kItem)
        direct->store(direct.masks, r.u32(at), r.u8(at + 10),
                      {r.u16(at + 4), r.u16(at + 6), r.u16(at + 8)}, direct.colormap->alloc != 0);
    if (direct)
        return Verdict::Forward;
    Cells* cells = stored_cells(t.display, r.xid(StoreColors::cmap));
    for (size_t at = StoreColors::kFixed; cells && at + kItem <= r.bytes.size(); at += kItem) {
        Cell& cell = (*cells)[r.u32(at)];
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

// The server knows what the name means: asked before.
Verdict track_xproto_StoreNamedColor(Tracking& t, const Request& r) {
    using Q = StoreNamedColor;
    using L = LookupColor;
    Display& d = t.display;
    const VirtualXid colormap = r.xid(Q::cmap);
    if (!stored_cells(d, colormap))
        return Verdict::Forward;
    const uint16_t length = r.u16(Q::name_len);
    t.ask_before(Build::core<L>()
                     .xid(L::cmap, colormap)
                     .u16(L::name_len, length)
                     .more(r.from(Q::name, length)),
                 [&d, colormap, pixel = r.u32(Q::pixel), flags = r.u8(Q::flags)](ByteSpan m) {
                     if (const Direct x = direct_of(d, colormap)) {
                         if (m.size() >= kReplyHead && m[0] == 1)
                             x->store(x.masks, pixel, flags, rgb_at(m, L::Reply::exact_red),
                                      x.colormap->alloc != 0);
                         return;
                     }
                     Cells* cells = stored_cells(d, colormap);
                     if (!cells || m.size() < kReplyHead || m[0] != 1)
                         return;
                     const Rgb rgb = rgb_at(m, L::Reply::exact_red);
                     Cell& cell = (*cells)[pixel];
                     cell.flags |= flags & 7;
                     if (flags & 1)
                         cell.rgb.red = rgb.red;
                     if (flags & 2)
                         cell.rgb.green = rgb.green;
                     if (flags & 4)
                         cell.rgb.blue = rgb.blue;
                 });
    return Verdict::Forward;
}

} // namespace glckpt::x11
