#include "interpose/ws/match.h"
#include "interpose/ws/columns.h"
#include <algorithm>
#include <climits>
#include <cstdlib>

namespace glckpt::ws {
namespace {

using namespace log::ws;

struct Columns {
    std::vector<int> sizes;   // at least; distance counts
    int depth;                // likewise, but see kDepth
    std::vector<int> samples; // likewise, but rather exactly
    std::vector<int> equal;   // must be the same
    std::vector<int> masks;   // must include
    std::vector<int> prefer;  // rather the same
    int width;
};

const Columns& columns(bool glx) {
    static const Columns g = {
        {glx_column(8), glx_column(9), glx_column(10), glx_column(11), glx_column(13),
         glx_column(14), glx_column(15), glx_column(16), glx_column(17), glx_column(7)},
        glx_column(12),
        {glx_column(100000), glx_column(100001)},
        {glx_column(5), glx_column(6), glx_column(3), glx_column(0x20B0)},
        {glx_column(0x8010), glx_column(0x8011), glx_column(0x20B2)},
        {glx_column(0x22), glx_column(0x800B), glx_column(0x20), glx_column(0x23),
         glx_column(0x20B2), glx_column(0x8060), glx_column(0x8010), glx_column(0x8013)},
        kGlxConfigColumns};
    static const Columns e = {{egl_column(0x3024), egl_column(0x3023), egl_column(0x3022),
                               egl_column(0x3021), egl_column(0x3026)},
                              egl_column(0x3025),
                              {egl_column(0x3032), egl_column(0x3031)},
                              {egl_column(0x303F), egl_column(0x3339), egl_column(0x3029)},
                              {egl_column(0x3033), egl_column(0x3040)},
                              {egl_column(0x302E), egl_column(0x302F), egl_column(0x3027),
                               egl_column(0x3020), egl_column(0x3033), egl_column(0x3028)},
                              kEglConfigColumns};
    return glx ? g : e;
}

// A window's depth buffer of 32 bits may become one of 24. llvmpipe gives 32 to whoever asks for
// any (a larger depth sorts first: GLX 1.4, table 3.4), while zink and most hardware drivers have
// 24 for windows and nothing more. Fewer than 24 would be seen.
constexpr int kDepth = 24;

int value(const int32_t* row, int column) { return row[column] == INT_MIN ? 0 : row[column]; }

// How far `o` is from serving as `f`; negative: it does not serve.
long distance(const Columns& c, const int32_t* f, const int32_t* o) {
    long d = 0;
    for (const int i : c.equal)
        if (value(f, i) != value(o, i))
            return -1;
    for (const int i : c.masks)
        if (value(f, i) & ~value(o, i))
            return -1;
    for (const int i : c.sizes) {
        if (value(o, i) < value(f, i))
            return -1;
        d += 1000L * (value(o, i) - value(f, i));
    }
    if (value(o, c.depth) < std::min(value(f, c.depth), kDepth))
        return -1;
    d += 1000L * std::abs(value(o, c.depth) - value(f, c.depth));
    for (const int i : c.samples) {
        if (value(o, i) < value(f, i))
            return -1;
        d += 100000L * (value(o, i) - value(f, i));
    }
    long weight = 1L << c.prefer.size();
    for (const int i : c.prefer) {
        weight /= 2;
        if (value(f, i) != value(o, i))
            d += weight;
    }
    return d;
}

} // namespace

std::vector<int32_t> match_configs(bool glx, const std::vector<int32_t>& frozen,
                                   const std::vector<int32_t>& offered) {
    const Columns& c = columns(glx);
    const auto width = (size_t)c.width;
    std::vector<int32_t> map(frozen.size() / width, -1);
    for (size_t i = 0; i < map.size(); ++i) {
        long best = LONG_MAX;
        for (size_t k = 0; k < offered.size() / width; ++k) {
            const long d = distance(c, &frozen[i * width], &offered[k * width]);
            if (d >= 0 && d < best) {
                best = d;
                map[i] = (int32_t)k;
            }
        }
    }
    return map;
}

std::string describe_config(bool glx, const int32_t* row) {
    auto get = [&](int g, int e) { return std::to_string(value(row, glx ? g : e)); };
    std::string s = "RGBA " + get(glx_column(8), egl_column(0x3024)) + "/" +
                    get(glx_column(9), egl_column(0x3023)) + "/" +
                    get(glx_column(10), egl_column(0x3022)) + "/" +
                    get(glx_column(11), egl_column(0x3021)) + ", depth " +
                    get(glx_column(12), egl_column(0x3025)) + ", stencil " +
                    get(glx_column(13), egl_column(0x3026));
    if (const int n = value(row, glx ? glx_column(100001) : egl_column(0x3031)))
        s += ", " + std::to_string(n) + " samples";
    if (glx && value(row, glx_column(14)))
        s += ", accumulation " + std::to_string(value(row, glx_column(14)));
    if (glx)
        s += value(row, glx_column(5)) ? ", double-buffered" : ", single-buffered";
    if (glx && value(row, glx_column(6)))
        s += ", stereo";
    return s;
}

} // namespace glckpt::ws
