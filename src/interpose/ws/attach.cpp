// Making the window system objects again in a new renderer: another driver perhaps, on another X
// server perhaps. Called from Session with the app's threads stopped or waiting for it.
#include "interpose/ws/match.h"
#include "interpose/ws/world.h"
#include "interpose/ws/x11.h"

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

Status reopen(Reopened& r) {
    DisplayObject& d = *r.display;
    const auto a = ask_for<OpenDisplayAnswer>(kOpenDisplay, question_of(d));
    if (!a.ok)
        return Status::refused("the new renderer cannot use " + name_of(d) +
                               " (is the display there, and does it offer GL?)");
    std::vector<int32_t> offered = values_of(ask(kListConfigs, DisplayOnly{d.id}));
    const int visual = column_of(d, d.is_glx() ? 0x800B : 0x302E);
    for (size_t i = (size_t)visual; i < offered.size(); i += (size_t)d.columns())
        if (offered[i] != kNoValue && offered[i] != 0)
            offered[i] = (int32_t)x11::virtual_visual((uint32_t)offered[i]);
    r.map = match_configs(d.is_glx(), d.rows, offered);
    ask(kMapConfigs, MapConfigs{d.id, (uint32_t)r.map.size()}, r.map);
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

Status attach() {
    World& w = world();
    std::vector<Reopened> displays;
    std::vector<WsContext*> contexts;
    std::vector<Surface*> surfaces;
    {
        Locked hold(w.lock);
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
