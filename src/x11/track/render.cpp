// RENDER: pictures, glyph sets.
#include "x11/track/tracking.h"

namespace glckpt::x11 {
namespace {

using namespace proto::render;

enum : unsigned { kAlphaMap = 1, kClipMask = 6 }; // CP* bits

void merge_values(Tracking& t, Picture& p, uint32_t mask, const Request& r, size_t at) {
    for (unsigned bit = 0; bit < 13; ++bit) {
        if (!(mask >> bit & 1))
            continue;
        const uint32_t value = r.u32(at);
        at += 4;
        p.values.set(bit, value);
        if (bit == kClipMask) {
            p.clip = t.resources().ref<Pixmap>(VirtualXid{value});
            p.clip_rectangles.clear();
            p.clip_region = {};
        }
    }
}

Verdict made_from_source(Tracking& t, const Request& r) {
    t.resources().make<Picture>(r.xid(CreateSolidFill::picture), t.me())->source = r.copy();
    return Verdict::Forward;
}

uint8_t depth_of_format(const Display& d, uint32_t format) {
    for (const PictFormat& f : d.pict_formats)
        if (f.id == format)
            return f.depth;
    return 0;
}

// Bytes of one glyph's image: rows padded to 32 bits (RENDER protocol, AddGlyphs).
size_t glyph_bytes(uint8_t depth, unsigned width, unsigned height) {
    const size_t bits = depth == 1 ? 1 : depth <= 4 ? 4 : depth <= 8 ? 8 : depth <= 16 ? 16 : 32;
    return (width * bits + 31) / 32 * 4 * height;
}

} // namespace

Verdict track_render_QueryPictFormats(Tracking& t, const Request&) {
    Display& d = t.display;
    t.on_reply([&d](ByteSpan m) {
        using R = QueryPictFormats::Reply;
        constexpr size_t kFormat = 28;
        if (m.size() < 32 || m[0] != 1 || d.names.moved)
            return;
        d.pict_formats.clear();
        const uint32_t n = load32(&m[R::num_formats]);
        for (size_t i = 0, at = 32; i < n && at + kFormat <= m.size(); ++i, at += kFormat) {
            PictFormat f{load32(&m[at]), m[at + 4], m[at + 5], {}};
            memcpy(f.direct.data(), &m[at + 8], f.direct.size());
            d.pict_formats.push_back(f);
        }
    });
    return Verdict::Forward;
}

Verdict track_render_CreatePicture(Tracking& t, const Request& r) {
    using Q = CreatePicture;
    const auto p = t.resources().make<Picture>(r.xid(Q::pid), t.me());
    p->drawable = r.xid(Q::drawable);
    p->pixmap = t.resources().ref<Pixmap>(p->drawable);
    p->format = r.u32(Q::format);
    merge_values(t, *p, r.u32(Q::value_mask), r, Q::value_list);
    return Verdict::Forward;
}

Verdict track_render_ChangePicture(Tracking& t, const Request& r) {
    using Q = ChangePicture;
    if (Picture* p = t.resources().find<Picture>(r.xid(Q::picture)))
        merge_values(t, *p, r.u32(Q::value_mask), r, Q::value_list);
    return Verdict::Forward;
}

Verdict track_render_SetPictureClipRectangles(Tracking& t, const Request& r) {
    if (Picture* p = t.resources().find<Picture>(r.xid(SetPictureClipRectangles::picture))) {
        p->clip_rectangles = r.copy();
        p->clip_region = {};
        p->values.unset(kClipMask);
        p->clip.reset();
    }
    return Verdict::Forward;
}

Verdict track_render_SetPictureTransform(Tracking& t, const Request& r) {
    if (Picture* p = t.resources().find<Picture>(r.xid(SetPictureTransform::picture)))
        p->transform = r.copy();
    return Verdict::Forward;
}

Verdict track_render_SetPictureFilter(Tracking& t, const Request& r) {
    if (Picture* p = t.resources().find<Picture>(r.xid(SetPictureFilter::picture)))
        p->filter = r.copy();
    return Verdict::Forward;
}

Verdict track_render_FreePicture(Tracking& t, const Request& r) {
    t.resources().erase(r.xid(FreePicture::picture));
    return Verdict::Forward;
}

Verdict track_render_CreateSolidFill(Tracking& t, const Request& r) {
    return made_from_source(t, r);
}
Verdict track_render_CreateLinearGradient(Tracking& t, const Request& r) {
    return made_from_source(t, r);
}
Verdict track_render_CreateRadialGradient(Tracking& t, const Request& r) {
    return made_from_source(t, r);
}
Verdict track_render_CreateConicalGradient(Tracking& t, const Request& r) {
    return made_from_source(t, r);
}

Verdict track_render_CreateGlyphSet(Tracking& t, const Request& r) {
    using Q = CreateGlyphSet;
    const auto s = t.resources().make<GlyphSet>(r.xid(Q::gsid), t.me());
    s->contents = std::make_shared<Glyphs>();
    s->contents->format = r.u32(Q::format);
    return Verdict::Forward;
}

Verdict track_render_ReferenceGlyphSet(Tracking& t, const Request& r) {
    using Q = ReferenceGlyphSet;
    if (const GlyphSet* from = t.resources().find<GlyphSet>(r.xid(Q::existing))) {
        const auto contents = from->contents;
        t.resources().make<GlyphSet>(r.xid(Q::gsid), t.me())->contents = contents;
    }
    return Verdict::Forward;
}

Verdict track_render_FreeGlyphSet(Tracking& t, const Request& r) {
    t.resources().erase(r.xid(FreeGlyphSet::glyphset));
    return Verdict::Forward;
}

Verdict track_render_AddGlyphs(Tracking& t, const Request& r) {
    using Q = AddGlyphs;
    const GlyphSet* set = t.resources().find<GlyphSet>(r.xid(Q::glyphset));
    if (!set)
        return Verdict::Forward;
    const uint8_t depth = depth_of_format(t.display, set->contents->format);
    if (depth == 0) {
        t.veto("glyphs of a picture format that the program never asked about");
        return Verdict::Forward;
    }
    const size_t n = std::min<size_t>(r.u32(Q::glyphs_len), r.bytes.size() / 4);
    const size_t infos = Q::kFixed + 4 * n;
    size_t image = infos + 12 * n;
    for (size_t i = 0; i < n; ++i) {
        Glyph& g = set->contents->glyphs[r.u32(Q::kFixed + 4 * i)];
        const size_t at = infos + 12 * i;
        const ConstByteSpan info = r.from(at, g.info.size());
        if (info.size() < g.info.size())
            break;
        memcpy(g.info.data(), info.data(), g.info.size());
        const size_t bytes = glyph_bytes(depth, r.u16(at), r.u16(at + 2));
        const ConstByteSpan pixels = r.from(image, bytes);
        g.image.assign(pixels.begin(), pixels.end());
        image += bytes;
    }
    return Verdict::Forward;
}

Verdict track_render_FreeGlyphs(Tracking& t, const Request& r) {
    using Q = FreeGlyphs;
    if (const GlyphSet* set = t.resources().find<GlyphSet>(r.xid(Q::glyphset)))
        for (size_t at = Q::kFixed; at + 4 <= r.bytes.size(); at += 4)
            set->contents->glyphs.erase(r.u32(at));
    return Verdict::Forward;
}

} // namespace glckpt::x11
