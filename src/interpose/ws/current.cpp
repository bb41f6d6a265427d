// Being current: which context a thread has, and what each is bound to in the renderer.
//
// In the renderer every context has a thread of its own that does nothing else. So when an app
// releases a context, or moves it to another thread, there is nothing to do over there: the
// context stays bound where it is, and making it current again with the same drawables costs no
// round trip. It is unbound only when another context wants its drawable (a drawable can be
// current in one thread at a time), and when something of it is destroyed.
#include "gen/gl/encode.h"
#include "gen/gl/exports.h"
#include "interpose/gl/debug.h"
#include "interpose/ws/for_gl.h"
#include "interpose/ws/world.h"
#include "interpose/ws/x11.h"
#include "interpose/ws/xlib.h"
#include <algorithm>
#include <pthread.h>

namespace glckpt::ws {

thread_local constinit Thread t_thread;

namespace {

// A thread that ends with a context current leaves it current nowhere.
void exit_hook(void*) {
    if (t_thread.current)
        make_current(nullptr, nullptr, nullptr, false);
}

void install_exit_hook(Thread& t) {
    static pthread_key_t key;
    static const bool made = pthread_key_create(&key, exit_hook) == 0;
    t.has_exit_hook = true;
    if (made)
        pthread_setspecific(key, &t);
}

// Contexts bound to `draw` or `read` in the renderer though no thread has them: claimed for the
// calling thread, so that it may write to their streams.
std::vector<WsContext*> claim_idle_holders(WsContext* c, Surface* draw, Surface* read) {
    std::vector<WsContext*> list;
    for (WsContext* o : world().live_contexts)
        if (o != c && o->bound && (!o->owner || o->owner == &t_thread) &&
            ((draw && (o->draw == draw || o->read == draw)) ||
             (read && (o->draw == read || o->read == read))))
            list.push_back(o);
    for (WsContext* o : list)
        o->owner = &t_thread;
    return list;
}

bool busy_elsewhere(const Surface* s, const WsContext* c) {
    if (!s || s->uses == 0)
        return false;
    for (const WsContext* o : world().live_contexts)
        if (o != c && o->owner && o->owner != &t_thread && (o->draw == s || o->read == s))
            return true;
    return false;
}

// What other contexts of the group have published happens before what `c` does from now on: the
// app has ordered them by this very call, or by its own means before it.
void order_after_group(WsContext* c) {
    log::Stream& s = c->gl->stream;
    std::vector<std::pair<uint32_t, uint64_t>> behind;
    {
        Locked hold(c->gl->group->lock);
        for (Context* o : c->gl->group->contexts) {
            if (o == c->gl || !o->stream.real())
                continue;
            const auto& shared = o->stream.shared();
            const uint64_t published = shared.published.load(std::memory_order_acquire);
            if (shared.executed.load(std::memory_order_acquire) < published)
                behind.emplace_back(o->id, published);
        }
    }
    for (const auto& [id, position] : behind)
        encode::xOrder(s, id, position);
}

// A context takes its viewport and scissor box from its first drawable. Said explicitly, so that
// they stay what they were wherever the context is made again.
void record_first_size() {
    GLint viewport[4] = {}, box[4] = {};
    glGetIntegerv(GL_VIEWPORT, viewport);
    glGetIntegerv(GL_SCISSOR_BOX, box);
    glViewport(viewport[0], viewport[1], viewport[2], viewport[3]);
    glScissor(box[0], box[1], box[2], box[3]);
}

// `c` is current in no thread any more; what the app destroyed meanwhile goes now.
void let_go(WsContext* c) {
    std::vector<Surface*> dead;
    bool dead_context;
    {
        Locked hold(world().lock);
        c->owner = nullptr;
        for (Surface* s : {c->draw, c->read == c->draw ? nullptr : c->read})
            if (s && --s->uses == 0 && s->destroyed)
                dead.push_back(s);
        dead_context = c->destroyed;
    }
    for (Surface* s : dead)
        destroy_surface(s);
    if (dead_context)
        destroy_context(c);
}

// A bare X window has no config. Mesa makes a drawable of it for the first context that is bound to
// it, with that context's config (its samples, its depth bits), and that drawable is what all
// others see, whatever their configs are, until none of the contexts that were bound to it last is
// left: a context that is released keeps its own until it is bound to something else or destroyed
// (driFetchDrawable and driReleaseDrawables in Mesa's dri_common.c).
void note_config(const WsContext* c, Surface* s) {
    if (!s || s->kind != SurfaceKind::GlxBareWindow || c->made.config < 0)
        return;
    {
        Locked hold(world().lock);
        if (s->config == c->made.config)
            return;
        for (const WsContext* o : world().live_contexts)
            if (o->last_drawables[0] == s->id || o->last_drawables[1] == s->id)
                return;
        s->config = c->made.config;
    }
    ask(kCreateSurface, question_of(*s)); // it exists: this tells its config
}

bool bind_in_renderer(WsContext& c, const Surface* draw, const Surface* read) {
    log::Stream& s = c.gl->stream;
    encode::wsMakeCurrent(s, draw ? draw->id : 0, read ? read->id : 0);
    return s.shared().reply_value != 0;
}

// After a refusal: as before the call. The driver may have unbound what was current.
void give_back(WsContext* c, WsContext* before, const std::vector<WsContext*>& idle) {
    {
        Locked hold(world().lock);
        for (WsContext* o : idle) {
            o->bound = false;
            if (o != before)
                o->owner = nullptr;
        }
        if (c != before) {
            c->owner = nullptr;
            c->bound = false;
        }
    }
    if (before && (before == c || !before->bound))
        settle([&] { return bind_in_renderer(*before, before->draw, before->read); },
               [&] { before->bound = true; });
}

} // namespace

void release_bound(WsContext& c) {
    const auto released = [&] {
        encode::wsRelease(c.gl->stream);
        c.gl->stream.wait_executed();
        return true;
    };
    const auto noted = [&] {
        c.bound = false;
        if (!c.owner || c.owner == &t_thread)
            if (t_thread.current != &c)
                c.draw = c.read = nullptr;
    };
    settle(released, noted);
}

Bind make_current(WsContext* c, Surface* draw, Surface* read, bool exclusive) {
    Thread& t = t_thread;
    WsContext* const before = t.current;
    if (c && c == before && c->bound && c->draw == draw && c->read == read)
        return Bind::Done;
    if (!t.has_exit_hook)
        install_exit_hook(t);
    if (before) {
        if (before != c && before->flush_on_release)
            glFlush(); // what follows elsewhere may depend on it
        before->gl->stream.publish();
    }
    if (!c) {
        t.current = nullptr;
        t_context = &g_null_context;
        if (before)
            let_go(before);
        return Bind::Done;
    }

    std::vector<WsContext*> idle;
    {
        Locked hold(world().lock);
        if (c->owner && c->owner != &t)
            return Bind::Elsewhere;
        if (exclusive && (busy_elsewhere(draw, c) || busy_elsewhere(read, c)))
            return Bind::Elsewhere;
        c->owner = &t;
        if (!c->bound || c->draw != draw || c->read != read)
            idle = claim_idle_holders(c, draw, read);
    }
    order_after_group(c);
    std::vector<Surface*> dead;
    const bool in_place = c->bound && c->draw == draw && c->read == read;
    const auto bind = [&] {
        // Now: a renderer that takes over from the one that has executed the call below finds the
        // drawable in the context's live set.
        note_config(c, draw);
        note_config(c, read);
        for (WsContext* o : idle) {
            encode::wsRelease(o->gl->stream);
            o->gl->stream.wait_executed();
        }
        return in_place || bind_in_renderer(*c, draw, read);
    };
    const auto noted = [&] {
        for (WsContext* o : idle) {
            o->bound = false;
            if (o != before)
                o->owner = nullptr;
        }
        if (c == before) // its former drawables
            for (Surface* o : {c->draw, c->read == c->draw ? nullptr : c->read})
                if (o && --o->uses == 0 && o->destroyed)
                    dead.push_back(o);
        c->bound = true;
        c->draw = draw;
        c->read = read;
        c->last_drawables[0] = draw ? draw->id : 0;
        c->last_drawables[1] = read ? read->id : 0;
        for (Surface* o : {draw, read == draw ? nullptr : read})
            if (o) {
                ++o->uses;
                o->last_context = c->gl->id;
            }
    };
    if (!settle(bind, noted)) {
        give_back(c, before, idle);
        return Bind::Refused;
    }
    t.current = c;
    t_context = c->gl;
    if (draw && !c->had_drawable) {
        c->had_drawable = true;
        record_first_size();
    }
    for (Surface* o : dead)
        if (o != draw && o != read)
            destroy_surface(o);
    if (before && before != c)
        let_go(before);
    return Bind::Done;
}

Swap swap(Surface* s) {
    WsContext* c = t_thread.current;
    if (c && c->draw == s) {
        Context& gl = *c->gl;
        encode::wsSwapBuffers(gl.stream, s->id);
        gl.stream.publish();
        // One frame ahead of the renderer: what a double-buffered driver allows, too.
        gl.stream.wait_frames(++gl.frames, 1);
        debug_point();
        return Swap::Done;
    }
    // Rare (GLX allows to swap a drawable that is not current): behind what was drawn to it so far.
    std::vector<std::pair<log::Stream*, uint64_t>> drawers;
    {
        Locked hold(world().lock);
        for (WsContext* o : world().live_contexts)
            if (o->bound && o->draw == s)
                drawers.emplace_back(&o->gl->stream, o->gl->stream.shared().published.load());
    }
    for (const auto& [stream, position] : drawers)
        stream->wait_executed_to(position);
    return ask_for<Outcome>(kSwapSurface, SurfaceOnly{s->id}).ok ? Swap::Done : Swap::Refused;
}

void wait_gl() {
    if (t_thread.current)
        encode::wsWaitGL(t_thread.current->gl->stream);
}

void set_swap_interval(Surface* s, int interval) {
    if (WsContext* c = t_thread.current; c && c->draw == s)
        encode::wsSwapInterval(c->gl->stream, s->id, interval);
    else
        ask(kSwapInterval, SurfaceAttrib{s->id, 0, interval});
}

void reach_server(void* dpy, Surface& s) {
    if (s.reached || !s.native)
        return;
    // Out of Xlib's buffer first; then the endpoint waits until the server has it all.
    if (dpy && kX11Endpoint && xlib().XFlush)
        xlib().XFlush((::Display*)dpy);
    else if (dpy && xlib().XSync)
        xlib().XSync((::Display*)dpy, False);
    x11::flush_to_server((uint32_t)s.native);
    s.reached = true;
}

} // namespace glckpt::ws

