#include "player.h"
#include "gen/gl/ops.h"
#include "gen/gl/records.h"
#include "interpose/gl/encoder.h"
#include "interpose/live/endpoint.h"
#include "prune/fold.h"
#include <cstdlib>

namespace glckpt::cut {

using namespace log::ws;

Status Player::display(const OpenDisplay& q) {
    auto d = std::make_unique<ws::DisplayObject>();
    d->id = q.display;
    d->kind = q.kind;
    d->screen = q.screen;
    d->device = q.device;
    const char* here = getenv("DISPLAY");
    d->app_name = here ? here : "";
    int32_t error = 0;
    if (displays_.count(q.display))
        return {};
    if (!ws::open_display(*d, &error, [&] { ws::world().displays.emplace_back(d.get()); }))
        return Status::refused("a display of the log cannot be opened here");
    displays_[q.display] = std::move(d);
    return {};
}

Status Player::context(const Log::Entry& e) {
    log::RecordedContext r;
    memcpy(&r, e.data, sizeof r);
    const auto d = displays_.find(r.question.display);
    if (d == displays_.end())
        return Status::refused("a context of no display");
    auto c = std::make_unique<ws::WsContext>();
    c->display = d->second.get();
    c->made = r.question;
    c->visual = r.question.visual;
    const auto* attribs = reinterpret_cast<const int32_t*>(e.data + sizeof r);
    c->attribs.assign(attribs, attribs + r.question.attribs);
    const auto share = contexts_.find(r.question.share);
    ws::Failure why{};
    ws::WsContext* made = ws::create_context(
        std::move(c), (Api)r.api, share == contexts_.end() ? nullptr : share->second, &why);
    if (!made)
        return Status::refused("a context of the log cannot be made here");
    contexts_[r.question.context] = made;
    return {};
}

Status Player::surface(const Log::Entry& e) {
    log::RecordedSurface r;
    memcpy(&r, e.data, sizeof r);
    const auto d = displays_.find(r.question.display);
    if (d == displays_.end())
        return Status::refused("a surface of no display");
    auto s = std::make_unique<ws::Surface>();
    s->id = r.question.surface;
    s->display = d->second.get();
    s->config = r.question.config;
    s->width = r.width > 0 ? r.width : 64;
    s->height = r.height > 0 ? r.height : 64;
    if (s->display->is_glx()) {
        s->kind = SurfaceKind::GlxPbuffer;
        s->attribs = {0x8041 /*GLX_PBUFFER_WIDTH*/, s->width, 0x8040 /*HEIGHT*/, s->height, 0};
        for (const auto& [id, c] : contexts_) // an old window is known by its visual
            if (s->config < 0)
                s->config = c->made.config;
    } else {
        s->kind = SurfaceKind::EglPbuffer;
        s->attribs = {0x3057 /*EGL_WIDTH*/, s->width, 0x3056 /*EGL_HEIGHT*/, s->height,
                      0x3038 /*EGL_NONE*/};
    }
    ws::Failure why{};
    return ws::create_surface(std::move(s), &why)
               ? Status()
               : Status::refused("a surface of the log cannot be made here");
}

// What the app's side knows of the window system's records.
void Player::note(ws::WsContext& c, const log::RecordHeader& h) {
    if (h.op == (uint16_t)Op::wsRelease) {
        c.bound = false;
    } else if (h.op == (uint16_t)Op::wsMakeCurrent && c.gl->stream.shared().reply_value) {
        const auto& r = reinterpret_cast<const rec::wsMakeCurrent&>(h);
        Locked hold(ws::world().lock);
        auto find = [&](uint64_t id) {
            const auto it = ws::world().surfaces.find(id);
            return it == ws::world().surfaces.end() ? nullptr : it->second.get();
        };
        c.bound = true;
        c.draw = find(r.draw);
        c.read = find(r.read);
        for (ws::Surface* s : {c.draw, c.read})
            if (s) {
                s->last_context = c.gl->id;
                c.had_drawable = true;
            }
    }
}

// A window takes contexts of every config that has its visual; a pbuffer those of its own config
// alone. So it is made again, empty, for a context of another one.
Status Player::fit(const ws::WsContext& c, uint64_t id) {
    ws::Surface* s = ws::find_surface(id);
    if (!s || !s->display->is_glx() || c.made.config < 0 || s->config == c.made.config)
        return {};
    settle();
    auto again = std::make_unique<ws::Surface>();
    again->id = id;
    again->display = s->display;
    again->config = c.made.config;
    again->width = s->width;
    again->height = s->height;
    again->kind = s->kind;
    again->attribs = s->attribs;
    ws::destroy_surface(s);
    ws::Failure why{};
    return ws::create_surface(std::move(again), &why)
               ? Status()
               : Status::refused("a surface of the log cannot be made here");
}

Status Player::record(const Log::Entry& e) {
    uint32_t id = 0;
    const log::RecordHeader& h = Log::call(e, &id);
    const auto it = contexts_.find(id);
    if (it == contexts_.end() || h.op == (uint16_t)Op::xOrder)
        return {}; // streams are ordered as the log is
    if (h.op == (uint16_t)Op::wsMakeCurrent) {
        const auto& r = reinterpret_cast<const rec::wsMakeCurrent&>(h);
        for (const uint64_t surface : {(uint64_t)r.draw, (uint64_t)r.read})
            if (Status s = fit(*it->second, surface); !s)
                return s;
    }
    log::Stream& s = it->second->gl->stream;
    if (last_ && last_ != it->second->gl) {
        last_->stream.publish();
        last_->stream.wait_executed();
    }
    last_ = it->second->gl;
    const bool array = h.op == (uint16_t)Op::xClientArray;
    if (s.sending_arrays() && !array)
        s.end_arrays();
    if (!s.sending_arrays() && array)
        s.begin_arrays();
    const auto* record = reinterpret_cast<const char*>(&h);
    const char* at = record + h.size;
    std::vector<std::pair<uint16_t, encode::In>> payloads;
    const prune::Payloads& p = prune::kPayloads[h.op];
    for (int i = 0; i < p.count; ++i) {
        log::PayloadRef ref;
        memcpy(&ref, record + p.offset[i], sizeof ref);
        if ((ref.kind != log::PayloadRef::Arena && ref.kind != log::PayloadRef::Large) ||
            at + ref.bytes > e.data + e.bytes)
            continue;
        payloads.emplace_back(p.offset[i], encode::In(s, at, ref.bytes));
        at += log::align8(ref.bytes);
    }
    char* to = s.reserve(h.size);
    memcpy(to, record, h.size);
    size_t place = h.size;
    std::vector<uint32_t> large;
    for (auto& [offset, in] : payloads) {
        const log::PayloadRef ref = in.put(to, &place); // none is inline: they were not
        memcpy(to + offset, &ref, sizeof ref);
        if (ref.kind == log::PayloadRef::Large)
            large.push_back(ref.place);
    }
    auto* head = reinterpret_cast<log::RecordHeader*>(to);
    head->flags &= log::kSync; // what a driver said to it is said anew
    const bool sync = head->flags & log::kSync;
    s.commit(h.size);
    if (!sync)
        return {};
    s.wait_reply();
    for (const uint32_t l : large)
        encode::large_free(l);
    note(*it->second, h);
    // Only what succeeded is in a log. (What a context that is not current is told has no effect,
    // and all its states would compare equal.)
    if (h.op == (uint16_t)Op::wsMakeCurrent && !s.shared().reply_value)
        return Status::refused("a context of the log cannot be made current here");
    return {};
}

Status Player::play(const Log::Entry& e) {
    switch (e.kind) {
    case log::Recorded::Display: {
        OpenDisplay q;
        memcpy(&q, e.data, sizeof q);
        return display(q);
    }
    case log::Recorded::Context:
        return context(e);
    case log::Recorded::Surface:
        return surface(e);
    case log::Recorded::ContextGone: {
        uint64_t id = 0;
        memcpy(&id, e.data, sizeof id);
        settle();
        if (const auto it = contexts_.find((uint32_t)id); it != contexts_.end()) {
            if (last_ == it->second->gl)
                last_ = nullptr;
            ws::destroy_context(it->second);
            contexts_.erase(it);
        }
        return {};
    }
    case log::Recorded::SurfaceGone: {
        uint64_t id = 0;
        memcpy(&id, e.data, sizeof id);
        settle();
        if (ws::Surface* s = ws::find_surface(id))
            ws::destroy_surface(s);
        return {};
    }
    default:
        if (Status s = record(e); !s)
            return s;
        uint32_t id = 0;
        if (Log::call(e, &id).op == (uint16_t)Op::wsRelease)
            if (const auto it = contexts_.find(id); it != contexts_.end())
                note(*it->second, Log::call(e, &id));
        return {};
    }
}

void Player::settle() {
    for (const auto& [id, c] : contexts_) {
        c->gl->stream.publish();
        c->gl->stream.wait_executed();
    }
}

bool Player::stands() {
    Session& session = Session::get();
    uint32_t paused = 0;
    for (int i = 0; i < 3 && !paused; ++i) {
        const auto a = session.ask(log::Ask::Pause, std::span<const char>());
        memcpy(&paused, a.data(), std::min(sizeof paused, a.size()));
        session.ask(log::Ask::Resume, std::span<const char>());
    }
    return paused;
}

Status Player::replace() { return replace_renderer(); }

std::string Player::state() {
    Session& session = Session::get();
    std::string text;
    session.ask(log::Ask::Pause, std::span<const char>());
    for (const auto& [id, c] : contexts_) {
        if (!c->bound)
            continue;
        const log::ProbeQuestion q{c->gl->id, c->draw ? c->draw->width : 0,
                                   c->draw ? c->draw->height : 0};
        const auto a = session.ask(log::Ask::Probe, q);
        text += "context " + std::to_string(id) + "\n";
        text.append(a.data(), a.size());
    }
    session.ask(log::Ask::Resume, std::span<const char>());
    return text;
}

} // namespace glckpt::cut
