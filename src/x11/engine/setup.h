// The server's answer to a connection's first message, read.
#pragma once
#include "x11/wire/bytes.h"
#include "x11/wire/ids.h"
#include <array>
#include <optional>
#include <string>
#include <vector>

namespace glckpt::x11 {

struct Visual {
    uint32_t id;
    uint8_t depth, klass, bits_per_rgb;
    uint16_t colormap_entries;
    uint32_t red, green, blue;
    bool same_kind(const Visual& o) const {
        return depth == o.depth && klass == o.klass && red == o.red && green == o.green &&
               blue == o.blue;
    }
};

inline std::array<uint32_t, 3> masks_of(const Visual& v) { return {v.red, v.green, v.blue}; }

struct Screen {
    uint32_t root, colormap, root_visual;
    uint16_t width, height, width_mm, height_mm;
    uint8_t root_depth;
};

struct PixmapFormat {
    uint8_t depth, bits_per_pixel, scanline_pad;
};

struct Setup {
    uint32_t base, mask;
    uint16_t max_request_units;
    uint8_t min_keycode, max_keycode, image_order, bitmap_order, bitmap_unit, bitmap_pad;
    std::string vendor;
    std::vector<Screen> screens;
    std::vector<Visual> visuals;
    std::vector<PixmapFormat> formats;

    const Visual* visual(uint32_t id) const;
    uint8_t bits_per_pixel(uint8_t depth) const;
    // Bytes of one row of a ZPixmap image.
    size_t stride(uint8_t depth, unsigned width) const;
};

// Bytes of the whole setup reply whose first 8 bytes are at `p`.
inline size_t setup_reply_size(const uint8_t* p) { return 8 + 4 * (size_t)load16(p + 6); }
// Nothing if it is a refusal or malformed.
std::optional<Setup> parse_setup(ConstByteSpan reply);
// Shows another resource base to the app.
void rewrite_setup_base(ByteSpan reply, uint32_t base);

} // namespace glckpt::x11
