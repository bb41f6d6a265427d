// Windows: made unmapped and deaf, dressed, and mapped when all is ready.
#include "gen/x11/protocol.h"
#include "x11/clock.h"
#include "x11/move/recreate.h"
#include <algorithm>

namespace glckpt::x11 {

using namespace proto::xproto;

namespace {

enum : unsigned { kBackPixmap = 0, kBorderPixmap = 2, kColormap = 13, kCursor = 14 };
constexpr uint8_t kUnmapped = 0, kViewable = 2;

// Offsets in the data of WM_NORMAL_HINTS and WM_HINTS (ICCCM 4.1.2.3, 4.1.2.4).
constexpr size_t kHintFlags = 0, kHintX = 4, kHintY = 8, kHintGravity = 68;
constexpr uint32_t kUserPosition = 1, kWinGravity = 1 << 9;
constexpr uint32_t kStaticGravity = 10;
constexpr size_t kInitialState = 8;
constexpr uint32_t kStateHint = 2;
constexpr uint32_t kNormal = 1, kIconic = 3;

bool is_managed(const SavedWindow& s) { return s.wm_state >= 0 || s.framed; }

// It lies in a window of another process of the tree: where it lies and that it is mapped comes
// back with that one, not by a window manager's leave.
bool is_held(const Display& d, const Window& w) { return w.saved.exists && d.is_kins(w.parent); }

const SavedProperty* find_property(const Display& d, const SavedWindow& s, std::string_view name) {
    for (const SavedProperty& p : s.properties)
        if (d.names.atoms.name(p.name) == name)
            return &p;
    return nullptr;
}

// Where to put a top-level window so that it is where it was: a window manager will place its
// frame there, not the window, unless the window asked for static gravity.
std::pair<int16_t, int16_t> place_of(const Display& d, const SavedWindow& s) {
    if (!s.framed)
        return {s.x, s.y};
    uint32_t gravity = 1;
    if (const SavedProperty* hints = find_property(d, s, "WM_NORMAL_HINTS");
        hints && hints->data.size() >= kHintGravity + 4 &&
        (load32(&hints->data[kHintFlags]) & kWinGravity))
        gravity = load32(&hints->data[kHintGravity]);
    if (gravity == kStaticGravity)
        return {s.x, s.y};
    return {(int16_t)(s.x - s.frame[0]), (int16_t)(s.y - s.frame[2])};
}

} // namespace

// Top-level ones in the order in which they or their frames lie on the screen.
std::vector<Window*> Recreation::top_levels() {
    std::vector<std::pair<size_t, Window*>> found;
    const auto& stack = display_.saved.stacking;
    for (Window* w : display_.resources.all<Window>()) {
        if (display_.resources.find<Window>(w->parent) || !w->saved.exists || is_held(display_, *w))
            continue;
        auto at = std::ranges::find(stack, w->id);
        if (at == stack.end())
            at = std::ranges::find(stack, w->saved.parent);
        found.emplace_back((size_t)(at - stack.begin()), w);
    }
    std::ranges::stable_sort(found, {}, &std::pair<size_t, Window*>::first);
    std::vector<Window*> out;
    out.reserve(found.size());
    for (const auto& [position, w] : found)
        out.push_back(w);
    return out;
}

// One that lay in a window of another program's (a system tray, an embedder), which is not on this
// server: it comes to the root, where the server would have put it if that program had ended.
void Recreation::leave_strangers() {
    std::vector<Window*> out;
    for (Window* w : display_.resources.all<Window>()) {
        if (display_.is_root(w->parent) || display_.resources.find(w->parent) || !w->saved.exists ||
            is_held(display_, *w))
            continue;
        using Q = GetWindowAttributes;
        on(w->owner).send(Build::core<Q>().xid(Q::window, w->parent), [&out, w](ByteSpan m) {
            if (!m.empty() && m[0] == 0)
                out.push_back(w);
        });
    }
    x_.sync_all();
    for (Window* w : out)
        leave_on_root(*w);
}

// Those that lie in a window of another process of the tree. The other may have put it there itself
// (an embedder that reparents).
std::vector<Window*> Recreation::held_by_kin() {
    std::vector<Window*> out;
    for (Window* w : display_.resources.all<Window>()) {
        if (!w->saved.exists || !display_.is_kins(w->saved.parent))
            continue;
        w->parent = w->saved.parent;
        w->saved.x = w->saved.inner_x;
        w->saved.y = w->saved.inner_y;
        auto& properties = w->saved.properties; // its manager is there, too
        properties.insert(properties.end(), w->saved.managers.begin(), w->saved.managers.end());
        out.push_back(w);
    }
    return out;
}

// As soon as the other's window is there, in whatever order: it may itself lie in one of ours.
void Recreation::windows_in_kins(std::vector<Window*> left, const Meeting& kin) {
    constexpr uint64_t kPatience = 20'000'000'000;
    const uint64_t give_up = monotonic_ns() + kPatience;
    while (!left.empty() && monotonic_ns() < give_up) {
        std::set<Window*> not_yet;
        for (Window* w : left) {
            using Q = GetWindowAttributes;
            on(w->owner).send(Build::core<Q>().xid(Q::window, w->parent),
                              [&not_yet, w](ByteSpan m) {
                                  if (m.empty() || m[0] == 0)
                                      not_yet.insert(w);
                              });
        }
        x_.sync_all();
        for (Window* w : left)
            if (!not_yet.contains(w))
                window(*w);
        std::erase_if(left, [&](Window* w) { return !not_yet.contains(w); });
        x_.sync_all();
        if (failed() || !kin.check_alive())
            return;
        const timespec pause{0, 2'000'000};
        if (!left.empty())
            raw_syscall(SYS_nanosleep, &pause, nullptr);
    }
    for (Window* w : left) { // destroyed between the two processes' stops
        leave_on_root(*w);
        window(*w);
    }
}

void Recreation::leave_on_root(Window& w) {
    w.parent = display_.root();
    display_.saved.orphans.push_back(w.id);
    notes.push_back("a window lay in another program's, which is not there; it is on the root");
}

void Recreation::windows(const Meeting& kin, bool window_manager) {
    managed_ = window_manager;
    std::vector<Window*> held = held_by_kin();
    leave_strangers();
    for (Window* w : top_levels())
        window(*w);
    windows_in_kins(std::move(held), kin);
    for (Window* w : display_.resources.all<Window>())
        if (!w->saved.exists)
            notes.push_back("a window had been destroyed by another client");
}

// Itself, then what is in it, bottom to top: a new window is on top of its siblings.
void Recreation::window(Window& w) {
    SavedWindow& s = w.saved;
    if (!s.exists)
        return;
    const bool top = !display_.resources.find<Window>(w.parent) && !is_held(display_, w);
    if (top && managed_)
        std::tie(s.x, s.y) = place_of(display_, s);
    Values<15> v = w.attributes;
    v.unset(kCursor); // there are none yet
    const auto refer = [&](unsigned bit, const PixmapRef& p) {
        if (p)
            v.set(bit, p->id.value);
        else if (v.value[bit] > 1) // not None, ParentRelative or CopyFromParent
            v.unset(bit);
    };
    refer(kBackPixmap, w.background);
    refer(kBorderPixmap, w.border_pixmap);
    const VirtualXid colormap{v.value[kColormap]};
    const bool of_the_server = display_.names.ids.block_of(colormap.value) == 0;
    if (!of_the_server && !display_.resources.find<Colormap>(colormap))
        v.unset(kColormap);
    using Q = CreateWindow;
    // The window's owner made it in a parent that may be gone from our tables, but not the root.
    Bytes request = Build::core<Q>(w.depth)
                        .xid(Q::wid, w.id)
                        .xid(Q::parent, w.parent)
                        .u16(Q::x, (uint16_t)s.x)
                        .u16(Q::y, (uint16_t)s.y)
                        .u16(Q::width, s.width)
                        .u16(Q::height, s.height)
                        .u16(Q::border_width, s.border)
                        .u16(Q::class_, w.klass)
                        .u32(Q::visual, w.visual)
                        .u32(Q::value_mask, v.mask);
    v.append_to(request, ~0u);
    on(w.owner).send(std::move(request));
    window_properties(w);
    for (VirtualXid id : s.children)
        if (Window* child = display_.resources.find<Window>(id); child && child->parent == w.id)
            window(*child);
    if (!top && s.map_state != kUnmapped)
        on(w.owner).send(Build::core<MapWindow>().xid(MapWindow::window, w.id));
}

void Recreation::window_properties(Window& w) {
    Connection& c = on(w.owner);
    for (const SavedProperty& p : w.saved.properties) {
        using Q = ChangeProperty;
        Bytes data = p.data;
        if (is_managed(w.saved) && !is_held(display_, w)) {
            const std::string_view name = display_.names.atoms.name(p.name);
            if (name == "WM_NORMAL_HINTS" && data.size() >= kHintY + 4) {
                store32(&data[kHintFlags], load32(&data[kHintFlags]) | kUserPosition);
                store32(&data[kHintX], (uint32_t)(int32_t)w.saved.x);
                store32(&data[kHintY], (uint32_t)(int32_t)w.saved.y);
            }
            if (name == "WM_HINTS" && data.size() >= kInitialState + 4) {
                store32(&data[kHintFlags], load32(&data[kHintFlags]) | kStateHint);
                store32(&data[kInitialState], w.saved.wm_state == (int)kIconic ? kIconic : kNormal);
            }
        }
        const size_t unit = p.format / 8;
        // In pieces that fit into a request; the first replaces, the others append.
        const size_t room = (c.max_request_bytes() - Q::kFixed) / 4 * 4;
        size_t at = 0;
        do {
            constexpr uint8_t kReplace = 0, kAppend = 2;
            const size_t n = std::min(room, data.size() - at);
            c.send(Build::core<Q>(at == 0 ? kReplace : kAppend)
                       .xid(Q::window, w.id)
                       .u32(Q::property, p.name.value)
                       .u32(Q::type, p.type.value)
                       .u8(Q::format, p.format)
                       .u32(Q::data_len, (uint32_t)(n / unit))
                       .more({data.data() + at, n}));
            at += n;
        } while (at < data.size());
    }
}

void Recreation::map_top_levels(bool window_manager) {
    std::vector<const Window*> mapped;
    for (Window* w : top_levels()) {
        const bool iconic = w->saved.wm_state == (int)kIconic;
        // Without a window manager nobody could show an iconified window again.
        if (w->saved.map_state == kUnmapped && !iconic)
            continue;
        constexpr uint32_t kStructureNotify = 1 << 17;
        for (const Connection* c : display_.connections) {
            const auto mask = display_.event_masks.find({c->id(), w->id});
            // The app knows that it is mapped: toolkits trip over being told twice.
            if (w->saved.map_state != kUnmapped && w->saved.told &&
                mask != display_.event_masks.end() && (mask->second & kStructureNotify))
                display_.expect_map_notify.insert(w->id);
        }
        on(w->owner).send(Build::core<MapWindow>().xid(MapWindow::window, w->id));
        if (!w->saved.picture.empty())
            mapped.push_back(w);
    }
    x_.sync_all();
    if (window_manager)
        await_viewable(std::move(mapped));
}

// A window manager maps a window when it gets round to it, and what is drawn before is lost. One
// that never does (a desktop that keeps the window back) is not waited for long.
void Recreation::await_viewable(std::vector<const Window*> windows) {
    constexpr uint64_t kPatience = 1'000'000'000;
    const uint64_t give_up = monotonic_ns() + kPatience;
    while (!windows.empty() && !failed() && monotonic_ns() < give_up) {
        std::set<const Window*> viewable;
        for (const Window* w : windows) {
            using Q = GetWindowAttributes;
            on(w->owner).send(Build::core<Q>().xid(Q::window, w->id), [&viewable, w](ByteSpan m) {
                const bool reply = m.size() >= 32 && m[0] == 1;
                if (!reply || m[Q::Reply::map_state] == kViewable)
                    viewable.insert(w);
            });
        }
        x_.sync_all();
        std::erase_if(windows, [&](const Window* w) { return viewable.contains(w); });
        const timespec pause{0, 5'000'000};
        if (!windows.empty())
            raw_syscall(SYS_nanosleep, &pause, nullptr);
    }
}

// What was to be seen at the checkpoint, for a program that is not going to draw by itself: one
// that is stopped, or a game that pays no heed to Expose.
void Recreation::show_pictures() {
    for (Window* w : top_levels()) {
        const SavedWindow& s = w->saved;
        if (s.picture.empty())
            continue;
        Connection& c = on(w->owner);
        const uint8_t depth = display_.depth_of(w->id);
        put_image(c, w->id, scratch(c, depth).gc, depth, s.picture_width, s.picture_height,
                  s.picture, s.picture_x, s.picture_y);
    }
    x_.sync_all();
}

// The picture is as old as the last reading (a second, or longer on a busy machine). A window that
// has been drawn on since begins empty and is told to draw itself: not every program draws over
// all that is there when it is exposed (Xaw's buttons leave the highlight of a moment ago).
void Recreation::clear_stale() {
    const Journal& journal = display_.journal;
    std::set<VirtualXid> stale;
    if (journal.drawn_anywhere()) {
        for (const Window* w : display_.resources.all<Window>())
            stale.insert(w->id);
    } else {
        for (const Journal::Entry& e : journal.entries())
            if (const VirtualXid on_it = Journal::drawn_on(e))
                stale.insert(on_it);
    }
    constexpr uint16_t kInputOnly = 2;
    for (VirtualXid id : stale) {
        const Window* w = display_.resources.find<Window>(id);
        if (!w || !w->saved.exists || w->klass == kInputOnly)
            continue;
        constexpr uint8_t kExposures = 1;
        on(w->owner).send(Build::core<ClearArea>(kExposures).xid(ClearArea::window, id));
    }
    x_.sync_all();
}

} // namespace glckpt::x11
