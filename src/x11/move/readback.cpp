#include "x11/move/readback.h"
#include "gen/x11/protocol.h"
#include "x11/move/devices.h"
#include "x11/move/tell.h"

namespace glckpt::x11 {
namespace {

using namespace proto;

constexpr uint8_t kZPixmap = 2;
constexpr size_t kReplyHead = 32;

bool is_reply(ByteSpan m) { return m.size() >= kReplyHead && m[0] == 1; }

uint8_t major_of(Display& d, const char* xname) {
    const Extension* e = d.extensions.find(*find_module(xname));
    return e && e->present ? e->virtual_.major : 0;
}

} // namespace

// Atoms are never taken back: what was read once needs no second look on the same server. The
// numbers have no gaps, so the first error is the end.
bool read_back_atoms(Exchange& x, Link& control) {
    using Q = xproto::GetAtomName;
    constexpr uint32_t kBatch = 512;
    Atoms& atoms = control.engine.display().names.atoms;
    for (bool more = true; more;) {
        const uint32_t first = atoms.scanned + 1;
        uint32_t known = 0;
        for (uint32_t i = 0; i < kBatch; ++i) {
            const VirtualAtom v = atoms.to_virtual(RealAtom{first + i});
            control.engine.send(Build::core<Q>().u32(Q::atom, v.value),
                                [&atoms, &known, v](ByteSpan m) {
                                    if (!is_reply(m))
                                        return;
                                    const size_t n = load16(&m[Q::Reply::name_len]);
                                    if (kReplyHead + n > m.size())
                                        return;
                                    atoms.learn(v, {(const char*)&m[kReplyHead], n});
                                    ++known;
                                });
        }
        if (!x.sync(control))
            return false;
        atoms.scanned += known;
        more = known == kBatch;
    }
    return true;
}

namespace {

// XLFD 3.2: the property FONT is an atom, the font's full name.
void note_exact_name(const Atoms& atoms, FontName& font, ByteSpan m) {
    using R = xproto::QueryFont::Reply;
    constexpr size_t kProperty = 8;
    constexpr uint32_t kFontAtom = 18;
    if (m.size() < R::properties)
        return;
    size_t at = R::properties;
    for (unsigned n = load16(&m[R::properties_len]); n > 0 && at + kProperty <= m.size();
         --n, at += kProperty)
        if (load32(&m[at]) == kFontAtom)
            font.exact = atoms.name(atoms.to_virtual(RealAtom{load32(&m[at + 4])}));
}

// The server moves the value of an alarm on when it goes off, and has made a relative one absolute.
void note_alarm(Alarm& alarm, ByteSpan m) {
    using R = sync::QueryAlarm::Reply;
    enum : unsigned { kValueType = 1, kValue = 2 };
    constexpr uint64_t kAbsolute = 0;
    alarm.values[kValueType] = kAbsolute;
    alarm.values[kValue] = load<uint64_t>(&m[R::trigger + 8]);
}

void ask_for_fonts(Connection& c) {
    Display& d = c.display();
    for (const Font* f : d.resources.all<Font>()) {
        using Q = xproto::QueryFont;
        if (f->font->asked || f->font->name.find_first_of("*?") == std::string::npos)
            continue;
        f->font->asked = true;
        c.send(Build::core<Q>().xid(Q::font, f->id), [&d, font = f->font](ByteSpan m) {
            if (is_reply(m))
                note_exact_name(d.names.atoms, *font, m);
        });
    }
}

} // namespace

void ask_for_contents(Link& control) {
    Connection& c = control.engine;
    Display& d = c.display();
    ask_for_fonts(c);
    for (Pixmap* p : d.resources.all<Pixmap>()) {
        using Q = xproto::GetImage;
        if (p->width == 0)
            continue; // named after a window that was not there
        c.send(Build::core<Q>(kZPixmap)
                   .xid(Q::drawable, p->id)
                   .u16(Q::width, p->width)
                   .u16(Q::height, p->height)
                   .u32(Q::plane_mask, ~0u),
               [p](ByteSpan m) {
                   if (is_reply(m))
                       p->image.assign(m.begin() + kReplyHead, m.end());
               });
    }
    if (const uint8_t xfixes = major_of(d, "XFIXES"))
        for (Region* r : d.resources.all<Region>()) {
            using Q = xfixes::FetchRegion;
            c.send(Build::extension<Q>(xfixes).xid(Q::region, r->id), [r](ByteSpan m) {
                if (is_reply(m))
                    r->rectangles.assign(m.begin() + kReplyHead, m.end());
            });
        }
    if (const uint8_t sync = major_of(d, "SYNC")) {
        for (Counter* r : d.resources.all<Counter>()) {
            using Q = sync::QueryCounter;
            c.send(Build::extension<Q>(sync).xid(Q::counter, r->id), [r](ByteSpan m) {
                if (is_reply(m))
                    r->value = load<uint64_t>(&m[Q::Reply::counter_value]);
            });
        }
        for (Alarm* r : d.resources.all<Alarm>()) {
            using Q = sync::QueryAlarm;
            c.send(Build::extension<Q>(sync).xid(Q::alarm, r->id), [r](ByteSpan m) {
                if (is_reply(m))
                    note_alarm(*r, m);
            });
        }
        for (Fence* r : d.resources.all<Fence>()) {
            using Q = sync::QueryFence;
            c.send(Build::extension<Q>(sync).xid(Q::fence, r->id), [r](ByteSpan m) {
                if (is_reply(m))
                    r->triggered = m[Q::Reply::triggered];
            });
        }
    }
    if (const uint8_t randr = major_of(d, "RANDR")) {
        using Q = randr::GetScreenResourcesCurrent;
        c.send(Build::extension<Q>(randr).xid(Q::window, d.root()), [&d](ByteSpan m) {
            if (is_reply(m))
                d.saved.randr.assign(m.begin(), m.end());
        });
    }
    if (const uint8_t xinput = major_of(d, "XInputExtension"))
        c.send(query_devices(xinput), [&d](ByteSpan m) {
            if (is_reply(m))
                d.saved.devices.assign(m.begin(), m.end());
        });
    ask_surroundings(c);
    using F = xproto::GetInputFocus;
    c.send(Build::core<F>(), [&d](ByteSpan m) {
        if (is_reply(m)) {
            d.saved.focus = VirtualXid{load32(&m[F::Reply::focus])};
            d.saved.revert_to = m[F::Reply::revert_to];
        }
    });
    using K = xproto::GetKeyboardMapping;
    const Setup& s = *d.real_setup;
    c.send(Build::core<K>()
               .u8(K::first_keycode, s.min_keycode)
               .u8(K::count, (uint8_t)(s.max_keycode - s.min_keycode + 1)),
           [&d](ByteSpan m) {
               if (is_reply(m))
                   d.saved.keymap.assign(m.begin() + kReplyHead, m.end());
           });
}

bool read_back(Exchange& x, Link& control) {
    control.engine.send(Build::core<xproto::GrabServer>());
    const bool ok = read_back_atoms(x, control) && read_back_windows(x, control) &&
                    (ask_for_contents(control), x.sync(control));
    control.engine.send(Build::core<xproto::UngrabServer>());
    return ok && x.sync(control);
}

void discard_saved(Display& d) {
    for (Window* w : d.resources.all<Window>())
        w->saved = {};
    for (Pixmap* p : d.resources.all<Pixmap>())
        p->image = {};
    for (Region* r : d.resources.all<Region>())
        r->rectangles = {};
    d.saved = {};
}

} // namespace glckpt::x11
