// Extension versions, fonts, pixmaps, GCs: what windows need to exist.
#include "gen/x11/protocol.h"
#include "x11/move/recreate.h"
#include <algorithm>
#include <utility>

namespace glckpt::x11 {

using namespace proto::xproto;

// What a client must say to an extension before it uses it: requests that fill one slot only.
void Recreation::extension_versions() {
    for (const KeptRequest* k : display_.kept.in_order())
        if (k->info->key[0].size == 0 && !k->window && k->info->effect == Effect::Kept)
            on(k->owner).send(k->bytes);
    if (const uint8_t big = major("BIG-REQUESTS"))
        for (Connection* c : display_.connections)
            if (c->big_requests)
                on(c->id()).send(Build::extension<proto::bigreq::Enable>(big));
}

void Recreation::fonts() {
    std::vector<Font*> missing;
    const auto open = [&](Font* f, std::string_view name) {
        using Q = OpenFont;
        on(f->owner).send(
            Build::core<Q>().xid(Q::fid, f->id).u16(Q::name_len, (uint16_t)name.size()).more(name),
            [&missing, f](ByteSpan m) {
                if (!m.empty())
                    missing.push_back(f);
            });
    };
    for (Font* f : display_.resources.all<Font>())
        open(f, f->font->exact.empty() ? f->font->name : f->font->exact);
    x_.sync_all();
    for (Font* f : std::exchange(missing, {}))
        open(f, f->font->name);
    x_.sync_all();
    for (Font* f : std::exchange(missing, {})) {
        notes.push_back("font \"" + f->font->name + "\" is missing; \"fixed\" stands in for it");
        open(f, "fixed");
    }
    x_.sync_all();
}

// An open font of this name, or one that is opened for the moment: a GC may use a font whose id is
// long closed.
VirtualXid Recreation::font_for(Connection& c, const FontRef& font,
                                std::vector<VirtualXid>& to_close) {
    for (const Font* f : display_.resources.all<Font>())
        if (f->font == font && f->owner == c.id())
            return f->id;
    const VirtualXid id = scratch_id(c);
    to_close.push_back(id);
    for (const std::string& name : {font->exact, font->name, std::string("fixed")}) {
        if (name.empty())
            continue;
        using Q = OpenFont;
        bool refused = false;
        c.send(Build::core<Q>().xid(Q::fid, id).u16(Q::name_len, (uint16_t)name.size()).more(name),
               [&refused](ByteSpan m) { refused = !m.empty(); });
        if (!x_.sync(*x_.link_of(c.id())) || !refused)
            break;
        if (name == font->name)
            notes.push_back("font \"" + name + "\" is missing; \"fixed\" stands in for it");
    }
    return id;
}

void Recreation::pixmaps() {
    for (const Pixmap* p : display_.resources.all<Pixmap>())
        if (!still_names_window(*p))
            pixmap(*p);
}

void Recreation::pixmap(const Pixmap& p) {
    using Q = CreatePixmap;
    if (p.width == 0)
        return; // named after a window that was not there
    Connection& c = on(p.owner);
    c.send(Build::core<Q>(p.depth)
               .xid(Q::pid, p.id)
               .xid(Q::drawable, display_.root())
               .u16(Q::width, p.width)
               .u16(Q::height, p.height));
    if (p.image.empty())
        notes.push_back("a pixmap's contents could not be read");
    put_image(c, p.id, scratch(c, p.depth).gc, p.depth, p.width, p.height, p.image);
}

// Composite: a window's pixmap is its own until the window changes its size or is unmapped; then it
// is a pixmap like any other, as are those of strangers' windows, which stay behind. (A window that
// has been resized and back cannot be told from one that has not: its pixmap gets the window's
// later pictures, too.)
bool Recreation::still_names_window(const Pixmap& p) const {
    constexpr uint8_t kViewable = 2;
    const Window* w = p.named_of ? display_.resources.find<Window>(p.named_of) : nullptr;
    return w && w->saved.exists && w->saved.map_state == kViewable &&
           p.width == w->saved.width + 2 * w->saved.border &&
           p.height == w->saved.height + 2 * w->saved.border;
}

// Only a window that can be seen has one; so these come last, and the pictures of them with them.
void Recreation::named_pixmaps() {
    const uint8_t composite = major("Composite");
    if (!composite)
        return;
    std::vector<const Pixmap*> named, unnamed;
    for (const Pixmap* p : display_.resources.all<Pixmap>()) {
        if (!still_names_window(*p))
            continue;
        named.push_back(p);
        using Q = proto::composite::NameWindowPixmap;
        on(p->owner).send(
            Build::extension<Q>(composite).xid(Q::window, p->named_of).xid(Q::pixmap, p->id),
            [&unnamed, p](ByteSpan m) {
                if (!m.empty())
                    unnamed.push_back(p);
            });
    }
    if (named.empty())
        return;
    x_.sync_all();
    for (const Pixmap* p : named)
        if (std::ranges::find(unnamed, p) != unnamed.end()) {
            pixmap(*p);
        } else {
            Connection& c = on(p->owner);
            put_image(c, p->id, scratch(c, p->depth).gc, p->depth, p->width, p->height, p->image);
        }
    pictures(true);
    x_.sync_all();
}

void Recreation::gcs() {
    for (Gc* g : display_.resources.all<Gc>())
        gc(*g);
}

void Recreation::gc(Gc& g) {
    enum : unsigned { kTile = 10, kStipple = 11, kFont = 14, kClipMask = 19 };
    Connection& c = on(g.owner);
    // The journal begins with what was, and has all changes since, unless it has overflowed.
    const bool as_at_first =
        g.at_first && !display_.journal.entries().empty() && display_.journal.dropped() == 0;
    const GcState& s = as_at_first ? *g.at_first : g;
    Values<23> v = s.values;
    std::vector<VirtualXid> to_close;
    const auto refer = [&](unsigned bit, const PixmapRef& p) {
        if (p)
            v.set(bit, p->id.value);
        else if (bit != kClipMask || v.value[bit] != 0) // no clip mask is a value too
            v.unset(bit);
    };
    refer(kTile, s.tile);
    refer(kStipple, s.stipple);
    refer(kClipMask, s.clip);
    if (s.font)
        v.set(kFont, font_for(c, s.font, to_close).value);
    else
        v.unset(kFont);
    using Q = CreateGC;
    Bytes request = Build::core<Q>()
                        .xid(Q::cid, g.id)
                        .xid(Q::drawable, scratch(c, g.depth).pixmap)
                        .u32(Q::value_mask, v.mask);
    v.append_to(request, ~0u);
    c.send(std::move(request));
    for (VirtualXid f : to_close)
        c.send(Build::core<CloseFont>().xid(CloseFont::font, f));
    for (const Bytes* whole : {&s.dashes, &s.clip_rectangles})
        if (!whole->empty()) {
            Bytes again = *whole;
            store32(&again[SetDashes::gc], g.id.value); // a copied one names its source
            c.send(std::move(again));
        }
}

} // namespace glckpt::x11
