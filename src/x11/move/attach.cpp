#include "gen/x11/protocol.h"
#include "x11/clock.h"
#include "x11/move/devices.h"
#include "x11/move/kin.h"
#include "x11/move/move.h"
#include "x11/move/new_server.h"
#include "x11/move/readback.h"
#include "x11/move/recreate.h"
#include "x11/move/tables.h"
#include "x11/move/tell.h"

namespace glckpt::x11 {
namespace {

using namespace proto::xproto;

// From here on the links' descriptors lead to the new server. The old one, if there still is one,
// sees the connections close and frees what was theirs.
void adopt(Site& site, NewServer& server) {
    for (auto& [link, fresh] : server.connections) {
        own_fd_replace(link->server_fd, fresh.release());
        link->server_closed = link->lost = false;
        link->from_server.clear();
        link->to_server.drop_backlog();
        link->to_server.repaired();
        if (fresh.setup)
            link->engine.attached(*fresh.setup);
        else
            link->engine.set_up_again(server.authority.name, server.authority.data);
    }
    site.actual = server.address;
    site.server_pid = peer_pid(server.connections.begin()->first->server_fd);
    site.lost = site.gone = false;
    renumber(*site.display, server);
}

// What could not be made as it was: the program goes on, and somebody should know.
void report(const NewServer& server, const std::vector<std::string>& notes) {
    std::map<std::string, unsigned> times;
    for (const std::string& n : notes)
        ++times[n];
    constexpr unsigned kMost = 8;
    unsigned told = 0;
    for (const auto& [note, n] : times) {
        std::string line = "glckpt: display " + server.address.display_name() + ": " + note;
        if (n > 1)
            line += " (" + std::to_string(n) + " times)";
        line += ++told == kMost && times.size() > kMost ? "; and more\n" : "\n";
        raw_syscall(SYS_write, 2, line.data(), line.size());
        if (told == kMost)
            break;
    }
}

// On a live move: a client that has its windows retained when it goes (SetCloseDownMode) takes them
// along, and does not leave a second set behind.
void leave_nothing(Exchange& x, const Display& d) {
    const uint8_t destroy[4] = {SetCloseDownMode::kOpcode, 0, 1, 0};
    for (const KeptRequest* k : d.kept.in_order())
        if (k->module == &core_module() && k->bytes[0] == SetCloseDownMode::kOpcode)
            if (const Link* l = x.link_of(k->owner))
                raw_syscall(SYS_sendto, l->server_fd, destroy, sizeof destroy,
                            MSG_DONTWAIT | MSG_NOSIGNAL, nullptr, 0);
}

void suppress(Exchange& x, bool on) {
    for (Link* l : x.links())
        l->engine.suppress_events(on);
}

Status recreate(Exchange& x, Display& d, const NewServer& server, Meeting& kin) {
    Recreation r(x, d);
    d.expect_map_notify.clear();
    suppress(x, true);
    renumber_atoms(x, *x.any());
    r.before_windows();
    const bool window_manager = r.window_manager_runs();
    r.windows(kin, window_manager);
    if (Status s = kin.arrive(Meeting::Stage::Made); !s)
        return s;
    r.after_windows();
    r.selections_and_masks();
    d.names.time.rebase(r.server_time());
    r.journal();
    for (Link* l : x.links()) // after a loss; else there is nothing
        l->engine.ask_again();
    x.sync_all();
    if (Status s = kin.arrive(Meeting::Stage::Selected); !s)
        return s;
    suppress(x, false);
    // What follows the app sees as if a user had done it: Expose and ConfigureNotify come by
    // themselves.
    r.map_top_levels(window_manager);
    r.show_pictures();
    r.clear_stale();
    r.named_pixmaps();
    r.grabs_and_focus(window_manager);
    tell_keymap(x, d);
    tell_screen_size(d);
    tell_surroundings(x);
    tell_devices(d, r.notes);
    r.free_scratch();
    report(server, r.notes);
    kin.leave();
    return {};
}

// What has begun is brought to its end, if that can be.
constexpr uint64_t kPatience = 60'000'000'000;

// One site on its way to its display.
struct Move {
    Move(Hub& hub, const Destination& d)
        : site(*d.site), x(hub.links_of(*d.site->display), monotonic_ns() + kPatience) {
        server.address = d.to;
    }
    Site& site;
    Exchange x;
    NewServer server;
    Meeting kin;
};

Status meet(Move& m, const std::string& tree, uint64_t deadline_ns) {
    Status s = m.kin.open(m.server.address, m.server.setup_request, tree, m.site.kin, deadline_ns);
    if (!s)
        return s;
    IdSpace::Bases own;
    for (const auto& [link, fresh] : m.server.connections)
        if (fresh.setup)
            own.emplace_back(link->engine.virtual_base(), fresh.setup->base);
    s = m.kin.arrive(Meeting::Stage::Numbered, own);
    m.server.kin_bases = m.kin.bases();
    return s;
}

// One that cannot go: the others are not to wait for it. (A display that none of them reaches needs
// no telling.)
void refuse_to_kin(const std::vector<std::unique_ptr<Move>>& moves, const std::string& tree,
                   uint64_t deadline_ns) {
    for (const auto& m : moves)
        if (!tree.empty() && !m->site.kin.empty() && !m->server.setup_request.empty() &&
            m->kin.open(m->server.address, m->server.setup_request, tree, m->site.kin, deadline_ns)
                .ok())
            m->kin.leave(Meeting::Stage::Refused);
}

Status carry_out(Move& m, const std::string& tree) {
    Display& d = *m.site.display;
    if (!m.server.setup()) { // connections the app has not begun to use
        for (auto& [link, fresh] : m.server.connections) {
            own_fd_replace(link->server_fd, fresh.release());
            link->engine.set_up_again(m.server.authority.name, m.server.authority.data);
            link->server_closed = link->lost = false;
        }
        m.site.lost = m.site.gone = false;
        m.site.actual = m.server.address;
        return {};
    }
    if (!tree.empty() && !m.site.kin.empty())
        if (Status s = meet(m, tree, monotonic_ns() + kPatience); !s)
            return s;
    leave_nothing(m.x, d);
    adopt(m.site, m.server);
    if (Status s = recreate(m.x, d, m.server, m.kin); !s)
        return s;
    if (m.x.timed_out() || m.x.lost())
        return Status::timed_out("display " + m.server.address.display_name() + ": " + m.x.why());
    return {};
}

} // namespace

Status attach_displays(Hub& hub, const std::vector<Destination>& destinations, uint64_t deadline_ns,
                       const std::string& tree, bool live) {
    std::vector<std::unique_ptr<Move>> moves;
    for (const Destination& d : destinations) {
        moves.push_back(std::make_unique<Move>(hub, d));
        Move& m = *moves.back();
        Status s = examine(m.server, m.x, m.site, deadline_ns);
        if (s.ok() && live)
            s = check_alone(hub);
        if (!s) {
            refuse_to_kin(moves, tree, deadline_ns);
            return s;
        }
    }
    // In the same order in all processes of a tree: they wait for each other on each display.
    std::ranges::stable_sort(moves, {},
                             [](const auto& m) { return m->site.actual.display_name(); });
    for (const auto& m : moves)
        if (Status s = carry_out(*m, tree); !s)
            return s;
    return {};
}

} // namespace glckpt::x11