namespace glckpt {

void ws_for_each_drawable(void (*f)(const DrawableInfo&, void*), void* data) {
    std::vector<DrawableInfo> list;
    {
        Locked hold(ws::world().lock);
        for (ws::WsContext* c : ws::world().live_contexts) {
            if (!c->bound)
                continue;
            for (ws::Surface* s : {c->draw, c->read == c->draw ? nullptr : c->read})
                if (s)
                    list.push_back({s->id, s->kind, c->gl->id, s->width, s->height, s == c->draw,
                                    (uint32_t)s->native, s->config});
        }
        // What is current nowhere is read through the context that was current with it last, or
        // through any that can reach it.
        for (const auto& [id, s] : ws::world().surfaces) {
            if (std::any_of(list.begin(), list.end(),
                            [&](const DrawableInfo& d) { return d.drawable == s->id; }))
                continue;
            uint32_t reader = 0;
            for (ws::WsContext* c : ws::world().live_contexts)
                if (c->display == s->display && c->had_drawable &&
                    (!reader || c->gl->id == s->last_context))
                    reader = c->gl->id;
            list.push_back({s->id, s->kind, reader, s->width, s->height, true, (uint32_t)s->native,
                            s->config});
        }
    }
    for (DrawableInfo& d : list) {
        if (!d.width || !d.height) {
            uint32_t xid = (uint32_t)d.drawable;
            {
                Locked hold(ws::world().lock);
                const auto it = ws::world().surfaces.find(d.drawable);
                if (it != ws::world().surfaces.end() && it->second->native)
                    xid = (uint32_t)it->second->native;
            }
            unsigned width = 0, height = 0;
            if (x11::window_size(xid, &width, &height)) {
                d.width = (int)width;
                d.height = (int)height;
            }
        }
        f(d, data);
    }
}

void ws_for_each_current(void (*f)(const CurrentInfo&, void*), void* data) {
    Locked hold(ws::world().lock);
    for (ws::WsContext* c : ws::world().live_contexts)
        if (c->bound)
            f({c->gl->id, c->draw ? c->draw->id : 0, c->read ? c->read->id : 0}, data);
}

} // namespace glckpt
