// Colormaps made again, with the cells that the app has in them under their old numbers.
#include "gen/x11/protocol.h"
#include "x11/move/compatible.h"
#include "x11/move/recreate.h"

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
        constexpr uint8_t kGrayScale = 1, kPseudoColor = 3;
        if (v && m->alloc == 0 && (v->klass == kGrayScale || v->klass == kPseudoColor))
            cells(*m, v->colormap_entries);
        else if (const Bytes store = store_request(m->id, m->cells); !store.empty())
            c.send(store);
    }
    // The server gives the numbers that it gave when it was examined.
    for (const auto& [colormap, cells] : display_.default_cells)
        for (const auto& [pixel, cell] : cells)
            for (uint32_t i = 0; i < cell.shared; ++i)
                on(cell.owner).send(alloc_request(cell).xid(AllocColor::cmap, colormap));
}

Status check_default_cells(FreshConnection& probe, const NewServer& server, const Display& d,
                           uint64_t deadline_ns) {
    for (const auto& [colormap, cells] : d.default_cells)
        for (const auto& [pixel, cell] : cells) {
            size_t screen = 0;
            while (screen < d.virtual_setup->screens.size() &&
                   d.virtual_setup->screens[screen].colormap != colormap.value)
                ++screen;
            if (!cell.shared || screen >= probe.setup->screens.size())
                continue;
            const Bytes m = probe.ask(
                alloc_request(cell).u32(AllocColor::cmap, probe.setup->screens[screen].colormap),
                deadline_ns);
            if (m.size() >= 32 && load32(&m[AllocColor::Reply::pixel]) == pixel)
                continue;
            char text[160];
            snprintf(text, sizeof text,
                     " has another number than %u for colour #%04x%04x%04x in its colormap, which "
                     "the program draws with",
                     pixel, cell.rgb.red, cell.rgb.green, cell.rgb.blue);
            return Status::refused("display " + server.address.display_name() + text);
        }
    return {};
}

} // namespace glckpt::x11
