#include "interpose/ws/world.h"
#include "interpose/live/recorder.h"
#include "interpose/ws/x11.h"
#include <algorithm>

namespace glckpt::ws {

World& world() {
    static World* const w = [] {
        g_ws_attach = attach;
        return new World; // never destroyed: threads may outlive main()
    }();
    return *w;
}

std::vector<char> ask(Kind kind, const void* q, size_t bytes, std::span<const int32_t> rest) {
    std::vector<char> question((const char*)q, (const char*)q + bytes);
    question.insert(question.end(), (const char*)rest.data(),
                    (const char*)(rest.data() + rest.size()));
    return Session::get().ask((log::Ask)kind,
                              std::span<const char>(question.data(), question.size()));
}

std::vector<int32_t> values_of(const std::vector<char>& answer) {
    std::vector<int32_t> v(answer.size() / sizeof(int32_t));
    memcpy(v.data(), answer.data(), v.size() * sizeof(int32_t));
    return v;
}

OpenDisplay question_of(const DisplayObject& d) {
    OpenDisplay q{d.id, d.kind, d.screen, d.device, {}};
    if (d.kind == DisplayKind::Glx || d.kind == DisplayKind::EglX11) {
        // The name under which the app opened it, unless it has been moved to another server.
        std::string name = x11::display_for_gl(d.app_name.c_str(), d.kind == DisplayKind::Glx);
        if (name.empty())
            name = d.app_name;
        strncpy(q.name, name.c_str(), sizeof q.name - 1);
    }
    return q;
}

int column_of(const DisplayObject& d, int32_t attrib) {
    const int32_t* table = d.is_glx() ? kGlxConfigAttribs : kEglConfigAttribs;
    for (int i = 0; i < d.columns(); ++i)
        if (table[i] == attrib)
            return i;
    return -1;
}

namespace {

constexpr int32_t kGlxVisualId = 0x800B, kEglNativeVisualId = 0x302E;

void freeze(DisplayObject& d, std::vector<int32_t>& rows, std::vector<Config>& configs) {
    const int columns = d.columns();
    const int visual = column_of(d, d.is_glx() ? kGlxVisualId : kEglNativeVisualId);
    const size_t n = rows.size() / (size_t)columns;
    configs.reserve(n);
    for (size_t i = 0; i < n; ++i) {
        int32_t* row = &rows[i * (size_t)columns];
        if (row[visual] != kNoValue && row[visual] != 0)
            row[visual] = (int32_t)x11::virtual_visual((uint32_t)row[visual]);
        configs.push_back({&d, (int32_t)i, row});
    }
}

} // namespace

bool open_display(DisplayObject& d, int32_t* error, const std::function<void()>& note) {
    const auto opened = [&] {
        const auto a = ask_for<OpenDisplayAnswer>(kOpenDisplay, question_of(d));
        if (error)
            *error = a.error;
        if (!a.ok)
            return false;
        d.major = a.major;
        d.minor = a.minor;
        d.configs.clear();
        d.visuals.clear();
        d.rows = values_of(ask(kListConfigs, DisplayOnly{d.id}));
        freeze(d, d.rows, d.configs);
        if (d.is_glx()) {
            d.visual_rows = values_of(ask(kListVisuals, DisplayOnly{d.id}));
            freeze(d, d.visual_rows, d.visuals);
        }
        return true;
    };
    if (!settle(opened, note))
        return false;
    if (Recorder* r = Recorder::get())
        r->event(log::Recorded::Display, question_of(d));
    return true;
}

const std::string& display_string(DisplayObject& d, StringOf of, int32_t name) {
    const uint64_t key = (uint64_t)of << 32 | (uint32_t)name;
    {
        Locked hold(world().lock);
        if (const auto it = d.strings.find(key); it != d.strings.end())
            return it->second;
    }
    const std::vector<char> a = ask(kString, String{d.id, of, name});
    Locked hold(world().lock);
    return d.strings.emplace(key, std::string(a.begin(), a.end())).first->second;
}

CreateContext question_of(const WsContext& c) {
    CreateContext q = c.made;
    q.context = c.gl->id;
    q.display = c.display->id;
    q.visual = c.visual ? x11::real_visual(c.visual) : 0;
    q.attribs = (uint32_t)c.attribs.size();
    return q;
}

CreateSurface question_of(const Surface& s) {
    CreateSurface q{};
    q.surface = s.id;
    q.display = s.display->id;
    q.kind = s.kind;
    q.config = s.config;
    q.visual = s.visual ? x11::real_visual(s.visual) : 0;
    q.native = s.native ? x11::real_xid((uint32_t)s.native) : 0;
    q.attribs = (uint32_t)s.attribs.size();
    return q;
}

namespace {

// GLX_ARB_context_flush_control and EGL_KHR_context_flush_control have the same numbers.
bool releases_without_flush(const std::vector<int32_t>& attribs) {
    for (size_t i = 0; i + 1 < attribs.size(); i += 2)
        if (attribs[i] == 0x2097 /*RELEASE_BEHAVIOR*/ && attribs[i + 1] == 0 /*NONE*/)
            return true;
    return false;
}

// Contexts without errors (KHR_no_error): what is undefined in them is to raise an error, so one
// that raises errors, told that it does not (gl/gets.cpp), is a context without errors. No helper
// of the renderer's, which reads what only the GPU has, could share with a driver's own: contexts
// that share must agree in it (GLX_ARB_create_context_no_error, EGL_KHR_create_context_no_error).
// So the driver is asked for one, for it may refuse, and then for the same without the attribute.
constexpr int32_t kNoErrorAttrib = 0x31B3; // GLX's and EGL's

bool wants_no_errors(const std::vector<int32_t>& attribs) {
    bool wants = false;
    for (size_t i = 0; i + 1 < attribs.size(); i += 2)
        if (attribs[i] == kNoErrorAttrib)
            wants = attribs[i + 1] != 0;
    return wants;
}

std::vector<int32_t> without_no_error(const std::vector<int32_t>& attribs) {
    std::vector<int32_t> rest;
    for (size_t i = 0; i + 1 < attribs.size(); i += 2)
        if (attribs[i] != kNoErrorAttrib)
            rest.insert(rest.end(), {attribs[i], attribs[i + 1]});
    rest.push_back(attribs.back());
    return rest;
}

bool driver_makes_no_error(const WsContext& like, Failure* why) {
    CreateContext q = question_of(like);
    q.share = 0;
    const auto o = ask_for<Outcome>(kCreateContext, q, like.attribs);
    *why = o.failure;
    ask(kDestroyContext, ContextOnly{like.gl->id});
    return o.ok != 0;
}

} // namespace

static log::RecordedSurface recorded(const Surface& s) {
    log::RecordedSurface r{s.width, s.height, question_of(s)};
    unsigned width = 0, height = 0;
    if ((!r.width || !r.height) && s.native &&
        x11::window_size((uint32_t)s.native, &width, &height)) {
        r.width = (int)width;
        r.height = (int)height;
    }
    return r;
}

WsContext* create_context(std::unique_ptr<WsContext> like, Api api, WsContext* share,
                          Failure* why) {
    like->gl = new_context(api, share ? share->gl : nullptr);
    like->gl->ws = like.get();
    like->flush_on_release = !releases_without_flush(like->attribs);
    like->made.share = share ? share->gl->id : 0;
    like->gl->no_error = wants_no_errors(like->attribs);
    const bool fits = !share || share->gl->no_error == like->gl->no_error;
    if (!fits) { // as Mesa says it
        *why = like->display->is_glx() ? Failure{8 /*BadMatch*/, 1, 0, 0, 0}
                                       : Failure{0x3009 /*EGL_BAD_MATCH*/, 0, 0, 0, 0};
    }
    const auto made = [&] {
        use_config(*like->display, like->made.config);
        if (wants_no_errors(like->attribs)) {
            if (!driver_makes_no_error(*like, why))
                return false;
            like->attribs = without_no_error(like->attribs);
        }
        const auto o = ask_for<Outcome>(kCreateContext, question_of(*like), like->attribs);
        *why = o.failure;
        return o.ok != 0;
    };
    const auto noted = [&] {
        world().contexts.insert(like.get());
        world().live_contexts.push_back(like.get());
    };
    if (!fits || !settle(made, noted)) {
        glckpt::destroy_context(like->gl);
        return nullptr;
    }
    WsContext* c = like.release();
    if (Recorder* r = Recorder::get())
        r->event(log::Recorded::Context, log::RecordedContext{(uint32_t)api, 0, question_of(*c)},
                 c->attribs);
    return c;
}

Surface* create_surface(std::unique_ptr<Surface> like, Failure* why) {
    World& w = world();
    if (!like->id) {
        Locked hold(w.lock);
        like->id = w.next_surface++;
    }
    const auto made = [&] {
        use_config(*like->display, like->config);
        const auto o = ask_for<Outcome>(kCreateSurface, question_of(*like), like->attribs);
        *why = o.failure;
        return o.ok != 0;
    };
    Surface* s = nullptr;
    const auto noted = [&] {
        auto& place = w.surfaces[like->id];
        if (!place) // two threads may use a window for the first time at once
            place = std::move(like);
        s = place.get();
    };
    if (settle(made, noted))
        if (Recorder* r = Recorder::get())
            r->event(log::Recorded::Surface, recorded(*s), s->attribs);
    return s;
}

Surface* find_surface(uint64_t id) {
    Locked hold(world().lock);
    const auto it = world().surfaces.find(id);
    return it == world().surfaces.end() ? nullptr : it->second.get();
}

bool is_context(const void* handle) {
    Locked hold(world().lock);
    return world().contexts.count((WsContext*)handle) != 0;
}

bool is_dying_context(const void* handle) {
    Locked hold(world().lock);
    for (const WsContext* c : world().live_contexts)
        if (c == handle)
            return c->destroyed;
    return false;
}

void destroy_context(WsContext* c) {
    {
        Locked hold(world().lock);
        world().contexts.erase(c);
        if (c->owner) {
            c->destroyed = true;
            return;
        }
    }
    if (c->bound)
        release_bound(*c);
    // The live set first: a renderer that comes in between must not be given what has no context.
    glckpt::end_context(c->gl);
    if (Recorder* r = Recorder::get())
        r->event(log::Recorded::ContextGone, (uint64_t)c->gl->id);
    {
        Locked hold(world().lock);
        std::erase(world().live_contexts, c);
    }
    ask(kDestroyContext, ContextOnly{c->gl->id});
    glckpt::destroy_context(c->gl);
    delete c;
}

void destroy_surface(Surface* s) {
    World& w = world();
    std::vector<WsContext*> holders;
    {
        Locked hold(w.lock);
        if (s->uses > 0) {
            s->destroyed = true;
            return;
        }
        for (WsContext* c : w.live_contexts)
            if (c->bound && (c->draw == s || c->read == s))
                holders.push_back(c);
    }
    for (WsContext* c : holders)
        release_bound(*c);
    if (Recorder* r = Recorder::get())
        r->event(log::Recorded::SurfaceGone, s->id);
    std::unique_ptr<Surface> gone;
    {
        Locked hold(w.lock);
        const auto it = w.surfaces.find(s->id);
        gone = std::move(it->second);
        w.surfaces.erase(it);
    }
    ask(kDestroySurface, SurfaceOnly{s->id});
}

} // namespace glckpt::ws
