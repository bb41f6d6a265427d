// Colormaps of DirectColor: three tables, one for each primary, and a pixel is an index into each.
// AllocColor shares an entry of each; AllocColorCells and AllocColorPlanes hand entries out for
// good, which FreeColors gives back table by table, in whatever combination. So these are followed
// by table, and what is shared by the pixels that the server gave for it.
#include "x11/track/resources.h"

namespace glckpt::x11 {
namespace {

// The entries of one table that a pixel, with all that one gets by adding bits of `planes`, names.
template <class Each>
void with_planes(uint32_t pixel, uint32_t planes, uint32_t mask, Each each) {
    pixel &= mask;
    planes &= mask;
    uint32_t subset = 0;
    do {
        each(pixel | subset);
        subset = (subset - planes) & planes;
    } while (subset != 0);
}

} // namespace

void DirectCells::share(uint32_t pixel, Rgb rgb) {
    Shared& s = shared[pixel];
    s.rgb = rgb;
    ++s.times;
}

void DirectCells::take(const Masks& masks, uint32_t pixel, uint32_t planes) {
    for (size_t i = 0; i < masks.size(); ++i)
        with_planes(pixel, planes, masks[i], [&](uint32_t entry) { own[i][entry] = {}; });
}

bool DirectCells::give_back(const Masks& masks, uint32_t pixel, uint32_t planes) {
    if ((planes & (masks[0] | masks[1] | masks[2])) == 0)
        if (const auto s = shared.find(pixel); s != shared.end()) {
            if (--s->second.times == 0)
                shared.erase(s);
            return true;
        }
    bool understood = true;
    for (size_t i = 0; i < masks.size(); ++i)
        with_planes(pixel, planes, masks[i], [&](uint32_t entry) {
            if (own[i].erase(entry))
                return;
            for (const auto& s : shared)
                understood &= (s.first & masks[i]) != entry;
        });
    return understood;
}

void DirectCells::store(const Masks& masks, uint32_t pixel, uint8_t flags, Rgb rgb, bool all_own) {
    const uint16_t values[3] = {rgb.red, rgb.green, rgb.blue};
    for (size_t i = 0; i < masks.size(); ++i)
        if (const uint32_t entry = pixel & masks[i];
            (flags & 1 << i) && (all_own || own[i].contains(entry)))
            own[i][entry] = {true, values[i]};
}

} // namespace glckpt::x11
