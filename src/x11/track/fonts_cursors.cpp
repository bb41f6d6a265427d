// Fonts and cursors: known by what they were made of (resources.h says why).
#include "x11/track/tracking.h"

namespace glckpt::x11 {
namespace {

using namespace proto::xproto;

constexpr uint8_t kZPixmap = 2;

// Copies a pixmap's contents at this point of the stream into `image`, when they arrive. The
// shape is kept alive by the waiting answer.
void copy_contents(Tracking& t, CursorRef shape, CursorShape::Image& image, VirtualXid pixmap) {
    const Pixmap* p = t.resources().find<Pixmap>(pixmap);
    if (!p)
        return;
    image.width = p->width;
    image.height = p->height;
    image.depth = p->depth;
    using Q = GetImage;
    t.ask_before(Build::core<Q>(kZPixmap)
                     .xid(Q::drawable, pixmap)
                     .u16(Q::width, p->width)
                     .u16(Q::height, p->height)
                     .u32(Q::plane_mask, ~0u),
                 [shape = std::move(shape), &image](ByteSpan m) {
                     if (m.size() > 32 && m[0] == 1)
                         image.zpixmap.assign(m.begin() + 32, m.end());
                 });
}

Rgb rgb_at(const Request& r, size_t at) { return {r.u16(at), r.u16(at + 2), r.u16(at + 4)}; }

FontRef font_of(Tracking& t, VirtualXid id) {
    const Font* f = t.resources().find<Font>(id);
    return f ? f->font : nullptr;
}

CursorShape* shape_of(Tracking& t, VirtualXid id) {
    const Cursor* c = t.resources().find<Cursor>(id);
    return c ? c->shape.get() : nullptr;
}

} // namespace

Verdict track_xproto_OpenFont(Tracking& t, const Request& r) {
    using Q = OpenFont;
    const auto f = t.resources().make<Font>(r.xid(Q::fid), t.me());
    f->font = std::make_shared<FontName>();
    f->font->name = r.text(Q::name, r.u16(Q::name_len));
    return Verdict::Forward;
}

Verdict track_xproto_CloseFont(Tracking& t, const Request& r) {
    t.resources().erase(r.xid(CloseFont::font));
    return Verdict::Forward;
}

Verdict track_xproto_CreateCursor(Tracking& t, const Request& r) {
    using Q = CreateCursor;
    const auto shape = std::make_shared<CursorShape>();
    copy_contents(t, shape, shape->source, r.xid(Q::source));
    copy_contents(t, shape, shape->mask, r.xid(Q::mask));
    shape->fore = rgb_at(r, Q::fore_red);
    shape->back = rgb_at(r, Q::back_red);
    shape->hot_x = r.u16(Q::x);
    shape->hot_y = r.u16(Q::y);
    t.resources().make<Cursor>(r.xid(Q::cid), t.me())->shape = shape;
    return Verdict::Forward;
}

Verdict track_xproto_CreateGlyphCursor(Tracking& t, const Request& r) {
    using Q = CreateGlyphCursor;
    const auto shape = std::make_shared<CursorShape>();
    shape->form = CursorShape::Form::Glyph;
    shape->source_font = font_of(t, r.xid(Q::source_font));
    shape->mask_font = font_of(t, r.xid(Q::mask_font));
    shape->source_char = r.u16(Q::source_char);
    shape->mask_char = r.u16(Q::mask_char);
    shape->fore = rgb_at(r, Q::fore_red);
    shape->back = rgb_at(r, Q::back_red);
    t.resources().make<Cursor>(r.xid(Q::cid), t.me())->shape = shape;
    return Verdict::Forward;
}

Verdict track_xproto_FreeCursor(Tracking& t, const Request& r) {
    t.resources().erase(r.xid(FreeCursor::cursor));
    return Verdict::Forward;
}

Verdict track_xproto_RecolorCursor(Tracking& t, const Request& r) {
    using Q = RecolorCursor;
    if (CursorShape* shape = shape_of(t, r.xid(Q::cursor))) {
        shape->fore = rgb_at(r, Q::fore_red);
        shape->back = rgb_at(r, Q::back_red);
    }
    return Verdict::Forward;
}

// A cursor from a picture: the picture's pixmap is copied.
Verdict track_render_CreateCursor(Tracking& t, const Request& r) {
    using Q = proto::render::CreateCursor;
    const auto shape = std::make_shared<CursorShape>();
    shape->form = CursorShape::Form::Picture;
    shape->hot_x = r.u16(Q::x);
    shape->hot_y = r.u16(Q::y);
    if (const Picture* p = t.resources().find<Picture>(r.xid(Q::source)))
        copy_contents(t, shape, shape->source, p->drawable);
    t.resources().make<Cursor>(r.xid(Q::cid), t.me())->shape = shape;
    return Verdict::Forward;
}

Verdict track_render_CreateAnimCursor(Tracking& t, const Request& r) {
    using Q = proto::render::CreateAnimCursor;
    const auto shape = std::make_shared<CursorShape>();
    shape->form = CursorShape::Form::Animated;
    for (size_t at = Q::kFixed; at + 8 <= r.bytes.size(); at += 8)
        if (const Cursor* frame = t.resources().find<Cursor>(r.xid(at)))
            shape->frames.push_back({frame->shape, r.u32(at + 4)});
    t.resources().make<Cursor>(r.xid(Q::cid), t.me())->shape = shape;
    return Verdict::Forward;
}

Verdict track_xfixes_SetCursorName(Tracking& t, const Request& r) {
    using Q = proto::xfixes::SetCursorName;
    if (CursorShape* shape = shape_of(t, r.xid(Q::cursor)))
        shape->name = r.text(Q::name, r.u16(Q::nbytes));
    return Verdict::Forward;
}

// All uses of `destination` become `source`.
Verdict track_xfixes_ChangeCursor(Tracking& t, const Request& r) {
    using Q = proto::xfixes::ChangeCursor;
    const CursorShape* from = shape_of(t, r.xid(Q::source));
    CursorShape* to = shape_of(t, r.xid(Q::destination));
    if (from && to && from != to)
        *to = *from;
    return Verdict::Forward;
}

} // namespace glckpt::x11
