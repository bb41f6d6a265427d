#include "x11/endpoint.h"
#include "x11/clock.h"
#include "x11/move/kin.h"
#include "x11/move/move.h"
#include "x11/move/readback.h"
#include "x11/transport/inline.h"
#include <cstdio>

namespace glckpt::x11 {
namespace {

// In which a new server is to tell what it has.
constexpr uint64_t kAttachPatience = 30'000'000'000;

std::string quoted(std::string_view s) {
    std::string out = "\"";
    for (char c : s) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += (unsigned char)c < 0x20 ? ' ' : c;
    }
    return out + '"';
}

std::string document(const Site* site) {
    std::string out = "{";
    const auto add = [&](const char* key, size_t n) {
        out += (out.size() > 1 ? ", \"" : "\"") + std::string(key) + "\": " + std::to_string(n);
    };
    const Resources none;
    const Resources& r = site ? site->display->resources : none;
    add("windows", r.count(Kind::Window));
    add("connections", site ? site->display->connections.size() : 0);
    add("pixmaps", r.count(Kind::Pixmap));
    size_t bytes = 0;
    for (const Pixmap* p : r.all<Pixmap>())
        bytes += p->image.size();
    add("pixmap_bytes", bytes);
    add("atoms", site ? site->display->names.atoms.names().size() : 0);
    add("gcs", r.count(Kind::Gc));
    add("fonts", r.count(Kind::Font));
    add("cursors", r.count(Kind::Cursor));
    add("colormaps", r.count(Kind::Colormap));
    add("pictures", r.count(Kind::Picture));
    add("glyph_sets", r.count(Kind::GlyphSet));
    if (site)
        out += ", \"display\": " + quoted(site->actual.display_name()) + ", \"vendor\": " +
               quoted(site->display->real_setup ? site->display->real_setup->vendor : "");
    return out + "}\n";
}

// A program that outlives its server needs what was read back until the next reading.
void discard(Hub& h) {
    for (Site* site : h.sites_in_use())
        if (!h.keeps_lost)
            discard_saved(*site->display);
}

// Where the user wants the program's displays: ":5" is for its only one, or the one that it draws
// on with GL; ":1=:5,:2=:6" names several, by what the program calls them or by where they are now.
// The others stay where they are.
Status find_destinations(Hub& h, std::string_view wanted, std::vector<Destination>& out) {
    for (Site* s : h.sites_in_use())
        out.push_back({s, s->actual});
    while (!wanted.empty()) {
        const std::string_view item = wanted.substr(0, wanted.find(','));
        wanted.remove_prefix(std::min(wanted.size(), item.size() + 1));
        const size_t equals = item.find('=');
        const bool named = equals != item.npos;
        const std::string_view which = item.substr(0, named ? equals : 0);
        const std::string_view where = named ? item.substr(equals + 1) : item;
        const auto to = parse_display_name(where);
        const auto from = named ? parse_display_name(which) : to;
        if (!to || !from)
            return Status::refused("\"" + std::string(to ? which : where) +
                                   "\" is not the name of an X display (:0, host:0.0)");
        if (!named) {
            h.redirect = to;
            for (Site& s : h.sites)
                if (!s.in_use())
                    s.actual = *to;
        }
        bool found = !named;
        for (Destination& d : out)
            if (named ? d.site->asked.same_display(*from) || d.site->actual.same_display(*from)
                      : d.site == h.main_site()) {
                d.to = *to;
                found = true;
            }
        if (!found)
            return Status::refused("the program has no connection to display " +
                                   std::string(which));
    }
    return {};
}

} // namespace

// The program runs: what is only a matter of time is waited for.
bool X11Endpoint::in_use() {
    Hub& h = hub();
    Locked l(h.lock);
    return !h.sites_in_use().empty();
}

Status X11Endpoint::preflight() {
    constexpr uint64_t kPatience = 3'000'000'000;
    const uint64_t give_up = monotonic_ns() + kPatience;
    Hub& h = hub();
    for (;;) {
        {
            Locked l(h.lock);
            if (check_passing(h).ok() || monotonic_ns() > give_up)
                return check_movable(h);
        }
        const timespec pause{0, 10'000'000};
        raw_syscall(SYS_nanosleep, &pause, nullptr);
    }
}

Status X11Endpoint::drain(uint64_t deadline_ns) {
    Hub& h = hub();
    if (!h.pause_pump(deadline_ns))
        return Status::timed_out("the X11 pump thread does not come to rest");
    Status s;
    {
        Locked l(h.lock);
        drop_stale_inline_fds();
        s = check_movable(h);
        for (Site* site : h.sites_in_use())
            if (s.ok())
                s = drain_display(h, *site, deadline_ns);
    }
    if (!s)
        resume();
    return s;
}

void X11Endpoint::resume() {
    Hub& h = hub();
    {
        Locked l(h.lock);
        discard(h);
    }
    h.resume_pump();
}

Status X11Endpoint::attach(const ckpt::AttachRequest& request) {
    Hub& h = hub();
    Status s;
    {
        Locked l(h.lock);
        h.renew();
        std::vector<Destination> destinations;
        if (request.back)
            for (Site* site : h.sites_in_use())
                destinations.push_back({site, site->before_move});
        else
            s = find_destinations(h, request.display, destinations);
        for (Site* site : h.sites_in_use())
            site->before_move = site->actual;
        if (s.ok())
            s = attach_displays(h, destinations,
                                request.deadline_ns ? request.deadline_ns
                                                    : monotonic_ns() + kAttachPatience,
                                request.tree, request.deadline_ns != 0 && !request.back);
        if (s.ok())
            for (Site* site : h.sites_in_use())
                site->display->begin_journal();
        if (s.ok()) {
            discard(h);
            note_inheritance(h);
        }
    }
    h.resume_pump();
    return s;
}

std::string X11Endpoint::tell_tree() {
    Hub& h = hub();
    Locked l(h.lock);
    return tell_kin(h);
}

void X11Endpoint::hear_tree(const std::vector<std::pair<int, std::string>>& told) {
    Hub& h = hub();
    Locked l(h.lock);
    hear_kin(h, told);
}

std::string X11Endpoint::environment() {
    Hub& h = hub();
    Locked l(h.lock);
    return h.inherited.empty() ? "" : kMovedVariable + inheritance_text(h);
}

void X11Endpoint::describe(ckpt::SectionSink& sink) {
    Hub& h = hub();
    Locked l(h.lock);
    sink.add("x11.json", document(h.main_site()));
}

} // namespace glckpt::x11
