// The tables behind the app's numbers, and the questions of the control socket.
#include "replay/ws/ws.h"
#include "gen/gl/driver.h"
#include "replay/ws/display.h"
#include <cstring>
#include <mutex>
#include <unordered_map>

namespace glckpt::replay {
namespace {

// Held only to look things up: the driver's calls are made outside.
std::mutex g_lock;
std::unordered_map<uint32_t, std::shared_ptr<Display>> g_displays;
std::unordered_map<uint32_t, std::shared_ptr<RealContext>> g_contexts;
std::unordered_map<uint64_t, std::shared_ptr<RealSurface>> g_surfaces;
struct RealImage {
    std::shared_ptr<Display> display;
    void* handle = nullptr;
    ~RealImage() {
        if (handle)
            display->destroy_image(handle);
    }
};
std::unordered_map<uint64_t, std::shared_ptr<RealImage>> g_images;

// Contexts that only keep a bare window what it was while others are attached (ws_hold_window).
struct Holder {
    std::shared_ptr<Display> display;
    void* context;
};
std::unordered_map<uint64_t, Holder> g_holders;

// Whose helper is current on this thread, and what it must not keep (ws_release_helper).
thread_local std::shared_ptr<Display> t_helper_display;
thread_local const RealContext::Helper* t_helper_of_window;

template <class Map>
typename Map::mapped_type find(Map& map, typename Map::key_type key) {
    std::lock_guard hold(g_lock);
    const auto it = map.find(key);
    return it == map.end() ? nullptr : it->second;
}

template <class T>
std::vector<char> bytes_of(const T& v) {
    const char* p = reinterpret_cast<const char*>(&v);
    return {p, p + sizeof v};
}
std::vector<char> bytes_of(const std::vector<int32_t>& v) {
    const char* p = reinterpret_cast<const char*>(v.data());
    return {p, p + v.size() * sizeof(int32_t)};
}
std::vector<char> bytes_of(const std::string& s) { return {s.begin(), s.end()}; }

// A question's struct and the values behind it. A question that is too short reads as zeros.
template <class T>
struct Question {
    T head{};
    std::vector<int32_t> rest;
    explicit Question(std::span<const char> q) {
        memcpy(&head, q.data(), std::min(sizeof head, q.size()));
        if (q.size() > sizeof head) {
            rest.resize((q.size() - sizeof head) / sizeof(int32_t));
            memcpy(rest.data(), q.data() + sizeof head, rest.size() * sizeof(int32_t));
        }
    }
};

ws::Outcome done() { return {1, {}, 0}; }
ws::Outcome lost() { return {0, {}, 0}; }

std::vector<char> open_display(std::span<const char> bytes) {
    const Question<ws::OpenDisplay> q(bytes);
    ws::OpenDisplayAnswer a{};
    auto d = q.head.kind == ws::DisplayKind::Glx ? open_glx(q.head, a) : open_egl(q.head, a);
    if (d) {
        std::lock_guard hold(g_lock);
        g_displays[q.head.display] = std::move(d);
    }
    return bytes_of(a);
}

std::vector<char> create_context(std::span<const char> bytes) {
    const Question<ws::CreateContext> q(bytes);
    if (find(g_contexts, q.head.context))
        return bytes_of(done());
    auto d = find(g_displays, q.head.display);
    auto share = find(g_contexts, q.head.share);
    if (!d || (q.head.share && !share))
        return bytes_of(lost());
    auto c = std::make_shared<RealContext>();
    c->display = d;
    c->config = d->row(q.head.config);
    c->egl_api = q.head.egl_api;
    ws::CreateContext real = q.head;
    real.config = c->config;
    const ws::Outcome o = d->create_context(real, q.rest, share.get(), *c);
    if (o.ok) {
        std::lock_guard hold(g_lock);
        g_contexts[q.head.context] = std::move(c);
    }
    return bytes_of(o);
}

void destroy_context(uint32_t id) {
    std::shared_ptr<RealContext> c;
    {
        std::lock_guard hold(g_lock);
        const auto it = g_contexts.find(id);
        if (it == g_contexts.end())
            return;
        c = std::move(it->second);
        g_contexts.erase(it);
    }
    for (auto& h : c->helpers)
        c->display->destroy_helper(h);
    c->display->destroy_context(*c);
    if (c->stand_in) {
        RealSurface s;
        s.kind = c->display->pbuffer_kind();
        s.handle = c->stand_in;
        c->display->destroy_surface(s);
    }
}

std::vector<char> create_surface(std::span<const char> bytes) {
    const Question<ws::CreateSurface> q(bytes);
    auto d = find(g_displays, q.head.display);
    if (auto s = find(g_surfaces, q.head.surface); s && s->handle) {
        if (s->kind == ws::SurfaceKind::GlxBareWindow && d) { // of another config from now on
            auto now = std::make_shared<RealSurface>(*s);
            now->config = d->row(q.head.config);
            std::lock_guard hold(g_lock);
            g_surfaces[q.head.surface] = std::move(now);
        }
        return bytes_of(done());
    }
    if (!d)
        return bytes_of(lost());
    auto s = std::make_shared<RealSurface>();
    s->display = d;
    s->kind = q.head.kind;
    s->config = d->row(q.head.config);
    ws::CreateSurface real = q.head;
    real.config = s->config;
    const ws::Outcome o = d->create_surface(real, q.rest, *s);
    if (o.ok) {
        std::lock_guard hold(g_lock);
        g_surfaces[q.head.surface] = std::move(s);
    }
    return bytes_of(o);
}

void destroy_surface(uint64_t id) {
    std::shared_ptr<RealSurface> s;
    {
        std::lock_guard hold(g_lock);
        const auto it = g_surfaces.find(id);
        if (it == g_surfaces.end())
            return;
        s = std::move(it->second);
        g_surfaces.erase(it);
    }
    if (s->handle)
        s->display->destroy_surface(*s);
}

std::vector<char> string(const ws::String& q) {
    if (q.of == ws::StringOf::EglClient)
        return bytes_of(q.display ? egl_device_string(q.display - 1, q.name)
                                  : egl_client_string(q.name));
    auto d = find(g_displays, q.display);
    return d ? bytes_of(d->string(q.of, q.name)) : std::vector<char>();
}

template <class Call>
std::vector<char> on_surface(uint64_t id, Call call) {
    auto s = find(g_surfaces, id);
    return bytes_of(s && s->handle ? call(*s) : lost());
}

} // namespace

std::vector<char> ws_answer(log::Ask kind, std::span<const char> bytes) {
    switch ((uint32_t)kind) {
    case ws::kOpenDisplay:
        return open_display(bytes);
    case ws::kListConfigs: {
        const Question<ws::DisplayOnly> q(bytes);
        auto d = find(g_displays, q.head.display);
        return d ? bytes_of(q.rest.empty() ? d->configs() : d->configs(q.rest))
                 : std::vector<char>();
    }
    case ws::kListVisuals: {
        auto d = find(g_displays, Question<ws::DisplayOnly>(bytes).head.display);
        return d ? bytes_of(d->visuals()) : std::vector<char>();
    }
    case ws::kMapConfigs: {
        const Question<ws::MapConfigs> q(bytes);
        if (auto d = find(g_displays, q.head.display))
            d->map_configs(q.rest);
        return {};
    }
    case ws::kString:
        return string(Question<ws::String>(bytes).head);
    case ws::kInteger: {
        const Question<ws::Integer> q(bytes);
        ws::IntegerAnswer a{};
        if (auto d = find(g_displays, q.head.display))
            a.ok = d->integer(q.head.name, a.values);
        return bytes_of(a);
    }
    case ws::kListDevices:
        return bytes_of(egl_device_count());
    case ws::kCreateContext:
        return create_context(bytes);
    case ws::kDestroyContext:
        destroy_context(Question<ws::ContextOnly>(bytes).head.context);
        return {};
    case ws::kCreateSurface:
        return create_surface(bytes);
    case ws::kDestroySurface:
        destroy_surface(Question<ws::SurfaceOnly>(bytes).head.surface);
        return {};
    case ws::kQuerySurface: {
        const Question<ws::SurfaceAttrib> q(bytes);
        return on_surface(q.head.surface,
                          [&](RealSurface& s) { return s.display->query_surface(s, q.head.name); });
    }
    case ws::kSetSurface: {
        const Question<ws::SurfaceAttrib> q(bytes);
        return on_surface(q.head.surface, [&](RealSurface& s) {
            return s.display->set_surface(s, q.head.name, q.head.value);
        });
    }
    case ws::kSwapInterval: {
        const Question<ws::SurfaceAttrib> q(bytes);
        return on_surface(q.head.surface, [&](RealSurface& s) {
            s.display->swap_interval(s, q.head.value);
            return done();
        });
    }
    case ws::kSwapSurface:
        return on_surface(Question<ws::SurfaceOnly>(bytes).head.surface,
                          [](RealSurface& s) { return s.display->swap(s); });
    case ws::kCopySurface: {
        const Question<ws::CopySurface> q(bytes);
        return on_surface(q.head.surface,
                          [&](RealSurface& s) { return s.display->copy(s, q.head); });
    }
    case ws::kDestroyImage: {
        std::shared_ptr<RealImage> gone; // outside of the lock
        std::lock_guard hold(g_lock);
        const auto it = g_images.find(Question<ws::SurfaceOnly>(bytes).head.surface);
        if (it != g_images.end()) {
            gone = std::move(it->second);
            g_images.erase(it);
        }
        return {};
    }
    case ws::kLastError: {
        auto c = find(g_contexts, Question<ws::ContextOnly>(bytes).head.context);
        return bytes_of(c ? c->last : ws::Failure{});
    }
    default:
        return {};
    }
}

// Mesa answers glXMakeContextCurrent with True where a bare window has become a drawable of a
// config that the context cannot draw to (another context's, bound since), and then does nothing
// whatever it is told: "MakeCurrent: incompatible visuals for context and drawbuffer".
static bool does_nothing(RealContext& c, const RealSurface* draw) {
    if (!draw || draw->kind != ws::SurfaceKind::GlxBareWindow || draw->config == c.config)
        return false;
    const auto get = reinterpret_cast<const GLubyte* (*)(GLenum)>(c.display->proc("glGetString"));
    return get && !get(GL_VERSION);
}

bool ws_make_current(uint32_t context, uint64_t draw, uint64_t read, bool attaching) {
    auto c = find(g_contexts, context);
    if (!c)
        return false;
    auto d = find(g_surfaces, draw);
    auto r = read == draw ? d : find(g_surfaces, read);
    if (d && !d->handle)
        d.reset();
    if (r && !r->handle)
        r.reset();
    const bool lacks = (draw && !d) || (read && !r);
    ws::Outcome o = lost();
    if (!lacks || !attaching)
        o = c->display->make_current(*c, d.get(), r.get());
    if (attaching && (!o.ok || does_nothing(*c, d.get()))) {
        if (!c->stand_in)
            c->stand_in = c->display->make_stand_in(*c);
        RealSurface s;
        s.handle = c->stand_in;
        o = c->display->make_current(*c, s.handle ? &s : nullptr, s.handle ? &s : nullptr);
    }
    c->last = o.failure;
    return o.ok;
}

void ws_hold_window(uint32_t context, uint64_t surface) {
    auto c = find(g_contexts, context);
    auto s = find(g_surfaces, surface);
    if (!c || !s || !s->handle || s->kind != ws::SurfaceKind::GlxBareWindow || s->config < 0 ||
        s->config == c->config)
        return;
    {
        std::lock_guard hold(g_lock);
        if (g_holders.count(surface))
            return;
    }
    if (void* holder = s->display->hold_window(*s)) {
        std::lock_guard hold(g_lock);
        g_holders[surface] = {s->display, holder};
    }
}

void ws_let_windows_go() {
    decltype(g_holders) all;
    {
        std::lock_guard hold(g_lock);
        all.swap(g_holders);
    }
    for (auto& [surface, h] : all)
        h.display->let_window_go(h.context);
}

void ws_release(uint32_t context) {
    if (auto c = find(g_contexts, context))
        c->display->release();
}

void ws_swap(uint32_t, uint64_t surface) {
    if (auto s = find(g_surfaces, surface); s && s->handle)
        s->display->swap(*s);
}

// A swap has only been *sent* when it returns: another connection may still see the old picture.
void ws_settle(uint64_t surface) {
    if (auto s = find(g_surfaces, surface); s && s->handle)
        s->display->settle();
}

void ws_swap_interval(uint32_t, uint64_t surface, int interval) {
    if (auto s = find(g_surfaces, surface); s && s->handle)
        s->display->swap_interval(*s, interval);
}

static int32_t error_of(const ws::Outcome& o) {
    if (o.ok)
        return 0;
    return o.failure.code ? o.failure.code | (o.failure.glx ? 0x10000 : 0) : -1;
}

int32_t ws_bind_tex_image(uint64_t surface, int buffer, std::span<const int32_t> attribs) {
    auto s = find(g_surfaces, surface);
    const ws::Outcome o = s && s->handle ? s->display->bind_tex_image(*s, buffer, attribs) : lost();
    return error_of(o);
}

int32_t ws_release_tex_image(uint64_t surface, int buffer) {
    auto s = find(g_surfaces, surface);
    const ws::Outcome o = s && s->handle ? s->display->release_tex_image(*s, buffer) : lost();
    return error_of(o);
}

int32_t ws_create_image(uint32_t context, uint64_t image, uint32_t target, uint32_t name,
                        std::span<const int32_t> attribs) {
    constexpr int32_t success = 0x3000, bad_context = 0x3006;
    auto c = find(g_contexts, context);
    if (!c)
        return bad_context;
    auto made = std::make_shared<RealImage>();
    made->display = c->display;
    int32_t error = success;
    made->handle = c->display->create_image(*c, target, name, attribs, &error);
    if (!made->handle)
        return error == success ? bad_context : error;
    std::lock_guard hold(g_lock);
    g_images[image] = std::move(made);
    return success;
}

void* ws_image(uint64_t image) {
    auto i = find(g_images, image);
    return i ? i->handle : nullptr;
}

void ws_wait_gl(uint32_t context) {
    if (auto c = find(g_contexts, context))
        c->display->wait_gl();
}

void* ws_proc(uint32_t context, const char* name) {
    auto c = find(g_contexts, context);
    return c ? c->display->proc(name) : nullptr;
}

bool ws_make_helper_current(uint32_t context, uint64_t surface) {
    auto c = find(g_contexts, context);
    if (!c)
        return false;
    auto s = find(g_surfaces, surface);
    if (surface && (!s || !s->handle))
        return false;
    const int32_t config = s ? s->config : c->config;
    const RealContext::Helper* helper = nullptr;
    for (const auto& h : c->helpers)
        if (h.config == config)
            helper = &h;
    if (!helper) {
        RealContext::Helper made{config, nullptr, 0};
        if (!c->display->make_helper(*c, s.get(), made))
            return false;
        c->helpers.push_back(made);
        helper = &c->helpers.back();
    }
    if (!c->display->make_helper_current(*helper, s.get()))
        return false;
    t_helper_display = c->display;
    t_helper_of_window = s && s->kind == ws::SurfaceKind::GlxBareWindow ? helper : nullptr;
    return true;
}

// A context that is released keeps a bare window a drawable of the config that it has, even when no
// context of the app does any more (interpose/ws/current.cpp).
void ws_release_helper() {
    if (t_helper_of_window)
        t_helper_display->make_helper_current(*t_helper_of_window, nullptr);
    t_helper_of_window = nullptr;
    if (t_helper_display)
        t_helper_display->release();
    t_helper_display.reset();
}

} // namespace glckpt::replay
