#include "x11/engine/setup.h"

namespace glckpt::x11 {
namespace {

// The setup reply is not a message of the ordinary kind (xcb-proto has it as a struct): these are
// the offsets of X11 protocol appendix B, "Connection Setup".
constexpr size_t kFixedPart = 40, kScreenPart = 40, kDepthPart = 8, kVisualPart = 24, kFormat = 8;
constexpr size_t kBaseAt = 12;

bool parse_screen(ConstByteSpan b, size_t& at, Setup& s) {
    if (at + kScreenPart > b.size())
        return false;
    const uint8_t* p = &b[at];
    s.screens.push_back({load32(p), load32(p + 4), load32(p + 32), load16(p + 20), load16(p + 22),
                         load16(p + 24), load16(p + 26), p[38]});
    at += kScreenPart;
    for (int depths = p[39]; depths > 0; --depths) {
        if (at + kDepthPart > b.size())
            return false;
        const uint8_t depth = b[at];
        const size_t visuals = load16(&b[at + 2]);
        at += kDepthPart;
        if (at + visuals * kVisualPart > b.size())
            return false;
        for (size_t i = 0; i < visuals; ++i, at += kVisualPart) {
            const uint8_t* v = &b[at];
            s.visuals.push_back({load32(v), depth, v[4], v[5], load16(v + 6), load32(v + 8),
                                 load32(v + 12), load32(v + 16)});
        }
    }
    return true;
}

} // namespace

const Visual* Setup::visual(uint32_t id) const {
    for (const Visual& v : visuals)
        if (v.id == id)
            return &v;
    return nullptr;
}

uint8_t Setup::bits_per_pixel(uint8_t depth) const {
    for (const PixmapFormat& f : formats)
        if (f.depth == depth)
            return f.bits_per_pixel;
    return depth <= 1 ? 1 : depth <= 8 ? 8 : depth <= 16 ? 16 : 32;
}

size_t Setup::stride(uint8_t depth, unsigned width) const {
    size_t pad = 32;
    for (const PixmapFormat& f : formats)
        if (f.depth == depth)
            pad = f.scanline_pad;
    const size_t bits = (size_t)width * bits_per_pixel(depth);
    return (bits + pad - 1) / pad * pad / 8;
}

std::optional<Setup> parse_setup(ConstByteSpan b) {
    if (b.size() < kFixedPart || b[0] != 1 || b.size() < setup_reply_size(b.data()))
        return {};
    Setup s{};
    s.base = load32(&b[kBaseAt]);
    s.mask = load32(&b[16]);
    const size_t vendor = load16(&b[24]);
    s.max_request_units = load16(&b[26]);
    const int screens = b[28];
    const size_t formats = b[29];
    s.image_order = b[30];
    s.bitmap_order = b[31];
    s.bitmap_unit = b[32];
    s.bitmap_pad = b[33];
    s.min_keycode = b[34];
    s.max_keycode = b[35];
    size_t at = kFixedPart;
    if (at + padded(vendor) + formats * kFormat > b.size())
        return {};
    s.vendor.assign((const char*)&b[at], vendor);
    at += padded(vendor);
    for (size_t i = 0; i < formats; ++i, at += kFormat)
        s.formats.push_back({b[at], b[at + 1], b[at + 2]});
    for (int i = 0; i < screens; ++i)
        if (!parse_screen(b, at, s))
            return {};
    if (s.screens.empty() || s.mask == 0)
        return {};
    return s;
}

void rewrite_setup_base(ByteSpan reply, uint32_t base) { store32(&reply[kBaseAt], base); }

} // namespace glckpt::x11
