// Colormaps made again, with the cells that the app has in them under their old numbers.
#include "gen/x11/protocol.h"
#include "x11/move/compatible.h"
#include "x11/move/recreate.h"
#include <optional>
#include <set>

namespace glckpt::x11 {

using namespace proto::xproto;

namespace {

Bytes store_request(VirtualXid colormap, const Cells& cells) {
    Build store = Build::core<StoreColors>();
    store.xid(StoreColors::cmap, colormap);
    size_t n = 0;
    for (const auto& [pixel, cell] : cells) {
        if (cell.shared || !cell.flags)
            continue;
        store.more32(pixel)
            .more32(cell.rgb.red | (uint32_t)cell.rgb.green << 16)
            .more32(cell.rgb.blue | (uint32_t)cell.flags << 16);
        ++n;
    }
    return n ? Bytes(store) : Bytes();
}

Build alloc_request(const Cell& cell) {
    return Build::core<AllocColor>()
        .u16(AllocColor::red, cell.rgb.red)
        .u16(AllocColor::green, cell.rgb.green)
        .u16(AllocColor::blue, cell.rgb.blue);
}

Bytes alloc_one(uint32_t colormap) {
    return Build::core<AllocColorCells>()
        .u32(AllocColorCells::cmap, colormap)
        .u16(AllocColorCells::colors, 1);
}

std::optional<uint32_t> one_pixel(ConstByteSpan m) {
    constexpr size_t kHead = 32;
    if (m.size() < kHead + 4 || m[0] != 1)
        return {};
    return load32(&m[kHead]);
}

// How many cells a screen's own colormap has.
unsigned entries_of(const Display& d, VirtualXid colormap) {
    for (const Screen& s : d.virtual_setup->screens)
        if (s.colormap == colormap.value)
            if (const Visual* v = d.virtual_setup->visual(s.root_visual))
                return v->colormap_entries;
    return 0;
}

} // namespace

// In a colormap where nothing is allocated yet, all cells are taken for ourselves; what the app did
// not have is given back. A shared cell of a certain number is got by leaving that one alone free.
void Recreation::cells(Colormap& m, uint16_t entries) {
    Connection& c = on(m.owner);
    std::vector<uint32_t> all;
    using Q = AllocColorCells;
    c.send(Build::core<Q>(1).xid(Q::cmap, m.id).u16(Q::colors, entries), [&all](ByteSpan reply) {
        if (reply.size() < 32 || reply[0] != 1)
            return;
        for (size_t i = 0; i < load16(&reply[Q::Reply::pixels_len]); ++i)
            if (32 + 4 * i + 4 <= reply.size())
                all.push_back(load32(&reply[32 + 4 * i]));
    });
    x_.sync_all();
    if (const Bytes store = store_request(m.id, m.cells); !store.empty())
        c.send(store);
    const auto free = [&](uint32_t pixel) {
        c.send(Build::core<FreeColors>().xid(FreeColors::cmap, m.id).more32(pixel));
    };
    for (const auto& [pixel, cell] : m.cells) {
        if (!cell.shared)
            continue;
        free(pixel);
        for (uint32_t i = 0; i < cell.shared; ++i)
            c.send(alloc_request(cell).xid(AllocColor::cmap, m.id),
                   [this, wanted = pixel](ByteSpan reply) {
                       if (reply.size() < 32 || reply[0] != 1 ||
                           load32(&reply[AllocColor::Reply::pixel]) != wanted)
                           notes.push_back("a colour cell could not be got again");
                   });
    }
    for (uint32_t pixel : all)
        if (!m.cells.contains(pixel))
            free(pixel);
}

void Recreation::colormaps() {
    for (Colormap* m : display_.resources.all<Colormap>()) {
        using Q = CreateColormap;
        Connection& c = on(m->owner);
        c.send(Build::core<Q>(m->alloc)
                   .xid(Q::mid, m->id)
                   .xid(Q::window, display_.root())
                   .u32(Q::visual, m->visual));
        const Visual* v = display_.virtual_setup->visual(m->visual);
        constexpr uint8_t kGrayScale = 1, kPseudoColor = 3, kDirectColor = 5;
        if (v && v->klass == kDirectColor)
            direct_cells(*m, *v);
        else if (v && m->alloc == 0 && (v->klass == kGrayScale || v->klass == kPseudoColor))
            cells(*m, v->colormap_entries);
        else if (const Bytes store = store_request(m->id, m->cells); !store.empty())
            c.send(store);
    }
    for (const auto& [colormap, cells] : display_.default_cells)
        default_cells(colormap, cells);
}

// As check_default_cells has tried it: all that is free is taken, the app's cells are kept or,
// where they are another connection's or shared, got again one at a time as the only free one; and
// the rest is given back.
void Recreation::default_cells(VirtualXid colormap, const Cells& cells) {
    if (cells.empty())
        return;
    const ConnectionId first = cells.begin()->second.owner;
    Connection& c = on(first);
    std::set<uint32_t> taken;
    for (unsigned i = 0; i < entries_of(display_, colormap); ++i)
        c.send(alloc_one(colormap.value), [&taken](ByteSpan m) {
            if (const auto pixel = one_pixel(m))
                taken.insert(*pixel);
        });
    x_.sync_all();
    const auto free = [&](uint32_t pixel) {
        if (taken.erase(pixel))
            on(first).send(Build::core<FreeColors>().xid(FreeColors::cmap, colormap).more32(pixel));
    };
    for (const auto& [pixel, cell] : cells) {
        if (cell.own && cell.owner == first) {
            taken.erase(pixel);
            continue;
        }
        free(pixel);
        if (cell.own)
            on(cell.owner).send(alloc_one(colormap.value));
        for (uint32_t i = 0; i < cell.shared; ++i)
            on(cell.owner).send(alloc_request(cell).xid(AllocColor::cmap, colormap));
    }
    for (const uint32_t pixel : std::set(taken))
        free(pixel);
    for (const auto& [pixel, cell] : cells)
        if (const Bytes store = store_request(colormap, {{pixel, cell}}); !store.empty())
            on(cell.owner).send(store);
}

// Tried out on a connection of its own, with whose end all is free again.
Status check_default_cells(FreshConnection& probe, const NewServer& server, const Display& d,
                           uint64_t deadline_ns) {
    const auto refused = [&](uint32_t pixel, const char* why) {
        char text[200];
        snprintf(text, sizeof text, " cannot give the program colour cell %u of its colormap: %s",
                 pixel, why);
        return Status::refused("display " + server.address.display_name() + text);
    };
    for (const auto& [colormap, cells] : d.default_cells) {
        size_t screen = 0;
        while (screen < d.virtual_setup->screens.size() &&
               d.virtual_setup->screens[screen].colormap != colormap.value)
            ++screen;
        if (cells.empty() || screen >= probe.setup->screens.size())
            continue;
        const uint32_t there = probe.setup->screens[screen].colormap;
        std::set<uint32_t> taken;
        for (unsigned i = 0; i < entries_of(d, colormap); ++i)
            if (const auto pixel = one_pixel(probe.ask(alloc_one(there), deadline_ns)))
                taken.insert(*pixel);
            else
                break;
        for (const auto& [pixel, cell] : cells) {
            if (cell.own && !taken.contains(pixel))
                return refused(pixel, "another client or the server has it");
            if (!cell.shared)
                continue;
            if (taken.contains(pixel))
                probe.tell(Build::core<FreeColors>().u32(FreeColors::cmap, there).more32(pixel),
                           deadline_ns);
            const Bytes m =
                probe.ask(alloc_request(cell).u32(AllocColor::cmap, there), deadline_ns);
            if (m.size() < 32 || load32(&m[AllocColor::Reply::pixel]) != pixel)
                return refused(pixel, "its colour has another number there");
        }
    }
    return {};
}

} // namespace glckpt::x11
