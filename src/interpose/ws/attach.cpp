// Making the window system objects again in a new renderer: another driver perhaps, on another X
// server perhaps. Called from Session with the app's threads stopped or waiting for it.
#include "interpose/ws/match.h"
#include "interpose/ws/world.h"
#include "interpose/ws/x11.h"
#include <algorithm>

namespace glckpt::ws {
namespace {

struct Reopened {
    DisplayObject* display;
    std::vector<int32_t> map;
};

std::string name_of(const DisplayObject& d) {
    switch (d.kind) {
    case DisplayKind::Glx:
        return std::string("GLX on X display ") + question_of(d).name;
    case DisplayKind::EglX11:
        return std::string("EGL on X display ") + question_of(d).name;
    case DisplayKind::EglSurfaceless:
        return "surfaceless EGL";
    default:
        return "EGL on device " + std::to_string(d.device);
    }
}

std::vector<int32_t> offered_configs(const DisplayObject& d, const std::vector<int32_t>& rows) {
    std::vector<int32_t> offered = values_of(ask(kListConfigs, DisplayOnly{d.id}, rows));
    const int visual = column_of(d, d.is_glx() ? 0x800B : 0x302E);
    for (size_t i = (size_t)visual; i < offered.size(); i += (size_t)d.columns())
        if (offered[i] != kNoValue && offered[i] != 0)
            offered[i] = (int32_t)x11::virtual_visual((uint32_t)offered[i]);
    return offered;
}

void map_all(Reopened& r) {
    DisplayObject& d = *r.display;
    r.map = match_configs(d.is_glx(), d.rows, offered_configs(d, {}));
    ask(kMapConfigs, MapConfigs{d.id, (uint32_t)r.map.size()}, r.map);
}

// Asking for each attribute of each config takes a GLX driver 10 ms and more (600 configs of 42
// attributes, and every call looks its config up and asks for the process id), and comparing them
// all with what was frozen a few. A program uses one or two: if the renderer has these at the same
// places, that is all it is asked. The rest follows when the program makes something of another
// (use_config).
bool map_used(Reopened& r) {
    DisplayObject& d = *r.display;
    std::vector<int32_t> rows;
    std::vector<bool> used;
    {
        Locked hold(world().lock);
        used = d.used;
    }
    used.resize(d.configs.size());
    for (size_t i = 0; i < used.size(); ++i)
        if (used[i])
            rows.push_back((int32_t)i);
    const std::vector<int32_t> offered =
        rows.empty() ? std::vector<int32_t>() : offered_configs(d, rows);
    const auto width = (size_t)d.columns();
    // The last column of GLX's is not of the config (kDriverRank).
    const size_t compared = width - (d.is_glx() ? 1 : 0);
    if (offered.size() != rows.size() * width)
        return false;
    // libglvnd does not know GLX_VISUAL_SELECT_GROUP_SGIX before anybody has chosen a config.
    auto same = [](int32_t a, int32_t b) {
        return (a == kNoValue ? 0 : a) == (b == kNoValue ? 0 : b);
    };
    for (size_t i = 0; i < rows.size(); ++i)
        if (!std::equal(&offered[i * width], &offered[i * width] + compared,
                        &d.rows[(size_t)rows[i] * width], same))
            return false;
    r.map.assign(d.configs.size(), -1);
    for (const int32_t row : rows)
        r.map[(size_t)row] = row;
    ask(kMapConfigs, MapConfigs{d.id, (uint32_t)r.map.size()}, r.map);
    Locked hold(world().lock);
    d.known = std::move(used);
    return true;
}

Status reopen(Reopened& r) {
    DisplayObject& d = *r.display;
    const auto a = ask_for<OpenDisplayAnswer>(kOpenDisplay, question_of(d));
    if (!a.ok)
        return Status::refused("the new renderer cannot use " + name_of(d) +
                               " (is the display there, and does it offer GL?)");
    if (!map_used(r)) {
        map_all(r);
        Locked hold(world().lock);
        d.known.clear();
    }
    return {};
}

Status check_config(const std::vector<Reopened>& displays, const DisplayObject* d, int32_t config,
                    const char* what) {
    if (config < 0)
        return {};
    for (const Reopened& r : displays)
        if (r.display == d && r.map[(size_t)config] < 0)
            return Status::refused("the new driver has no config for a " + std::string(what) +
                                   " of this program: it wants at least " +
                                   describe_config(d->is_glx(), d->configs[(size_t)config].values));
    return {};
}

Status remake(const WsContext& c, const std::vector<const WsContext*>& made) {
    CreateContext q = question_of(c);
    // The context it was made to share with may be gone; any of the group does.
    q.share = 0;
    for (const WsContext* other : made)
        if (other->gl->group == c.gl->group) {
            q.share = other->gl->id;
            break;
        }
    const auto o = ask_for<Outcome>(kCreateContext, q, c.attribs);
    if (o.ok)
        return {};
    std::string attribs;
    for (size_t i = 0; i + 1 < c.attribs.size(); i += 2) {
        char text[40];
        snprintf(text, sizeof text, " 0x%x=0x%x", (unsigned)c.attribs[i],
                 (unsigned)c.attribs[i + 1]);
        attribs += text;
    }
    return Status::refused("the new driver refuses a context that this program has (attributes" +
                           (attribs.empty() ? " none" : attribs) + ")");
}

} // namespace

// A renderer that comes while this asks the one before finds it among the used ones.
void use_config(DisplayObject& d, int32_t config) {
    if (config < 0 || (size_t)config >= d.configs.size())
        return;
    {
        Locked hold(world().lock);
        d.used.resize(d.configs.size());
        d.used[(size_t)config] = true;
        if (d.known.empty() || d.known[(size_t)config])
            return;
    }
    const auto mapped = [&] {
        Reopened r{&d, {}};
        map_all(r);
        return true;
    };
    settle(mapped, [&] { d.known.clear(); });
}

Status attach() {
    World& w = world();
    std::vector<Reopened> displays;
    std::vector<WsContext*> contexts;
    std::vector<Surface*> surfaces;
    {
        Locked hold(w.lock);
        ++w.attaches;
        for (const auto& d : w.displays)
            displays.push_back({d.get(), {}});
        contexts = w.live_contexts;
        for (const auto& [id, s] : w.surfaces)
            surfaces.push_back(s.get());
    }
    for (Reopened& r : displays)
        if (Status s = reopen(r); !s)
            return s;
    std::vector<const WsContext*> made;
    for (WsContext* c : contexts) {
        if (Status s = check_config(displays, c->display, c->made.config, "context"); !s)
            return s;
        if (Status s = remake(*c, made); !s)
            return s;
        made.push_back(c);
    }
    for (Surface* s : surfaces) {
        bool bound = false;
        for (const WsContext* c : contexts)
            bound = bound || (c->bound && (c->draw == s || c->read == s));
        if (Status st = check_config(displays, s->display, s->config, "drawable"); !st)
            return st;
        const auto o = ask_for<Outcome>(kCreateSurface, question_of(*s), s->attribs);
        // A window that the app has destroyed meanwhile is gone natively, too.
        if (!o.ok && !s->native)
            return Status::refused("the new driver refuses a pbuffer of " +
                                   std::to_string(s->width) + "x" + std::to_string(s->height));
        if (!o.ok && bound && !s->is_window())
            return Status::refused("the new driver refuses a pixmap that the program draws to");
        for (const auto& [name, value] : s->settings)
            if (!s->display->is_glx())
                ask(kSetSurface, SurfaceAttrib{s->id, name, value});
    }
    return {};
}

} // namespace glckpt::ws
