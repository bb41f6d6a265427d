// Windows: geometry, stacking, map state, properties, shapes, and what is to be seen of them.
#include "gen/x11/protocol.h"
#include "x11/move/readback.h"
#include <algorithm>
#include <string_view>

namespace glckpt::x11 {
namespace {

using namespace proto::xproto;

constexpr size_t kReplyHead = 32;
constexpr uint8_t kZPixmap = 2, kViewable = 2;

// What the window manager put on the window; the next one puts its own.
constexpr std::string_view kOfTheWindowManager[] = {
    "WM_STATE",
    "_NET_FRAME_EXTENTS",
    "_NET_WM_ALLOWED_ACTIONS",
    "_NET_WM_VISIBLE_NAME",
    "_NET_WM_DESKTOP",
    "_NET_WM_VISIBLE_ICON_NAME",
    "_OB_APP_NAME",
    "_OB_APP_CLASS",
    "_OB_APP_TYPE",
    "_OB_APP_TITLE",
    "_OB_APP_ROLE",
    "_OB_APP_GROUP_NAME",
    "_OB_APP_GROUP_CLASS",
    "_KDE_NET_WM_FRAME_STRUT",
    "_GTK_EDGE_CONSTRAINTS",
};

bool is_reply(ByteSpan m) { return m.size() >= kReplyHead && m[0] == 1; }

void ask_geometry(Connection& c, Window* w) {
    Display& d = c.display();
    SavedWindow& s = w->saved;
    c.send(Build::core<GetGeometry>().xid(GetGeometry::drawable, w->id), [&s](ByteSpan m) {
        using R = GetGeometry::Reply;
        if (!is_reply(m))
            return; // somebody destroyed it
        s.exists = true;
        s.x = s.inner_x = (int16_t)load16(&m[R::x]);
        s.y = s.inner_y = (int16_t)load16(&m[R::y]);
        s.width = load16(&m[R::width]);
        s.height = load16(&m[R::height]);
        s.border = load16(&m[R::border_width]);
    });
    // A window manager may have put it into a frame: its place is the one on the screen.
    if (!d.resources.find<Window>(w->parent)) {
        using Q = TranslateCoordinates;
        c.send(Build::core<Q>().xid(Q::src_window, w->id).xid(Q::dst_window, d.root()),
               [&s](ByteSpan m) {
                   if (!is_reply(m))
                       return;
                   s.x = (int16_t)(load16(&m[Q::Reply::dst_x]) - s.border);
                   s.y = (int16_t)(load16(&m[Q::Reply::dst_y]) - s.border);
               });
    }
    c.send(Build::core<GetWindowAttributes>().xid(GetWindowAttributes::window, w->id),
           [&s](ByteSpan m) {
               if (is_reply(m))
                   s.map_state = m[GetWindowAttributes::Reply::map_state];
           });
}

void ask_tree(Connection& c, VirtualXid window, std::vector<VirtualXid>& children,
              VirtualXid* parent) {
    c.send(Build::core<QueryTree>().xid(QueryTree::window, window), [&children,
                                                                     parent](ByteSpan m) {
        using R = QueryTree::Reply;
        if (!is_reply(m))
            return;
        if (parent)
            *parent = VirtualXid{load32(&m[R::parent])};
        const size_t n = std::min<size_t>(load16(&m[R::children_len]), (m.size() - kReplyHead) / 4);
        for (size_t i = 0; i < n; ++i)
            children.push_back(VirtualXid{load32(&m[kReplyHead + 4 * i])});
    });
}

void note_window_manager(SavedWindow& s, std::string_view name, const SavedProperty& p) {
    if (name == "WM_STATE" && p.format == 32 && p.data.size() >= 4)
        s.wm_state = (int)load32(p.data.data());
    if (name == "_NET_FRAME_EXTENTS" && p.format == 32 && p.data.size() >= 16) {
        s.framed = true;
        for (size_t i = 0; i < 4; ++i)
            s.frame[i] = (int32_t)load32(&p.data[4 * i]);
    }
}

void ask_property(Connection& c, Window* w, VirtualAtom name) {
    using Q = GetProperty;
    constexpr uint32_t kAll = 0x1fffffff;
    Display& d = c.display();
    c.send(Build::core<Q>()
               .xid(Q::window, w->id)
               .u32(Q::property, name.value)
               .u32(Q::long_length, kAll),
           [&d, w, name](ByteSpan m) {
               if (!is_reply(m) || m[Q::Reply::format] == 0)
                   return;
               const uint8_t format = m[Q::Reply::format];
               const size_t bytes = std::min<size_t>(
                   (size_t)load32(&m[Q::Reply::value_len]) * format / 8, m.size() - kReplyHead);
               SavedProperty p{name, VirtualAtom{load32(&m[Q::Reply::type])}, format,
                               Bytes(m.begin() + kReplyHead, m.begin() + kReplyHead + bytes)};
               const std::string_view text = d.names.atoms.name(name);
               note_window_manager(w->saved, text, p);
               const bool managers =
                   std::ranges::find(kOfTheWindowManager, text) != std::end(kOfTheWindowManager);
               (managers ? w->saved.managers : w->saved.properties).push_back(std::move(p));
           });
}

void ask_properties(Connection& c, Window* w, std::vector<std::pair<Window*, VirtualAtom>>& all) {
    c.send(Build::core<ListProperties>().xid(ListProperties::window, w->id), [w, &all](ByteSpan m) {
        using R = ListProperties::Reply;
        if (!is_reply(m))
            return;
        const size_t n = std::min<size_t>(load16(&m[R::atoms_len]), (m.size() - kReplyHead) / 4);
        for (size_t i = 0; i < n; ++i)
            all.emplace_back(w, VirtualAtom{load32(&m[kReplyHead + 4 * i])});
    });
}

// The server keeps a shape even if the pixmap or region it came from is gone.
void ask_shapes(Connection& c, Window* w, uint8_t shape) {
    using Q = proto::shape::QueryExtents;
    using G = proto::shape::GetRectangles;
    SavedWindow& s = w->saved;
    c.send(Build::extension<Q>(shape).xid(Q::destination_window, w->id), [&s](ByteSpan m) {
        if (is_reply(m)) {
            s.shaped[0] = m[Q::Reply::bounding_shaped];
            s.shaped[1] = m[Q::Reply::clip_shaped];
        }
    });
    for (uint8_t kind = 0; kind < 3; ++kind)
        c.send(Build::extension<G>(shape).xid(G::window, w->id).u8(G::source_kind, kind),
               [&s, kind](ByteSpan m) {
                   if (is_reply(m))
                       s.shape[kind].assign(m.begin() + kReplyHead, m.end());
               });
}

// The input shape has no flag that says whether it is set: it is if it is not the whole window.
void judge_input_shape(SavedWindow& s) {
    const Bytes& r = s.shape[2];
    const unsigned width = s.width + 2u * s.border, height = s.height + 2u * s.border;
    const bool whole = r.size() == 8 && load16(&r[4]) == width && load16(&r[6]) == height;
    s.shaped[2] = !whole && !(r == s.shape[0] && s.shaped[0]);
}

// What is to be seen of a top-level window, children included, as far as it is on the screen.
void ask_picture(Connection& c, Window* w, unsigned screen_width, unsigned screen_height) {
    SavedWindow& s = w->saved;
    const int left = std::max<int>(0, -(s.x + s.border)), top = std::max<int>(0, -(s.y + s.border));
    const int right = std::min<int>(s.width, (int)screen_width - s.x - s.border);
    const int bottom = std::min<int>(s.height, (int)screen_height - s.y - s.border);
    if (s.map_state != kViewable || right <= left || bottom <= top)
        return;
    s.picture_x = (int16_t)left;
    s.picture_y = (int16_t)top;
    s.picture_width = (uint16_t)(right - left);
    s.picture_height = (uint16_t)(bottom - top);
    using Q = GetImage;
    c.send(Build::core<Q>(kZPixmap)
               .xid(Q::drawable, w->id)
               .u16(Q::x, (uint16_t)left)
               .u16(Q::y, (uint16_t)top)
               .u16(Q::width, s.picture_width)
               .u16(Q::height, s.picture_height)
               .u32(Q::plane_mask, ~0u),
           [&s](ByteSpan m) {
               if (is_reply(m))
                   s.picture.assign(m.begin() + kReplyHead, m.end());
           });
}

} // namespace

bool read_back_windows(Exchange& x, Link& control) {
    Connection& c = control.engine;
    Display& d = c.display();
    const std::vector<Window*> windows = d.resources.all<Window>();
    std::vector<std::pair<Window*, VirtualAtom>> properties;
    const Extension* shape = d.extensions.find(*find_module("SHAPE"));
    d.saved.stacking.clear();
    ask_tree(c, d.root(), d.saved.stacking, nullptr);
    c.send(Build::core<GetGeometry>().xid(GetGeometry::drawable, d.root()), [&](ByteSpan m) {
        if (is_reply(m)) {
            d.saved.screen_width = load16(&m[GetGeometry::Reply::width]);
            d.saved.screen_height = load16(&m[GetGeometry::Reply::height]);
        }
    });
    for (Window* w : windows) {
        w->saved = {};
        ask_geometry(c, w);
        ask_tree(c, w->id, w->saved.children, &w->saved.parent);
        ask_properties(c, w, properties);
        if (shape && shape->present)
            ask_shapes(c, w, shape->virtual_.major);
    }
    if (!x.sync(control))
        return false;
    for (const auto& [w, name] : properties)
        ask_property(c, w, name);
    for (Window* w : windows) {
        judge_input_shape(w->saved);
        constexpr uint16_t kInputOnly = 2;
        if (!d.resources.find<Window>(w->parent) && w->klass != kInputOnly)
            ask_picture(c, w, d.saved.screen_width, d.saved.screen_height);
    }
    return x.sync(control);
}

} // namespace glckpt::x11
