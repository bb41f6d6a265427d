// The cells of a DirectColor colormap got again under their numbers (track/direct_cells.cpp).
//
// In a new colormap all entries of the three tables are taken for ourselves. Then, for each shared
// colour, its entries are given back, so that each is the only free one of its table, and the
// colour is asked for; at the end what the app did not have is given back.
//
// FreeColors names an entry in each table, and two shared colours may have one in common, of which
// it would give back the wrong thing. So there is a filler: one entry of each table that the app
// does not have, shared by us as often as it will have to be named in such a place, with a colour
// that nothing else has.
#include "gen/x11/protocol.h"
#include "x11/move/recreate.h"
#include <set>

namespace glckpt::x11 {

using namespace proto::xproto;

namespace {

using Masks = DirectCells::Masks;

// Each table's entries that the app has nothing in, by their bits of a pixel.
std::array<std::vector<uint32_t>, 3> unused(const DirectCells& cells, const Masks& masks) {
    std::array<std::vector<uint32_t>, 3> out;
    for (size_t i = 0; i < masks.size(); ++i) {
        std::set<uint32_t> used;
        for (const auto& s : cells.shared)
            used.insert(s.first & masks[i]);
        const uint32_t lowest = masks[i] & -masks[i];
        for (uint64_t entry = 0; entry <= masks[i]; entry += lowest)
            if (!cells.own[i].contains((uint32_t)entry) && !used.contains((uint32_t)entry))
                out[i].push_back((uint32_t)entry);
    }
    return out;
}

// A value for each primary that no shared colour has, nor one that the server takes for the same.
std::array<uint16_t, 3> another_colour(const DirectCells& cells) {
    std::array<std::set<uint8_t>, 3> there;
    for (const auto& s : cells.shared) {
        there[0].insert(s.second.rgb.red >> 8);
        there[1].insert(s.second.rgb.green >> 8);
        there[2].insert(s.second.rgb.blue >> 8);
    }
    std::array<uint16_t, 3> out{};
    for (size_t i = 0; i < out.size(); ++i)
        while (out[i] < 255 && there[i].contains((uint8_t)out[i]))
            ++out[i];
    for (uint16_t& v : out)
        v = (uint16_t)(v * 257);
    return out;
}

Build alloc(VirtualXid colormap, uint16_t red, uint16_t green, uint16_t blue) {
    using Q = AllocColor;
    return Build::core<Q>()
        .xid(Q::cmap, colormap)
        .u16(Q::red, red)
        .u16(Q::green, green)
        .u16(Q::blue, blue);
}

Bytes store_request(VirtualXid colormap, const DirectCells& cells) {
    Build store = Build::core<StoreColors>();
    store.xid(StoreColors::cmap, colormap);
    bool any = false;
    for (size_t i = 0; i < 3; ++i)
        for (const auto& [entry, stored] : cells.own[i])
            if (stored.set) {
                // Of the three values and the flags behind them, this table's.
                const uint64_t item = (uint64_t)stored.value << 16 * i | (uint64_t)1 << (48 + i);
                store.more32(entry).more32((uint32_t)item).more32((uint32_t)(item >> 32));
                any = true;
            }
    return any ? Bytes(store) : Bytes();
}

} // namespace

void Recreation::direct_cells(Colormap& m, const Visual& v) {
    Connection& c = on(m.owner);
    const Masks masks = masks_of(v);
    const auto store = [&] {
        if (const Bytes r = store_request(m.id, m.direct); !r.empty())
            c.send(r);
    };
    if (m.alloc != 0)
        return store(); // all of them are the app's from the start
    if (m.direct.empty())
        return;
    using Q = AllocColorCells;
    c.send(Build::core<Q>().xid(Q::cmap, m.id).u16(Q::colors, v.colormap_entries));
    store();

    std::array<std::vector<uint32_t>, 3> rest = unused(m.direct, masks);
    if (rest[0].empty() || rest[1].empty() || rest[2].empty()) {
        if (!m.direct.shared.empty())
            notes.emplace_back(
                "shared colour cells of a DirectColor colormap could not be got again");
        return;
    }
    std::array<uint32_t, 3> filler{};
    size_t most = 0;
    for (size_t i = 0; i < 3; ++i) {
        filler[i] = rest[i].back();
        rest[i].pop_back();
        most = std::max(most, rest[i].size());
    }
    const uint32_t fillers = filler[0] | filler[1] | filler[2];
    const auto free = [&] { return Build::core<FreeColors>().xid(FreeColors::cmap, m.id); };
    c.send(free().more32(fillers));
    const size_t needed = m.direct.shared.size() + most;
    const auto [red, green, blue] = another_colour(m.direct);
    for (size_t i = 0; i < needed; ++i)
        c.send(alloc(m.id, red, green, blue));

    std::array<std::set<uint32_t>, 3> shared;
    for (const auto& [pixel, s] : m.direct.shared) {
        uint32_t given_back = 0;
        for (size_t i = 0; i < 3; ++i)
            given_back |= shared[i].insert(pixel & masks[i]).second ? pixel & masks[i] : filler[i];
        c.send(free().more32(given_back));
        for (uint32_t k = 0; k < s.times; ++k)
            c.send(alloc(m.id, s.rgb.red, s.rgb.green, s.rgb.blue),
                   [this, wanted = pixel](ByteSpan reply) {
                       if (reply.size() < 32 || reply[0] != 1 ||
                           load32(&reply[AllocColor::Reply::pixel]) != wanted)
                           notes.emplace_back("a colour cell could not be got again");
                   });
    }
    Build others = free(), ends = free();
    for (size_t k = 0; k < most; ++k) {
        uint32_t pixel = 0;
        for (size_t i = 0; i < 3; ++i)
            pixel |= k < rest[i].size() ? rest[i][k] : filler[i];
        others.more32(pixel);
    }
    if (most > 0)
        c.send(others);
    // Where the filler was used up it is free already, and the server says so.
    for (size_t k = 0; k < needed; ++k)
        ends.more32(fillers);
    if (needed > 0)
        c.send(ends);
}

} // namespace glckpt::x11
