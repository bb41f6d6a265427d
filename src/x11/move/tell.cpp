// A program watches more than its own windows: the root's properties (the window manager's, input
// methods', the user's resources), the windows of managers (XSETTINGS, the system tray), who owns a
// selection. All of that is another's on another server. No server would tell it so; but each
// change has an event by which X tells it, and by these the app learns what is there now:
//
//   a stranger's window that is not there      DestroyNotify (StructureNotify on it)
//   a manager's selection has another owner    DestroyNotify of the old one's window; MANAGER to
//                                              the root's watchers (ICCCM 2.8), as a starting
//                                              manager announces itself
//   the root's properties                      PropertyNotify: new ones, and those that are gone
//   owners that XFIXES is asked to report      XFixesSelectionNotify
//
// A program that is restored on the server that it left finds its strangers there, and hears
// nothing of them.
#include "x11/move/tell.h"
#include "gen/x11/protocol.h"

namespace glckpt::x11 {
namespace {

using namespace proto::xproto;

constexpr size_t kReplyHead = 32;
constexpr uint32_t kStructureNotify = 1 << 17, kPropertyChange = 1 << 22;

bool is_reply(ByteSpan m) { return m.size() >= kReplyHead && m[0] == 1; }

// ICCCM 2.8: the selections of managers end with the number of the screen that they are for.
bool is_manager_selection(std::string_view name) {
    const size_t at = name.rfind("_S");
    return at != name.npos && at + 2 < name.size() &&
           name.find_first_not_of("0123456789", at + 2) == name.npos;
}

std::set<VirtualAtom> watched_selections(const Display& d) {
    std::set<VirtualAtom> out;
    for (const auto& [number, name] : d.names.atoms.names())
        if (is_manager_selection(name))
            out.insert(VirtualAtom{number});
    using Q = proto::xfixes::SelectSelectionInput;
    for (const KeptRequest* k : d.kept.in_order())
        if (std::string_view(k->info->name) == "SelectSelectionInput")
            out.insert(VirtualAtom{load32(&k->bytes[Q::selection])});
    return out;
}

void ask_owner(Connection& c, VirtualAtom selection, std::map<VirtualAtom, VirtualXid>& owners) {
    using Q = GetSelectionOwner;
    c.send(Build::core<Q>().u32(Q::selection, selection.value), [&owners, selection](ByteSpan m) {
        if (is_reply(m))
            owners[selection] = VirtualXid{load32(&m[Q::Reply::owner])};
    });
}

void ask_root_properties(Connection& c, std::set<VirtualAtom>& names) {
    using Q = ListProperties;
    names.clear();
    c.send(Build::core<Q>().xid(Q::window, c.display().root()), [&names](ByteSpan m) {
        if (!is_reply(m))
            return;
        const size_t n =
            std::min<size_t>(load16(&m[Q::Reply::atoms_len]), (m.size() - kReplyHead) / 4);
        for (size_t i = 0; i < n; ++i)
            names.insert(VirtualAtom{load32(&m[kReplyHead + 4 * i])});
    });
}

// To all connections that have selected `mask` on `window`.
void post(Display& d, VirtualXid window, uint32_t mask, Bytes event) {
    event.resize(32);
    for (Connection* c : d.connections) {
        const auto it = d.event_masks.find({c->id(), window});
        if (it == d.event_masks.end() || !(it->second & mask) ||
            c->state() != Connection::State::Running)
            continue;
        Bytes copy = event;
        c->post_event(copy);
    }
}

bool is_stranger(const Display& d, VirtualXid id) {
    return id && !d.is_root(id) && !d.resources.find(id);
}

void tell_gone(Display& d, VirtualXid window) {
    using E = ev::DestroyNotify;
    Bytes e(32);
    e[0] = E::kNumber;
    store32(&e[E::event], window.value);
    store32(&e[E::window], window.value);
    post(d, window, kStructureNotify, std::move(e));
    std::erase_if(d.event_masks, [&](const auto& m) { return m.first.second == window; });
    d.kept.forget_window(window);
    d.grabs.forget_window(window);
}

void tell_strangers(Exchange& x, Connection& c) {
    Display& d = c.display();
    std::set<VirtualXid> gone;
    for (const auto& [key, mask] : d.event_masks) {
        if (!is_stranger(d, key.second) || gone.contains(key.second))
            continue;
        using Q = GetWindowAttributes;
        c.send(Build::core<Q>().xid(Q::window, key.second), [&gone, id = key.second](ByteSpan m) {
            if (!m.empty() && m[0] == 0)
                gone.insert(id);
        });
    }
    x.sync_all();
    for (VirtualXid window : gone)
        tell_gone(d, window);
}

// Who was held by a stranger hears that it is on the root now (XEMBED: the embedder has ended).
void tell_orphans(Display& d) {
    for (VirtualXid window : d.saved.orphans) {
        const Window* w = d.resources.find<Window>(window);
        if (!w)
            continue;
        using E = ev::ReparentNotify;
        Bytes e(32);
        e[0] = E::kNumber;
        store32(&e[E::event], window.value);
        store32(&e[E::window], window.value);
        store32(&e[E::parent], d.root().value);
        store16(&e[E::x], (uint16_t)w->saved.x);
        store16(&e[E::y], (uint16_t)w->saved.y);
        post(d, window, kStructureNotify, std::move(e));
    }
    d.saved.orphans.clear();
}

void tell_manager(Display& d, VirtualAtom selection, VirtualXid owner) {
    using E = ev::ClientMessage;
    const VirtualAtom manager = d.names.atoms.find("MANAGER");
    if (!manager)
        return;
    constexpr uint8_t kSent = 0x80;
    Bytes e(32);
    e[0] = E::kNumber | kSent;
    e[E::format] = 32;
    store32(&e[E::window], d.root().value);
    store32(&e[E::type], manager.value);
    store32(&e[E::data], d.names.time.latest());
    store32(&e[E::data + 4], selection.value);
    store32(&e[E::data + 8], owner.value);
    post(d, d.root(), kStructureNotify, std::move(e));
}

void tell_fixes(Display& d, VirtualAtom selection, VirtualXid owner) {
    using Q = proto::xfixes::SelectSelectionInput;
    using E = proto::xfixes::ev::SelectionNotify;
    const Extension* xfixes = d.extensions.find(*find_module("XFIXES"));
    if (!xfixes || !xfixes->present)
        return;
    for (const KeptRequest* k : d.kept.in_order()) {
        if (k->module != xfixes->module || k->bytes[1] != Q::kOpcode ||
            load32(&k->bytes[Q::selection]) != selection.value || !load32(&k->bytes[Q::event_mask]))
            continue;
        Connection* c = d.connection(k->owner);
        if (!c || c->state() != Connection::State::Running)
            continue;
        Bytes e(32);
        e[0] = (uint8_t)(xfixes->virtual_.first_event + E::kNumber);
        store32(&e[E::window], load32(&k->bytes[Q::window]));
        store32(&e[E::owner], owner.value);
        store32(&e[E::selection], selection.value);
        store32(&e[E::timestamp], d.names.time.latest());
        store32(&e[E::selection_timestamp], d.names.time.latest());
        c->post_event(e);
    }
}

void tell_owners(Exchange& x, Connection& c) {
    Display& d = c.display();
    std::map<VirtualAtom, VirtualXid> now;
    for (VirtualAtom selection : watched_selections(d))
        ask_owner(c, selection, now);
    x.sync_all();
    for (const auto& [selection, owner] : now) {
        const auto it = d.saved.owners.find(selection);
        const VirtualXid before = it == d.saved.owners.end() ? VirtualXid{} : it->second;
        if (owner == before)
            continue;
        if (is_manager_selection(d.names.atoms.name(selection))) {
            if (is_stranger(d, before))
                tell_gone(d, before);
            if (is_stranger(d, owner))
                tell_manager(d, selection, owner);
        }
        tell_fixes(d, selection, owner);
    }
}

void tell_root_properties(Exchange& x, Connection& c) {
    Display& d = c.display();
    std::set<VirtualAtom> now;
    ask_root_properties(c, now);
    x.sync_all();
    std::set<VirtualAtom> all = now;
    all.insert(d.saved.root_properties.begin(), d.saved.root_properties.end());
    for (VirtualAtom name : all) {
        using E = ev::PropertyNotify;
        Bytes e(32);
        e[0] = E::kNumber;
        store32(&e[E::window], d.root().value);
        store32(&e[E::atom], name.value);
        store32(&e[E::time], d.names.time.latest());
        e[E::state] = !now.contains(name);
        post(d, d.root(), kPropertyChange, std::move(e));
    }
}

} // namespace

void ask_surroundings(Connection& c) {
    Display& d = c.display();
    d.saved.owners.clear();
    for (VirtualAtom selection : watched_selections(d))
        ask_owner(c, selection, d.saved.owners);
    ask_root_properties(c, d.saved.root_properties);
}

void tell_surroundings(Exchange& x) {
    Link* control = x.any();
    if (!control)
        return;
    // Before the managers': who looks for a new one at the old one's end finds it.
    tell_orphans(control->engine.display());
    tell_root_properties(x, control->engine);
    tell_owners(x, control->engine);
    tell_strangers(x, control->engine);
}

void tell_keymap(Exchange& x, Display& d) {
    Link* control = x.any();
    Bytes now;
    using K = GetKeyboardMapping;
    const Setup& s = *d.real_setup;
    control->engine.send(Build::core<K>()
                             .u8(K::first_keycode, s.min_keycode)
                             .u8(K::count, (uint8_t)(s.max_keycode - s.min_keycode + 1)),
                         [&now](ByteSpan m) {
                             if (m.size() >= 32 && m[0] == 1)
                                 now.assign(m.begin() + 32, m.end());
                         });
    if (!x.sync(*control) || now == d.saved.keymap)
        return;
    constexpr uint8_t kModifier = 0, kKeyboard = 1;
    for (uint8_t what : {kModifier, kKeyboard})
        for (Connection* c : d.connections) {
            if (c->state() != Connection::State::Running)
                continue;
            Bytes e(32);
            e[0] = ev::MappingNotify::kNumber;
            e[ev::MappingNotify::request] = what;
            e[ev::MappingNotify::first_keycode] = s.min_keycode;
            e[ev::MappingNotify::count] = (uint8_t)(s.max_keycode - s.min_keycode + 1);
            c->post_event(e);
        }
}

void tell_screen_size(Display& d) {
    using namespace proto;
    const Screen& now = d.real_setup->screens.front();
    const Extension* e = d.extensions.find(*find_module("RANDR"));
    if (!e || (now.width == d.saved.screen_width && now.height == d.saved.screen_height))
        return;
    using E = randr::ev::ScreenChangeNotify;
    using Q = randr::SelectInput;
    constexpr uint16_t kScreenChange = 1;
    for (const KeptRequest* k : d.kept.in_order()) {
        Connection* c = d.connection(k->owner);
        if (!c || k->module != e->module || k->bytes[1] != Q::kOpcode ||
            !(load16(&k->bytes[Q::enable]) & kScreenChange))
            continue;
        Bytes m(32);
        m[0] = (uint8_t)(e->virtual_.first_event + E::kNumber);
        m[E::rotation] = 1;
        store32(&m[E::timestamp], d.names.time.latest());
        store32(&m[E::config_timestamp], d.names.time.latest());
        store32(&m[E::root], d.root().value);
        store32(&m[E::request_window], load32(&k->bytes[Q::window]));
        store16(&m[E::width], now.width);
        store16(&m[E::height], now.height);
        store16(&m[E::mwidth], now.width_mm);
        store16(&m[E::mheight], now.height_mm);
        c->post_event(m);
    }
}

} // namespace glckpt::x11
