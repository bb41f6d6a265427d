#include "interpose/live/endpoint.h"
#include "gen/gl/ops.h"
#include "interpose/gl/written.h"
#include "interpose/live/pruner.h"
#include "interpose/live/readback.h"
#include "interpose/live/stream_sink.h"
#include "interpose/session.h"
#include "interpose/ws/for_gl.h"
#include "log/readback.h"
#include <algorithm>
#include <set>

namespace glckpt {
namespace {

// What asks the renderer with the pruner's lock held, or while the pruner stands, must not wait for
// the pruner to replace a renderer that dies meanwhile: it finds out itself.
thread_local int t_alone = 0;
struct Alone {
    Alone() { ++t_alone; }
    ~Alone() { --t_alone; }
    Alone(const Alone&) = delete;
    Alone& operator=(const Alone&) = delete;
};

uint64_t now_ns() {
    timespec t{};
    raw_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1'000'000'000 + (uint64_t)t.tv_nsec;
}

// What the program used that cannot be restored, by name.
std::string vetoes(const prune::Fold& f) {
    std::string names;
    int n = 0;
    for (const auto& [op, times] : f.vetoes) {
        if (++n > 4) {
            names += ", ...";
            break;
        }
        names += (names.empty() ? "" : ", ") + std::string(kOpNames[op]);
    }
    return names;
}

// State of the moment that a new renderer could not be given: refused by name, never dropped.
Status unrestorable(Pruner& p) {
    static const uint16_t mode = prune::family("render_mode");
    for (auto& [id, e] : p.entries()) {
        if (const prune::Kept* k = e.state->slots.find({mode});
            k && k->as<rec::xRenderMode>().mode != GL_RENDER)
            return Status::refused("it is in the middle of a GL selection or feedback (try again)");
        // To execute again what it has executed so far would draw it twice; and its arrays are no
        // longer what they were when it began.
        if (e.state->list && (e.state->list_mode != GL_COMPILE || e.state->list->draws_arrays))
            return Status::refused("it is in the middle of compiling a display list (try again)");
        // No driver gives a name to a vertex array again that only a stack still refers to.
        for (const prune::SavedClient& s : e.state->client_attribs)
            if (s.mask & GL_CLIENT_VERTEX_ARRAY_BIT && s.vao->name && !s.vao->named)
                return Status::refused("vertex array " + std::to_string(s.vao->name) +
                                       " was deleted while the client attribute stack holds it");
        // To compile a list anew takes what its buffers held then.
        for (const auto& [name, list] : e.state->group->lists)
            for (const auto& [object, changes] : list->sources)
                if (static_cast<prune::Buffer&>(*object).changes != changes)
                    return Status::refused("display list " + std::to_string(name) +
                                           " was compiled from buffer object " +
                                           std::to_string(object->name) +
                                           ", which has been written since");
    }
    return {};
}

std::string hexadecimal(uint32_t v) {
    char text[16];
    snprintf(text, sizeof text, "%#x", v);
    return text;
}

void say(const std::string& what) {
    const std::string line = "glckpt: " + what + "\n";
    raw_syscall(SYS_write, 2, line.data(), line.size());
}

Status renderer_died() {
    return Status::refused("the program's renderer died in the middle of it, and gets a successor");
}

// Stops the renderer between two records.
Status pause_renderer(uint64_t deadline_ns) {
    while (!Session::get().renderer_is_dead()) {
        const auto a = Session::get().ask(log::Ask::Pause, std::span<const char>());
        uint32_t paused = 0;
        if (a.size() == 4)
            memcpy(&paused, a.data(), 4);
        if (paused)
            return {};
        Session::get().ask(log::Ask::Resume, std::span<const char>());
        if (now_ns() > deadline_ns)
            return Status::timed_out(
                "the program is inside a long glBegin/glEnd or waits for the GPU");
        const timespec t{0, 1'000'000};
        raw_syscall(SYS_nanosleep, &t, 0);
    }
    return renderer_died();
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

// EGL images are made with the objects of one share group, that of the context they were made in or
// of whoever still has them, and groups that only name them come later. False: two groups have
// images of each other.
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

Context* sharing_context(Pruner& p, Context* c) {
    for (auto& [id, e] : p.entries())
        if (e.context != c && e.context->group == c->group && id < c->id)
            return e.context;
    return nullptr;
}

// Whether what a driver refuses is only said: with --ignore-refused-calls, and where there is no
// going back (the renderer has died).
thread_local bool t_tolerant = false;
thread_local bool t_lost = false; // the renderer has died

Status refused_calls(const log::SwitchAnswer& a) {
    const std::string what =
        "the new driver refuses " +
        (a.failures > 1 ? std::to_string(a.failures) + " calls, the first " : std::string()) +
        a.call + " (GL error " + hexadecimal(a.first_error) + ")";
    if (!t_tolerant && !Session::get().ignores_refused_calls())
        return Status::refused(what + "; --ignore-refused-calls goes on without");
    say("warning: " + what);
    return {};
}

// Of those that anything is emitted for, in the order in which that is done.
bool last_of_group(Pruner& p, const Pruner::Entry& of) {
    const Pruner::Entry* last = nullptr;
    for (auto& [id, e] : p.entries())
        if (e.state->group == of.state->group && prune::Emitter::emits(*e.state))
            last = &e;
    return last == &of;
}

Status attach_context(Pruner& p, Pruner::Entry& e, std::set<prune::Group*>& groups,
                      std::set<uint64_t>& drawables) {
    log::Stream attach;
    if (attach.create(e.context->id) < 0)
        return Status::refused("out of memory or descriptors for a stream");
    Session& session = Session::get();
    session.send_stream(e.context, sharing_context(p, e.context), attach.fd(), true);
    StreamSink sink(attach);
    prune::Emitter out(sink, t_lost);
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
    return a.failures ? refused_calls(a) : Status();
}

// A new renderer is brought to where the live set is. The pruner's lock is held.
Status try_attach_all(Pruner& p) {
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
            s = attach_context(p, *e, groups, drawables);
    if (s)
        session.ask(log::Ask::Resume, std::span<const char>());
    return s;
}

// A renderer that dies while it is being attached is replaced by the next one, a few times.
Status attach_all(Pruner& p) {
    const Alone alone;
    Session::get().begin_attach();
    Status s;
    for (int attempt = 0; attempt < 5; ++attempt) {
        s = try_attach_all(p);
        if (!Session::get().renderer_is_dead())
            break;
        s = Status::refused("the renderer dies each time it is attached (the driver crashes?)");
    }
    Session::get().end_attach();
    return s;
}

Status read_back(Pruner& p) {
    Status s = unrestorable(p);
    std::vector<Pruner::Entry*> order;
    if (s && !order_groups(p, order))
        s = Status::refused("EGL images go both ways between contexts that do not share");
    if (s)
        s = read_back_dirty(p);
    return Session::get().renderer_is_dead() ? renderer_died() : s;
}

} // namespace

bool alone_with_renderer() { return t_alone; }

Status replace_renderer() {
    if (!Session::existing())
        return {};
    Pruner& p = Pruner::get();
    Locked hold(p.lock);
    const Alone alone;
    if (Status s = pause_renderer(now_ns() + 5'000'000'000); !s)
        return s;
    p.fold_all();
    const Status s = read_back(p);
    if (!s) {
        Session::get().ask(log::Ask::Resume, std::span<const char>());
        return s;
    }
    Session::get().stop_renderer();
    return attach_all(p);
}

// A call that crashes the driver crashes the next renderer's, too: natively it would have been the
// program's end. Counts deaths in a row that got no further.
static Status dies_again(Pruner& p) {
    static uint64_t last;
    static int times;
    uint64_t executed = 0;
    std::string ops;
    for (auto& [id, e] : p.entries()) {
        const log::Stream& s = e.context->stream;
        const uint64_t at = s.shared().executed.load();
        executed += at;
        if (at < s.shared().published.load())
            ops += (ops.empty() ? "" : ", ") +
                   std::string(kOpNames[reinterpret_cast<const log::RecordHeader*>(
                                            s.ring() + (at & s.ring_mask()))
                                            ->op]);
    }
    times = executed == last && !ops.empty() ? times + 1 : 0;
    last = executed;
    constexpr int kPatience = 5;
    return times < kPatience ? Status()
                             : Status::refused("the driver crashes each time at or after: " + ops);
}

void recover_renderer() {
    Pruner& p = Pruner::get();
    Locked hold(p.lock);
    if (!Session::get().renderer_is_dead())
        return; // it was being replaced
    p.fold_all();
    Status s = dies_again(p);
    if (s) {
        t_tolerant = t_lost = true;
        s = attach_all(p);
        t_tolerant = t_lost = false;
    }
    if (!s) {
        say("the renderer died and cannot be replaced: " + s.why());
        raw_syscall(SYS_exit_group, 1);
    }
}

bool GlEndpoint::in_use() { return Session::existing() != nullptr; }

Status GlEndpoint::preflight() {
    if (!Session::existing())
        return {};
    Pruner& p = Pruner::get();
    Locked hold(p.lock);
    p.fold_all();
    if (!p.fold().vetoes.empty())
        return Status::refused("it has called what glckpt does not keep track of: " +
                               vetoes(p.fold()));
    return {};
}

// What the app has issued is executed, so that what is on the screen is what the image has. A
// stream that cannot get there (it waits for another, or the GPU is busy for long) is caught at the
// record where it is.
static void wait_executed(Pruner& p, uint64_t deadline_ns) {
    auto behind = [&] {
        for (auto& [id, e] : p.entries()) {
            const auto& s = e.context->stream.shared();
            if (s.reached.load() < s.published.load())
                return true;
        }
        return false;
    };
    while (behind() && now_ns() < deadline_ns && !Session::get().renderer_is_dead()) {
        p.fold_all();
        const timespec t{0, 200'000};
        raw_syscall(SYS_nanosleep, &t, 0);
    }
}

Status GlEndpoint::drain(uint64_t deadline_ns) {
    if (!Session::existing())
        return {};
    Pruner& p = Pruner::get();
    Locked hold(p.lock);
    const Alone alone;
    const uint64_t now = now_ns();
    wait_executed(p, now + (deadline_ns > now ? (deadline_ns - now) / 2 : 0));
    if (Status s = pause_renderer(deadline_ns); !s)
        return s;
    p.fold_all();
    if (!p.fold().vetoes.empty()) {
        Session::get().ask(log::Ask::Resume, std::span<const char>());
        return Status::refused("it has called what glckpt does not keep track of: " +
                               vetoes(p.fold()));
    }
    Status s = read_back(p);
    if (!s)
        Session::get().ask(log::Ask::Resume, std::span<const char>());
    return s;
}

void GlEndpoint::resume() {
    const Alone alone;
    if (Session::existing())
        Session::get().ask(log::Ask::Resume, std::span<const char>());
}

Status GlEndpoint::attach(const ckpt::AttachRequest& request) {
    if (!Session::existing())
        return {};
    Session& session = Session::get();
    const bool live = !session.renderer_is_dead(); // not in a restarted process
    if (!live)
        writes_unwatched(false);
    const std::vector<std::string> before = session.renderer_env();
    for (const std::string& setting : request.renderer_env)
        session.add_renderer_env(setting);
    Pruner& p = Pruner::get();
    Locked hold(p.lock);
    session.stop_renderer();
    Status s = attach_all(p);
    if (s || !live)
        return s;
    if (!request.display.empty()) { // the caller takes the windows back, and asks again
        session.set_renderer_env(before);
        return s;
    }
    // Back to the driver it had, which took all of it before.
    session.set_renderer_env(before);
    session.stop_renderer();
    t_tolerant = true;
    const Status back = attach_all(p);
    t_tolerant = false;
    if (!back) {
        say("neither the new driver (" + s.why() +
            ") nor the old one can be attached: " + back.why());
        raw_syscall(SYS_exit_group, 1);
    }
    return Status::refused(s.why() + "; the program goes on with the driver it had");
}

// The largest picture that is on the screen, top row first, at most 512 pixels wide.
static void add_thumbnail(ckpt::SectionSink& sink) {
    const prune::Contents* best = nullptr;
    for (const auto& [drawable, d] : drawable_contents())
        for (const auto& part : d.parts)
            if (part.buffer == (int32_t)log::DrawableBuffer::Front &&
                part.contents.type == GL_UNSIGNED_BYTE &&
                (!best || part.contents.width * part.contents.height > best->width * best->height))
                best = &part.contents;
    if (!best || !best->pixels)
        return;
    const int step = (best->width + 511) / 512;
    const uint32_t size[2] = {(uint32_t)(best->width / step), (uint32_t)(best->height / step)};
    std::string out(reinterpret_cast<const char*>(size), sizeof size);
    for (uint32_t y = 0; y < size[1]; ++y)
        for (uint32_t x = 0; x < size[0]; ++x) {
            const size_t row = (size_t)best->height - 1 - (size_t)y * (size_t)step;
            out.append(
                best->pixels->data + (row * (size_t)best->width + (size_t)x * (size_t)step) * 4, 3);
            out.push_back((char)255);
        }
    sink.add("thumbnail.rgba", out);
}

void GlEndpoint::describe(ckpt::SectionSink& sink) {
    if (!Session::existing())
        return;
    Pruner& p = Pruner::get();
    class Count : public prune::Sink {
      public:
        void record(const char* bytes, size_t size,
                    std::span<const prune::EmittedPayload> payloads) override {
            ++records;
            live += size;
            log.append(bytes, size);
            // The log section tells of payloads by size alone; they are in the image's memory.
            for (const auto& x : payloads) {
                live += x.bytes;
                const log::PayloadRef ref{(uint32_t)x.bytes, log::PayloadRef::Heap, 0};
                memcpy(log.data() + log.size() - size + x.offset, &ref, sizeof ref);
            }
            auto* h = reinterpret_cast<log::RecordHeader*>(log.data() + log.size() - size);
            h->size = (uint32_t)size;
        }
        uint64_t records = 0, live = 0;
        std::string log;
    } count;
    Locked hold(p.lock);
    prune::Emitter out(count);
    std::vector<Pruner::Entry*> order;
    order_groups(p, order);
    out.egl_images = &p.fold().images;
    std::set<prune::Group*> groups;
    std::string version, renderer;
    for (Pruner::Entry* entry : order) {
        Pruner::Entry& e = *entry;
        if (!out.begin(*e.state))
            continue;
        const bool first = groups.insert(e.state->group.get()).second;
        if (first)
            out.shared_objects(*e.state);
        out.context(*e.state, first);
        if (last_of_group(p, e))
            out.end_of_group(*e.state->group);
        out.end(*e.state);
        auto known = [&](GLenum name) {
            const auto it = e.context->strings.find(name);
            return it == e.context->strings.end() ? std::string()
                                                  : std::string((const char*)it->second);
        };
        if (version.empty())
            version = known(GL_VERSION);
        if (renderer.empty())
            renderer = known(GL_RENDERER);
    }
    auto quoted = [](const std::string& s) {
        std::string q = "\"";
        for (const char ch : s)
            if (ch == '"' || ch == '\\')
                (q += '\\') += ch;
            else if ((unsigned char)ch >= 32)
                q += ch;
        return q + '"';
    };
    sink.add("gl.json", "{\"live_records\":" + std::to_string(count.records) +
                            ",\"live_bytes\":" + std::to_string(count.live) + ",\"contexts\":" +
                            std::to_string(p.entries().size()) + ",\"version\":" + quoted(version) +
                            ",\"renderer\":" + quoted(renderer) + "}");
    sink.add("gl.log", count.log);
    add_thumbnail(sink);
}

} // namespace glckpt
