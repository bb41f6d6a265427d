#include "x11/move/compatible.h"
#include <cstdio>

namespace glckpt::x11 {
namespace {

template <class... Args>
Status refuse(const NewServer& server, const char* format, Args... args) {
    char text[256];
    snprintf(text, sizeof text, format, args...);
    return Status::refused("display " + server.address.display_name() + " " + text);
}

// Whether images of this depth matter to the program. The odd ones (Xephyr has depth 4 in half a
// byte, Xvfb in a whole one) are nobody's; who comes to them after a move gets an error from the
// server, as with a server that has no such depth.
bool uses_depth(const Display& d, const Setup& from, uint8_t depth) {
    if (depth == 1 || depth == 8 || depth == 24 || depth == 32)
        return true;
    for (const Screen& s : from.screens)
        if (s.root_depth == depth)
            return true;
    for (const Window* w : d.resources.all<Window>())
        if (w->depth == depth)
            return true;
    for (const Pixmap* p : d.resources.all<Pixmap>())
        if (p->depth == depth)
            return true;
    return false;
}

// Images cross the wire in the server's layout, and the app's libraries have made up their minds.
Status check_layout(const NewServer& server, const Display& d, const Setup& from, const Setup& to) {
    if (from.image_order != to.image_order || from.bitmap_order != to.bitmap_order ||
        from.bitmap_unit != to.bitmap_unit || from.bitmap_pad != to.bitmap_pad)
        return refuse(server, "has another byte or bit order in images than the one the program "
                              "was started on");
    for (const PixmapFormat& f : from.formats)
        for (const PixmapFormat& g : to.formats)
            if (f.depth == g.depth && uses_depth(d, from, f.depth) &&
                (f.bits_per_pixel != g.bits_per_pixel || f.scanline_pad != g.scanline_pad))
                return refuse(server, "has %d bits per pixel at depth %d, the program expects %d",
                              g.bits_per_pixel, f.depth, f.bits_per_pixel);
    if (to.max_request_units < from.max_request_units)
        return refuse(server, "takes requests of at most %u bytes, the program was told %u",
                      4u * to.max_request_units, 4u * from.max_request_units);
    return {};
}

bool has_depth(const Setup& s, uint8_t depth) {
    for (const PixmapFormat& f : s.formats)
        if (f.depth == depth)
            return true;
    return false;
}

Status check_visuals(const NewServer& server, const Display& d, const Setup& from,
                     const Setup& to) {
    const std::vector<uint32_t> match = match_visuals(from, to);
    const auto require = [&](uint32_t visual, const char* what, uint32_t id) -> Status {
        for (size_t i = 0; i < from.visuals.size(); ++i) {
            const Visual& v = from.visuals[i];
            if (v.id == visual && match[i] == 0)
                return refuse(server,
                              "has no visual of depth %d, class %d and masks %x/%x/%x, "
                              "which %s 0x%x uses",
                              v.depth, v.klass, v.red, v.green, v.blue, what, id);
        }
        return {};
    };
    for (const Screen& s : from.screens)
        if (Status st = require(s.root_visual, "root window", s.root); !st)
            return st;
    for (const Window* w : d.resources.all<Window>())
        if (Status st = require(w->visual, "window", w->id.value); !st)
            return st;
    for (const Colormap* c : d.resources.all<Colormap>())
        if (Status st = require(c->visual, "colormap", c->id.value); !st)
            return st;
    for (const Pixmap* p : d.resources.all<Pixmap>())
        if (!has_depth(to, p->depth))
            return refuse(server, "has no pixmaps of depth %d, which pixmap 0x%x has", p->depth,
                          p->id.value);
    return {};
}

Status check_extensions(const NewServer& server, const Display& d) {
    for (const Extension& e : const_cast<Display&>(d).extensions.all())
        if (e.used && !server.extensions.contains(e.module) &&
            std::string_view(e.module->xname) != "GLX")
            return refuse(server, "lacks extension %s, which the program uses", e.module->xname);
    return {};
}

} // namespace

std::vector<uint32_t> match_visuals(const Setup& from, const Setup& to) {
    std::vector<uint32_t> match;
    for (size_t i = 0; i < from.visuals.size(); ++i) {
        size_t rank = 0;
        for (size_t j = 0; j < i; ++j)
            rank += from.visuals[j].same_kind(from.visuals[i]);
        uint32_t found = 0;
        for (const Visual& v : to.visuals) {
            if (!v.same_kind(from.visuals[i]))
                continue;
            found = v.id;
            if (rank-- == 0)
                break;
        }
        match.push_back(found);
    }
    return match;
}

Status check_compatible(const NewServer& server, const Display& d) {
    const Setup& to = *server.setup();
    const Setup& from = *d.virtual_setup;
    if (Status s = check_layout(server, d, from, to); !s)
        return s;
    if (to.screens.size() < from.screens.size())
        return refuse(server, "has %zu screens, the program expects %zu", to.screens.size(),
                      from.screens.size());
    if (Status s = check_visuals(server, d, from, to); !s)
        return s;
    return check_extensions(server, d);
}

} // namespace glckpt::x11
