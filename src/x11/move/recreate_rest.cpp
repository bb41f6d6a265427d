// Regions, counters, pictures, glyphs, cursors, shapes; event selections; grabs and focus.
#include "gen/x11/protocol.h"
#include "x11/move/recreate.h"
#include <bit>

namespace glckpt::x11 {

using namespace proto;

void Recreation::regions_and_counters() {
    if (const uint8_t xfixes = major("XFIXES"))
        for (const Region* r : display_.resources.all<Region>()) {
            using Q = xfixes::CreateRegion;
            on(r->owner).send(
                Build::extension<Q>(xfixes).xid(Q::region, r->id).more(r->rectangles));
        }
    if (const uint8_t sync = major("SYNC")) {
        for (const Counter* r : display_.resources.all<Counter>()) {
            using Q = sync::CreateCounter;
            on(r->owner).send(Build::extension<Q>(sync)
                                  .xid(Q::id, r->id)
                                  .u32(Q::initial_value, (uint32_t)r->value)
                                  .u32(Q::initial_value + 4, (uint32_t)(r->value >> 32)));
        }
        for (const Fence* r : display_.resources.all<Fence>()) {
            using Q = sync::CreateFence;
            on(r->owner).send(Build::extension<Q>(sync)
                                  .xid(Q::drawable, r->drawable)
                                  .xid(Q::fence, r->id)
                                  .u8(Q::initially_triggered, r->triggered));
        }
        for (const Alarm* r : display_.resources.all<Alarm>()) {
            using Q = sync::CreateAlarm;
            enum : unsigned { kValue = 2, kDelta = 4 };
            Build b = Build::extension<Q>(sync);
            uint32_t mask = 0;
            for (const auto& [bit, value] : r->values) {
                mask |= 1u << bit;
                b.more32((uint32_t)value);
                if (bit == kValue || bit == kDelta)
                    b.more32((uint32_t)(value >> 32));
            }
            on(r->owner).send(b.xid(Q::id, r->id).u32(Q::value_mask, mask));
        }
    }
    if (const uint8_t damage = major("DAMAGE"))
        for (const Damage* r : display_.resources.all<Damage>()) {
            using Q = damage::Create;
            on(r->owner).send(Build::extension<Q>(damage)
                                  .xid(Q::damage, r->id)
                                  .xid(Q::drawable, r->drawable)
                                  .u8(Q::level, r->level));
        }
}

void Recreation::pictures(bool of_named_pixmaps) {
    const uint8_t render = major("RENDER");
    if (!render)
        return;
    enum : unsigned { kAlphaMap = 1, kClipMask = 6 };
    auto all = display_.resources.all<Picture>();
    std::erase_if(all, [&](const Picture* p) {
        return (p->pixmap && still_names_window(*p->pixmap)) != of_named_pixmaps;
    });
    for (Picture* p : all) {
        Connection& c = on(p->owner);
        if (!p->source.empty()) {
            c.send(p->source);
        } else {
            using Q = render::CreatePicture;
            Values<13> v = p->values;
            v.unset(kAlphaMap);
            v.unset(kClipMask);
            if (p->clip)
                v.set(kClipMask, p->clip->id.value);
            Bytes request = Build::extension<Q>(render)
                                .xid(Q::pid, p->id)
                                .xid(Q::drawable, p->drawable)
                                .u32(Q::format, p->format)
                                .u32(Q::value_mask, v.mask);
            v.append_to(request, ~0u);
            c.send(std::move(request));
        }
        for (const Bytes* whole : {&p->clip_rectangles, &p->transform, &p->filter})
            if (!whole->empty())
                c.send(*whole);
    }
    for (const Picture* p : all) { // which are pictures themselves
        using Q = render::ChangePicture;
        const VirtualXid alpha{p->values.value[kAlphaMap]};
        if (p->values.has(kAlphaMap) && display_.resources.find<Picture>(alpha))
            on(p->owner).send(Build::extension<Q>(render)
                                  .xid(Q::picture, p->id)
                                  .u32(Q::value_mask, 1u << kAlphaMap)
                                  .more32(alpha.value));
    }
}

void Recreation::glyph_sets() {
    const uint8_t render = major("RENDER");
    std::map<const Glyphs*, VirtualXid> made;
    for (const GlyphSet* set : display_.resources.all<GlyphSet>()) {
        Connection& c = on(set->owner);
        const auto [it, fresh] = made.try_emplace(set->contents.get(), set->id);
        if (!fresh) {
            using Q = render::ReferenceGlyphSet;
            c.send(Build::extension<Q>(render).xid(Q::gsid, set->id).xid(Q::existing, it->second));
            continue;
        }
        using Q = render::CreateGlyphSet;
        c.send(Build::extension<Q>(render)
                   .xid(Q::gsid, set->id)
                   .u32(Q::format, set->contents->format));
        using A = render::AddGlyphs;
        Bytes ids, infos, images;
        uint32_t n = 0;
        const auto flush = [&] {
            if (n)
                c.send(Build::extension<A>(render)
                           .xid(A::glyphset, set->id)
                           .u32(A::glyphs_len, n)
                           .more(ids)
                           .more(infos)
                           .more(images));
            ids.clear();
            infos.clear();
            images.clear();
            n = 0;
        };
        for (const auto& [id, glyph] : set->contents->glyphs) {
            const size_t adds = 4 + glyph.info.size() + glyph.image.size();
            if (A::kFixed + ids.size() + infos.size() + images.size() + adds >
                c.max_request_bytes())
                flush();
            ids.resize(ids.size() + 4);
            store32(&ids[ids.size() - 4], id);
            infos.insert(infos.end(), glyph.info.begin(), glyph.info.end());
            images.insert(images.end(), glyph.image.begin(), glyph.image.end());
            ++n;
        }
        flush();
    }
}

void Recreation::cursors() {
    for (const Cursor* cursor : display_.resources.all<Cursor>())
        make_cursor(on(cursor->owner), cursor->id, *cursor->shape);
}

VirtualXid Recreation::cursor_for(Connection& c, const CursorRef& shape, VirtualXid& temporary) {
    if (!shape)
        return {};
    for (const Cursor* cursor : display_.resources.all<Cursor>())
        if (cursor->shape == shape)
            return cursor->id;
    temporary = scratch_id(c);
    make_cursor(c, temporary, *shape);
    return temporary;
}

void Recreation::window_cursors() {
    for (const Window* w : display_.resources.all<Window>()) {
        if (!w->cursor || !w->saved.exists)
            continue;
        using Q = xproto::ChangeWindowAttributes;
        constexpr uint32_t kCursorBit = 1 << 14;
        Connection& c = on(w->owner);
        VirtualXid temporary;
        const VirtualXid cursor = cursor_for(c, w->cursor, temporary);
        c.send(Build::core<Q>()
                   .xid(Q::window, w->id)
                   .u32(Q::value_mask, kCursorBit)
                   .more32(cursor.value));
        if (temporary)
            c.send(Build::core<xproto::FreeCursor>().xid(xproto::FreeCursor::cursor, temporary));
    }
}

void Recreation::shapes() {
    const uint8_t shape = major("SHAPE");
    if (!shape)
        return;
    using Q = shape::Rectangles;
    for (const Window* w : display_.resources.all<Window>())
        for (uint8_t kind = 0; kind < 3; ++kind)
            if (w->saved.exists && w->saved.shaped[kind])
                on(w->owner).send(Build::extension<Q>(shape)
                                      .u8(Q::destination_kind, kind)
                                      .xid(Q::destination_window, w->id)
                                      .more(w->saved.shape[kind]));
}

void Recreation::kept_requests() {
    for (const KeptRequest* k : display_.kept.in_order()) {
        if (k->info->key[0].size == 0 && !k->window && k->info->effect == Effect::Kept)
            continue; // extension_versions
        const Extension* e = display_.extensions.find(*k->module);
        if (k->module->xname[0] == 0 || (e && e->present))
            on(k->owner).send(k->bytes);
    }
}

void Recreation::screen_savers() {
    if (!major("MIT-SCREEN-SAVER"))
        return;
    using Q = screensaver::SetAttributes;
    constexpr unsigned kCursor = 14;
    for (const auto& [drawable, s] : display_.savers) {
        Connection& c = on(s.owner);
        Bytes request = s.request;
        const uint32_t mask = load32(&request[Q::value_mask]);
        VirtualXid temporary;
        if (mask >> kCursor & 1) // it may have been freed, like a window's
            if (const size_t at =
                    Q::value_list + 4 * (size_t)std::popcount(mask & ((1u << kCursor) - 1));
                at + 4 <= request.size())
                store32(&request[at], cursor_for(c, s.cursor, temporary).value);
        c.send(std::move(request));
        if (temporary)
            c.send(Build::core<xproto::FreeCursor>().xid(xproto::FreeCursor::cursor, temporary));
    }
}

// Contents that were copied into what is freed by now, or drawn with it, may differ until the app
// draws again.
void Recreation::journal() {
    for (const Journal::Entry& e : display_.journal.entries())
        if (const Connection* c = display_.connection(e.owner);
            c && c->state() == Connection::State::Running && !Journal::maps(e))
            on(e.owner).send(e.request);
    x_.sync_all();
}

void Recreation::passive_grabs() {
    for (const PassiveGrab& g : display_.grabs.passive()) {
        Connection& c = on(g.owner);
        Bytes request = g.request;
        VirtualXid temporary;
        if (!g.key)
            store32(&request[xproto::GrabButton::cursor], cursor_for(c, g.cursor, temporary).value);
        c.send(std::move(request));
        if (temporary)
            c.send(Build::core<xproto::FreeCursor>().xid(xproto::FreeCursor::cursor, temporary));
    }
}

void Recreation::grabs_and_focus(bool window_manager) {
    const Window* focus = display_.resources.find<Window>(display_.saved.focus);
    if (focus && !window_manager) {
        using Q = xproto::SetInputFocus;
        on(focus->owner).send(Build::core<Q>(display_.saved.revert_to).xid(Q::focus, focus->id));
    }
    // At the time at which they are made again, not at the one at which they were made first.
    if (const auto& grab = display_.grabs.pointer) {
        Connection& c = on(grab->owner);
        Bytes request = grab->request;
        VirtualXid temporary;
        store32(&request[xproto::GrabPointer::time], 0);
        store32(&request[xproto::GrabPointer::cursor],
                cursor_for(c, grab->cursor, temporary).value);
        c.send(std::move(request));
        if (temporary)
            c.send(Build::core<xproto::FreeCursor>().xid(xproto::FreeCursor::cursor, temporary));
    }
    if (const auto& grab = display_.grabs.keyboard) {
        Bytes request = grab->request;
        store32(&request[xproto::GrabKeyboard::time], 0);
        on(grab->owner).send(std::move(request));
    }
    for (const auto& [device, grab] : display_.grabs.devices) {
        Bytes request = grab.request;
        const bool first = request[1] == xinput::GrabDevice::kOpcode; // XInput 1's
        store32(&request[first ? xinput::GrabDevice::time : xinput::XIGrabDevice::time], 0);
        on(grab.owner).send(std::move(request));
    }
    x_.sync_all();
}

} // namespace glckpt::x11
