#include "x11/engine/display.h"
#include "x11/engine/connection.h"

namespace glckpt::x11 {

Connection* Display::connection(ConnectionId id) const {
    for (Connection* c : connections)
        if (c->id() == id)
            return c;
    return nullptr;
}

bool Display::is_root(VirtualXid id) const {
    if (virtual_setup)
        for (const Screen& s : virtual_setup->screens)
            if (s.root == id.value)
                return true;
    return false;
}

bool Display::is_kins(VirtualXid id) const {
    for (uint32_t base : kin)
        if (names.ids.block_of(id.value) == names.ids.block_of(base))
            return true;
    return false;
}

uint8_t Display::depth_of(VirtualXid drawable) const {
    if (const Pixmap* p = resources.find<Pixmap>(drawable))
        return p->depth;
    for (const Window* w = resources.find<Window>(drawable); w;
         w = resources.find<Window>(w->parent)) {
        if (w->depth)
            return w->depth;
        drawable = w->parent;
    }
    if (virtual_setup) {
        for (const Screen& s : virtual_setup->screens)
            if (s.root == drawable.value)
                return s.root_depth;
        return virtual_setup->screens.front().root_depth;
    }
    return 24;
}

void Display::begin_journal() {
    journal.clear();
    if (journal.on)
        for (Gc* gc : resources.all<Gc>())
            gc->at_first = std::make_unique<GcState>(*gc);
}

void Display::forget_connection(Connection* c) {
    const ConnectionId id = c->id();
    std::erase(connections, c);
    resources.forget_connection(id);
    kept.forget_connection(id);
    grabs.forget_connection(id);
    journal.forget_connection(id);
    std::erase_if(savers, [&](const auto& s) { return s.second.owner == id; });
    for (auto& [colormap, cells] : default_cells)
        std::erase_if(cells, [&](const auto& c) { return c.second.owner == id; });
    std::erase_if(selections, [&](const auto& s) { return s.second.asked_by == id; });
    std::erase_if(event_masks, [&](const auto& m) { return m.first.first == id; });
}

} // namespace glckpt::x11
