#include "interpose/live/attach.h"
#include "interpose/live/endpoint.h"
#include "interpose/live/readback.h"
#include "interpose/live/stream_sink.h"
#include "interpose/session.h"
#include "interpose/ws/for_gl.h"
#include "log/readback.h"
#include <algorithm>
#include <map>
#include <set>

namespace glckpt {
namespace {

thread_local int t_alone = 0;

std::string hexadecimal(uint32_t v) {
    char text[16];
    snprintf(text, sizeof text, "%#x", v);
    return text;
}

void emit_drawables(prune::Emitter& out, const prune::Fold& fold, prune::ContextState& c,
                    std::set<uint64_t>& done) {
    std::vector<uint64_t> here = {c.draw_drawable, c.read_drawable};
    // Those that no context is current with: where they were read.
    std::vector<DrawableInfo> list;
    ws_for_each_drawable(
        [](const DrawableInfo& d, void* to) {
            static_cast<std::vector<DrawableInfo>*>(to)->push_back(d);
        },
        &list);
    for (const DrawableInfo& d : list)
        if (d.context == c.id)
            here.push_back(d.drawable);
    for (const uint64_t d : here) {
        if (!d || !done.insert(d).second)
            continue;
        const auto it = drawable_contents().find(d);
        if (it == drawable_contents().end())
            continue;
        for (const auto& part : it->second.parts) {
            if (part.buffer == (int32_t)log::DrawableBuffer::Samples) {
                out.plane(part.contents, d, GL_FRAMEBUFFER_DEFAULT);
                continue;
            }
            rec::xDrawableContents r{};
            r.drawable = d;
            r.what = (GLenum)part.buffer;
            r.format = part.contents.format;
            r.type = part.contents.type;
            r.width = part.contents.width;
            r.height = part.contents.height;
            const prune::EmittedPayload pixels{offsetof(rec::xDrawableContents, data),
                                               part.contents.pixels->data,
                                               part.contents.pixels->bytes};
            out.put(r, {pixels});
            if (part.buffer == (int32_t)log::DrawableBuffer::Front && fold.front_used.count(d)) {
                r.what = (GLenum)log::DrawableBuffer::FrontItself;
                out.put(r, {pixels});
            }
        }
    }
}

Context* sharing_context(Pruner& p, Context* c) {
    for (auto& [id, e] : p.entries())
        if (e.context != c && e.context->group == c->group && id < c->id)
            return e.context;
    return nullptr;
}

Status refused_calls(const log::SwitchAnswer& a, bool tolerant) {
    const std::string what =
        "the new driver refuses " +
        (a.failures > 1 ? std::to_string(a.failures) + " calls, the first " : std::string()) +
        a.call + " (GL error " + hexadecimal(a.first_error) + ")";
    if (!tolerant && !Session::get().ignores_refused_calls())
        return Status::refused(what + "; --ignore-refused-calls goes on without");
    say("warning: " + what);
    return {};
}

Status attach_context(Pruner& p, Pruner::Entry& e, std::set<prune::Group*>& groups,
                      std::set<uint64_t>& drawables, AttachTerms terms) {
    log::Stream attach;
    if (attach.create(e.context->id) < 0)
        return Status::refused("out of memory or descriptors for a stream");
    Session& session = Session::get();
    session.send_stream(e.context, sharing_context(p, e.context), attach.fd(), true);
    StreamSink sink(attach);
    prune::Emitter out(sink, terms.lost);
    out.egl_images = &p.fold().images;
    if (out.begin(*e.state)) {
        if (sink.refused())
            return Status::refused("the new driver cannot make a context of the program current");
        const bool first = groups.insert(e.state->group.get()).second;
        if (first)
            out.shared_objects(*e.state);
        out.context(*e.state, first);
        emit_drawables(out, p.fold(), *e.state, drawables);
        if (last_of_group(p, e))
            out.end_of_group(*e.state->group);
        out.end(*e.state);
    }
    sink.finish();
    const log::SwitchAnswer a = session.switch_stream(e.context);
    attach.destroy();
    return a.failures ? refused_calls(a, terms.tolerant) : Status();
}

Status try_attach_all(Pruner& p, AttachTerms terms) {
    Session& session = Session::get();
    session.start_renderer();
    Status s = g_ws_attach ? g_ws_attach() : Status();
    std::set<prune::Group*> groups;
    std::set<uint64_t> drawables;
    for (auto& [id, e] : p.entries())
        prune::Emitter::abandon(*e.state->group);
    std::vector<Pruner::Entry*> order;
    if (s && !order_groups(p, order))
        s = Status::refused("EGL images go both ways between contexts that do not share");
    for (Pruner::Entry* e : order)
        if (s && !session.renderer_is_dead())
            s = attach_context(p, *e, groups, drawables, terms);
    if (s)
        session.ask(log::Ask::Resume, std::span<const char>());
    return s;
}

} // namespace

Alone::Alone() { ++t_alone; }
Alone::~Alone() { --t_alone; }
bool alone_with_renderer() { return t_alone; }

void say(const std::string& what) {
    const std::string line = "glckpt: " + what + "\n";
    raw_syscall(SYS_write, 2, line.data(), line.size());
}

bool order_groups(Pruner& p, std::vector<Pruner::Entry*>& order) {
    order.clear();
    for (auto& [id, e] : p.entries())
        order.push_back(&e);
    const auto& images = p.fold().images;
    if (images.empty() || order.empty())
        return true;
    std::map<const prune::Group*, std::set<prune::EglImage*>> has;
    for (Pruner::Entry* e : order) {
        auto& set = has[e->state->group.get()];
        const auto note = [&](prune::Object& o) {
            const prune::EglImage* i = nullptr;
            if (o.cls == NameClass::texture)
                i = static_cast<prune::Texture&>(o).image.get();
            else if (o.cls == NameClass::renderbuffer)
                i = static_cast<prune::Renderbuffer&>(o).image.get();
            if (i)
                set.insert(const_cast<prune::EglImage*>(i));
        };
        for (prune::Object* o : prune::live_objects(*e->state, NameClass::texture))
            note(*o);
        for (prune::Object* o : prune::live_objects(*e->state, NameClass::renderbuffer))
            note(*o);
        prune::each_unnamed(*e->state, note);
    }
    for (prune::EglImage* i : images) {
        const std::shared_ptr<prune::Group> made_in = i->group.lock();
        i->home = made_in && has.count(made_in.get()) ? made_in.get() : nullptr;
        if (!i->home) // the source's name was that group's
            i->source->named = false;
        for (Pruner::Entry* e : order)
            if (!i->home && has[e->state->group.get()].count(i))
                i->home = e->state->group.get();
        for (Pruner::Entry* e : order)
            if (!i->home && e->state->ever_current)
                i->home = e->state->group.get();
    }
    std::map<const prune::Group*, size_t> rank;
    for (size_t round = 0; round <= has.size(); ++round) {
        bool changed = false;
        for (const auto& [group, set] : has)
            for (const prune::EglImage* i : set)
                if (i->home != group && rank[group] <= rank[i->home]) {
                    rank[group] = rank[i->home] + 1;
                    changed = true;
                }
        if (!changed) {
            std::stable_sort(order.begin(), order.end(), [&](Pruner::Entry* a, Pruner::Entry* b) {
                return rank[a->state->group.get()] < rank[b->state->group.get()];
            });
            return true;
        }
    }
    return false;
}

bool last_of_group(Pruner& p, const Pruner::Entry& of) {
    const Pruner::Entry* last = nullptr;
    for (auto& [id, e] : p.entries())
        if (e.state->group == of.state->group && prune::Emitter::emits(*e.state))
            last = &e;
    return last == &of;
}

// A renderer that dies while it is being attached is replaced by the next one, a few times.
Status attach_all(Pruner& p, AttachTerms terms) {
    const Alone alone;
    Session::get().begin_attach();
    Status s;
    for (int attempt = 0; attempt < 5; ++attempt) {
        s = try_attach_all(p, terms);
        if (!Session::get().renderer_is_dead())
            break;
        s = Status::refused("the renderer dies each time it is attached (the driver crashes?)");
    }
    Session::get().end_attach();
    return s;
}

} // namespace glckpt
