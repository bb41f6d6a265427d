#include "x11/move/recreate.h"
#include "gen/x11/protocol.h"

namespace glckpt::x11 {

using namespace proto::xproto;

Connection& Recreation::on(ConnectionId owner) {
    Connection& c = x_.link_of(owner)->engine;
    if (current_ && current_ != &c)
        x_.sync(*x_.link_of(current_->id()));
    current_ = &c;
    return c;
}

uint8_t Recreation::major(const char* xname) {
    const Extension* e = display_.extensions.find(*find_module(xname));
    return e && e->present ? e->virtual_.major : 0;
}

// From the top of the connection's range, where libraries come last.
VirtualXid Recreation::scratch_id(Connection& c) {
    uint32_t& next =
        scratch_ids_.try_emplace(c.id(), display_.names.ids.common_mask()).first->second;
    VirtualXid id;
    do
        id = VirtualXid{c.virtual_base() | --next};
    while (display_.resources.find(id));
    return id;
}

Recreation::Scratch Recreation::scratch(Connection& c, uint8_t depth) {
    const auto [it, fresh] = scratches_.try_emplace({c.id(), depth});
    Scratch& s = it->second;
    if (fresh) {
        s = {scratch_id(c), scratch_id(c)};
        c.send(Build::core<CreatePixmap>(depth)
                   .xid(CreatePixmap::pid, s.pixmap)
                   .xid(CreatePixmap::drawable, display_.root())
                   .u16(CreatePixmap::width, 1)
                   .u16(CreatePixmap::height, 1));
        // No NoExpose events, and windows are drawn over with all that is in them.
        constexpr uint32_t kSubwindowMode = 1 << 15, kGraphicsExposures = 1 << 16;
        c.send(Build::core<CreateGC>()
                   .xid(CreateGC::cid, s.gc)
                   .xid(CreateGC::drawable, s.pixmap)
                   .u32(CreateGC::value_mask, kSubwindowMode | kGraphicsExposures)
                   .more32(1)
                   .more32(0));
    }
    return s;
}

void Recreation::free_scratch() {
    for (const auto& [key, s] : scratches_) {
        Connection& c = on(key.first);
        c.send(Build::core<FreeGC>().xid(FreeGC::gc, s.gc));
        c.send(Build::core<FreePixmap>().xid(FreePixmap::pixmap, s.pixmap));
    }
    scratches_.clear();
    x_.sync_all();
}

// In bands that fit into an ordinary request.
void Recreation::put_image(Connection& c, VirtualXid drawable, VirtualXid gc, uint8_t depth,
                           uint16_t width, uint16_t height, const Bytes& pixels, int16_t x,
                           int16_t y) {
    using Q = PutImage;
    constexpr uint8_t kZPixmap = 2;
    const size_t stride = display_.virtual_setup->stride(depth, width);
    if (stride == 0 || height == 0 || pixels.size() < stride * height)
        return;
    const size_t room = c.max_request_bytes() - Q::kFixed;
    const unsigned rows = (unsigned)std::max<size_t>(1, room / stride);
    for (unsigned top = 0; top < height; top += rows) {
        const unsigned n = std::min<unsigned>(rows, height - top);
        c.send(Build::core<Q>(kZPixmap)
                   .xid(Q::drawable, drawable)
                   .xid(Q::gc, gc)
                   .u16(Q::width, width)
                   .u16(Q::height, (uint16_t)n)
                   .u16(Q::dst_x, (uint16_t)x)
                   .u16(Q::dst_y, (uint16_t)(y + (int)top))
                   .u8(Q::depth, depth)
                   .more({&pixels[top * stride], n * stride}));
    }
}

void Recreation::before_windows() {
    extension_versions();
    fonts();
    pixmaps();
    gcs();
    colormaps();
}

void Recreation::after_windows() {
    regions_and_counters();
    pictures(false);
    glyph_sets();
    cursors();
    window_cursors();
    shapes();
}

void Recreation::selections_and_masks() {
    kept_requests();
    screen_savers();
    passive_grabs();
    for (const auto& [key, mask] : display_.event_masks) {
        using Q = ChangeWindowAttributes;
        constexpr uint32_t kEventMask = 1 << 11;
        on(key.first).send(Build::core<Q>()
                               .xid(Q::window, key.second)
                               .u32(Q::value_mask, kEventMask)
                               .more32(mask));
    }
    for (const auto& [selection, s] : display_.selections) {
        using Q = SetSelectionOwner;
        on(s.asked_by)
            .send(Build::core<Q>().xid(Q::owner, s.owner).u32(Q::selection, selection.value));
    }
    x_.sync_all();
}

// EWMH: the root names a window of the manager's; a dead manager's name may still stand there.
// Whoever redirects the root's children is one (ICCCM 4.1); not all are of the EWMH kind.
bool Recreation::window_manager_runs() {
    using Q = GetWindowAttributes;
    constexpr uint32_t kSubstructureRedirect = 1 << 20;
    Link* link = x_.any();
    if (!link)
        return false;
    bool runs = false;
    link->engine.send(Build::core<Q>().xid(Q::window, display_.root()), [&runs](ByteSpan m) {
        runs = m.size() >= 44 && m[0] == 1 &&
               (load32(&m[Q::Reply::all_event_masks]) & kSubstructureRedirect);
    });
    x_.sync(*link);
    return runs;
}

// The server tells its time in the events that a change of a property makes.
uint32_t Recreation::server_time() {
    Link* link = x_.any();
    if (!link)
        return 0;
    Connection& c = link->engine;
    const VirtualXid window = scratch_id(c);
    constexpr uint32_t kEventMask = 1 << 11, kPropertyChange = 1 << 22, kWmName = 39, kString = 31;
    constexpr uint16_t kInputOnly = 2;
    uint32_t now = 0;
    c.watch_events([&now](ByteSpan e) {
        if ((e[0] & 0x7f) == ev::PropertyNotify::kNumber)
            now = load32(&e[ev::PropertyNotify::time]);
    });
    c.send(Build::core<CreateWindow>()
               .xid(CreateWindow::wid, window)
               .xid(CreateWindow::parent, display_.root())
               .u16(CreateWindow::width, 1)
               .u16(CreateWindow::height, 1)
               .u16(CreateWindow::class_, kInputOnly)
               .u32(CreateWindow::value_mask, kEventMask)
               .more32(kPropertyChange));
    c.send(Build::core<ChangeProperty>()
               .xid(ChangeProperty::window, window)
               .u32(ChangeProperty::property, kWmName)
               .u32(ChangeProperty::type, kString)
               .u8(ChangeProperty::format, 8));
    c.send(Build::core<DestroyWindow>().xid(DestroyWindow::window, window));
    x_.sync(*link);
    c.watch_events({});
    return now;
}

} // namespace glckpt::x11
