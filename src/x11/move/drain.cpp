#include "x11/clock.h"
#include "x11/move/loss.h"
#include "x11/move/move.h"
#include "x11/move/readback.h"
#include <cstdio>

namespace glckpt::x11 {
namespace {

// A transfer of a selection that takes longer than this has been forgotten by one of the two.
constexpr uint64_t kTransferPatience = 5'000'000'000;
constexpr uint64_t kDragPatience = 60'000'000'000;

Status check_vetoes(const Display& d) {
    if (d.vetoes.empty())
        return {};
    std::string all;
    for (const std::string& v : d.vetoes)
        all += (all.empty() ? "" : ", ") + v;
    return Status::refused("the program's windows cannot be saved: it uses " + all +
                           ", which glckpt does not track yet");
}

Status check_transfers(const Display& d) {
    const uint64_t now = monotonic_ns();
    for (const Transfer& x : d.transfers)
        if (now - x.since_ns < kTransferPatience)
            return Status::refused("a transfer of the selection " +
                                   std::string(d.names.atoms.name(x.selection)) +
                                   " is going on; try again in a moment");
    for (const Increment& x : d.increments)
        if (now - x.last_ns < kTransferPatience)
            return Status::refused("a selection is being transferred piece by piece (INCR); try "
                                   "again in a moment");
    if (d.drag_ns && now - d.drag_ns < kDragPatience)
        return Status::refused("something is being dragged from window to window (Xdnd); try "
                               "again when it is dropped");
    return {};
}

Status check_server_grab(const Display& d) {
    if (d.grabs.server.empty())
        return {};
    return Status::refused("the program holds the X server grabbed (GrabServer); try again in a "
                           "moment");
}

// Its process moves at the same time.
bool is_of_kin(const Site& site, VirtualXid id) {
    const uint32_t mask = site.display->virtual_setup->mask;
    for (const Kin& k : site.kin)
        for (const uint32_t base : k.bases)
            if ((id.value & ~mask) == base)
                return true;
    return false;
}

} // namespace

Status check_passing(Hub& hub) {
    for (const Site& s : hub.sites) {
        if (Status st = check_transfers(*s.display); !st)
            return st;
        if (Status st = check_server_grab(*s.display); !st)
            return st;
    }
    return {};
}

Status check_movable(Hub& hub) {
    const Site* gl = nullptr;
    for (const Site* s : hub.sites_in_use()) {
        if (Status st = check_vetoes(*s->display); !st)
            return st;
        if (!s->draws_gl)
            continue;
        if (gl)
            return Status::refused("the program draws with GL on two X displays, " +
                                   gl->actual.display_name() + " and " + s->actual.display_name());
        gl = s;
    }
    return check_passing(hub);
}

Status check_alone(Hub& hub) {
    for (const Site* s : hub.sites_in_use())
        for (const Window* w : s->display->resources.all<Window>())
            for (VirtualXid child : w->saved.children)
                if (!s->display->resources.find<Window>(child) && !is_of_kin(*s, child))
                    return Status::refused(
                        "a window of another program lies in one of its windows, and would be "
                        "lost: take a checkpoint of both, as one tree, and restore that elsewhere");
    return {};
}

Status drain_display(Hub& hub, Site& site, uint64_t deadline_ns) {
    if (site.lost) { // what was read while it lived
        complete_saved(*site.display);
        return {};
    }
    Exchange x(hub.links_of(*site.display), deadline_ns);
    const auto failed = [&] {
        return Status::timed_out("cannot read the windows back from display " +
                                 site.actual.display_name() + ": " + x.why());
    };
    if (!x.settle() || !x.sync_all())
        return failed();
    // What came meanwhile may have changed the picture.
    if (Status s = check_movable(hub); !s)
        return s;
    Link* control = x.any();
    if (!control)
        return {}; // connections that the app has not begun to use
    if (!read_back(x, *control))
        return failed();
    site.display->begin_journal();
    for (Link* link : x.links())
        link->give_back_room();
    return {};
}

} // namespace glckpt::x11
