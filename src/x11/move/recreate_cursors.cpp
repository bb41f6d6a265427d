// Cursors, from what they were made of.
#include "gen/x11/protocol.h"
#include "x11/move/recreate.h"

namespace glckpt::x11 {

using namespace proto;

namespace {

void put_rgb(Build& b, size_t at, const Rgb& c) {
    b.u16(at, c.red).u16(at + 2, c.green).u16(at + 4, c.blue);
}

} // namespace

// A glyph that the font here has not, or the font that stands in for a missing one. Those of the
// "nil" fonts are empty: that is how xterm hides the pointer. For others, the arrow.
void Recreation::make_other_cursor(Connection& c, VirtualXid id, const CursorShape& s) {
    const std::string name = s.source_font ? s.source_font->name : "";
    bool refused = true;
    if (!name.starts_with("nil")) {
        constexpr uint16_t kLeftPtr = 68; // X11/cursorfont.h; its mask is the next
        constexpr std::string_view kCursorFont = "cursor";
        const VirtualXid font = scratch_id(c);
        using O = xproto::OpenFont;
        c.send(Build::core<O>()
                   .xid(O::fid, font)
                   .u16(O::name_len, kCursorFont.size())
                   .more(kCursorFont),
               [](ByteSpan) {});
        using Q = xproto::CreateGlyphCursor;
        Build b = Build::core<Q>();
        b.xid(Q::cid, id).xid(Q::source_font, font).xid(Q::mask_font, font);
        b.u16(Q::source_char, kLeftPtr).u16(Q::mask_char, kLeftPtr + 1);
        put_rgb(b, Q::fore_red, s.fore);
        put_rgb(b, Q::back_red, s.back);
        c.send(b, [&refused](ByteSpan m) { refused = !m.empty(); });
        c.send(Build::core<xproto::CloseFont>().xid(xproto::CloseFont::font, font));
        x_.sync(*x_.link_of(c.id()));
        notes.push_back("a cursor of font \"" + name + "\" is missing; an arrow stands in for it");
    }
    if (refused) {
        CursorShape empty;
        empty.source.width = empty.source.height = 1;
        empty.source.zpixmap.resize(display_.virtual_setup->stride(1, 1));
        empty.mask = empty.source;
        make_cursor(c, id, empty);
    }
}

void Recreation::make_cursor(Connection& c, VirtualXid id, const CursorShape& s) {
    std::vector<VirtualXid> fonts, pixmaps, cursors;
    const auto pixmap_with = [&](const CursorShape::Image& image) {
        if (image.width == 0)
            return VirtualXid{};
        using Q = xproto::CreatePixmap;
        const VirtualXid p = scratch_id(c);
        c.send(Build::core<Q>(image.depth)
                   .xid(Q::pid, p)
                   .xid(Q::drawable, display_.root())
                   .u16(Q::width, image.width)
                   .u16(Q::height, image.height));
        put_image(c, p, scratch(c, image.depth).gc, image.depth, image.width, image.height,
                  image.zpixmap);
        pixmaps.push_back(p);
        return p;
    };
    switch (s.form) {
    case CursorShape::Form::Bitmap: {
        using Q = xproto::CreateCursor;
        const VirtualXid source = pixmap_with(s.source), mask = pixmap_with(s.mask);
        Build b = Build::core<Q>();
        b.xid(Q::cid, id).xid(Q::source, source).xid(Q::mask, mask);
        b.u16(Q::x, s.hot_x).u16(Q::y, s.hot_y);
        put_rgb(b, Q::fore_red, s.fore);
        put_rgb(b, Q::back_red, s.back);
        c.send(b);
        break;
    }
    case CursorShape::Form::Glyph: {
        using Q = xproto::CreateGlyphCursor;
        Build b = Build::core<Q>();
        b.xid(Q::cid, id);
        if (s.source_font)
            b.xid(Q::source_font, font_for(c, s.source_font, fonts));
        if (s.mask_font)
            b.xid(Q::mask_font, font_for(c, s.mask_font, fonts));
        b.u16(Q::source_char, s.source_char).u16(Q::mask_char, s.mask_char);
        put_rgb(b, Q::fore_red, s.fore);
        put_rgb(b, Q::back_red, s.back);
        bool refused = false;
        c.send(b, [&refused](ByteSpan m) { refused = !m.empty(); });
        if (x_.sync(*x_.link_of(c.id())) && refused)
            make_other_cursor(c, id, s);
        break;
    }
    case CursorShape::Form::Picture: {
        using Q = render::CreateCursor;
        using P = render::CreatePicture;
        const uint8_t major = this->major("RENDER");
        uint32_t format = 0;
        for (const PictFormat& f : display_.pict_formats) // the usual one: ARGB
            if (f.depth == s.source.depth && f.direct[2] == 0xff && f.direct[0] == 16)
                format = f.id;
        const VirtualXid pixmap = pixmap_with(s.source), picture = scratch_id(c);
        c.send(Build::extension<P>(major)
                   .xid(P::pid, picture)
                   .xid(P::drawable, pixmap)
                   .u32(P::format, format));
        c.send(Build::extension<Q>(major)
                   .xid(Q::cid, id)
                   .xid(Q::source, picture)
                   .u16(Q::x, s.hot_x)
                   .u16(Q::y, s.hot_y));
        c.send(Build::extension<render::FreePicture>(major).xid(render::FreePicture::picture,
                                                                picture));
        break;
    }
    case CursorShape::Form::Animated: {
        using Q = render::CreateAnimCursor;
        const uint8_t major = this->major("RENDER");
        Build b = Build::extension<Q>(major);
        b.xid(Q::cid, id);
        for (const CursorShape::Frame& f : s.frames) {
            VirtualXid temporary;
            b.more32(cursor_for(c, f.shape, temporary).value).more32(f.delay);
            if (temporary)
                cursors.push_back(temporary);
        }
        c.send(b);
        break;
    }
    }
    if (const uint8_t xfixes = major("XFIXES"); xfixes && !s.name.empty()) {
        using Q = xfixes::SetCursorName;
        c.send(Build::extension<Q>(xfixes)
                   .xid(Q::cursor, id)
                   .u16(Q::nbytes, (uint16_t)s.name.size())
                   .more(s.name));
    }
    for (VirtualXid p : pixmaps)
        c.send(Build::core<xproto::FreePixmap>().xid(xproto::FreePixmap::pixmap, p));
    for (VirtualXid f : fonts)
        c.send(Build::core<xproto::CloseFont>().xid(xproto::CloseFont::font, f));
    for (VirtualXid k : cursors)
        c.send(Build::core<xproto::FreeCursor>().xid(xproto::FreeCursor::cursor, k));
}

} // namespace glckpt::x11
