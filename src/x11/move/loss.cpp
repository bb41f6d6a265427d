#include "x11/move/loss.h"
#include "gen/x11/protocol.h"
#include "x11/clock.h"
#include "x11/move/move.h"
#include "x11/move/readback.h"
#include <algorithm>

namespace glckpt::x11 {
namespace {

constexpr uint64_t kMs = 1'000'000;
// A reading may take a hundredth of the time, and comes at most once a second.
constexpr uint64_t kBetweenReadings = 1000 * kMs, kShare = 100;
constexpr uint64_t kReadingPatience = 2000 * kMs;
constexpr uint64_t kBetweenLooks = 100 * kMs;
// As long a server may take from closing its clients' connections to not listening any more.
constexpr uint64_t kUndecided = 3000 * kMs;
constexpr uint64_t kAttachPatience = 30'000 * kMs;

void say(const std::string& text) {
    const std::string line = "glckpt: " + text + "\n";
    raw_syscall(SYS_write, 2, line.data(), line.size());
}

// What the last reading brought, put aside while the next one is under way: a server that dies in
// the middle of it must not take both along.
class Aside {
  public:
    explicit Aside(Display& d) : d_(d), saved_(std::move(d.saved)) {
        d.saved = {};
        for (Window* w : d.resources.all<Window>())
            windows_[w->id] = std::move(w->saved);
        for (Pixmap* p : d.resources.all<Pixmap>())
            bytes_[p->id] = std::move(p->image);
        for (Region* r : d.resources.all<Region>())
            bytes_[r->id] = std::move(r->rectangles);
    }
    void put_back() {
        d_.saved = std::move(saved_);
        for (auto& [id, s] : windows_)
            if (Window* w = d_.resources.find<Window>(id))
                w->saved = std::move(s);
        for (auto& [id, b] : bytes_) {
            if (Pixmap* p = d_.resources.find<Pixmap>(id))
                p->image = std::move(b);
            if (Region* r = d_.resources.find<Region>(id))
                r->rectangles = std::move(b);
        }
    }

  private:
    Display& d_;
    SavedDisplay saved_;
    std::map<VirtualXid, SavedWindow> windows_;
    std::map<VirtualXid, Bytes> bytes_;
};

bool wants_reading(const Site& s) {
    return s.in_use() && !s.lost && s.display->virtual_setup && s.display->journal.noted() > 0 &&
           s.display->grabs.server.empty();
}

void read_site(Hub& hub, Site& site) {
    Display& d = *site.display;
    const uint64_t begun = monotonic_ns();
    Exchange x(hub.links_of(d), begun + kReadingPatience);
    Aside before(d);
    Link* control = x.any();
    if (control && x.sync_all() && read_back(x, *control)) {
        d.begin_journal();
    } else {
        before.put_back();
    }
    const uint64_t now = monotonic_ns();
    site.next_reading_ns = now + std::max(kBetweenReadings, kShare * (now - begun));
    for (Link* l : x.links())
        if (l->server_closed && !l->app_closed)
            keep_lost(hub, *l);
}

// Connections that were closed by a server that lives end as they would natively.
void give_up(Hub& hub, Site& site) {
    site.lost = false;
    for (Link* l : hub.links_of(*site.display)) {
        l->released |= l->lost;
        l->lost = false;
    }
}

void come_back(Hub& hub, Site& site) {
    Display& d = *site.display;
    const uint64_t changes = d.journal.noted(), dropped = d.journal.dropped();
    complete_saved(d);
    // All of them: some may not have heard yet that the old one is gone.
    for (Link* l : hub.links_of(d))
        l->engine.lost();
    const Status s = attach_displays(hub, {{&site, site.actual}}, monotonic_ns() + kAttachPatience);
    const std::string name = "display " + site.actual.display_name();
    if (!s) {
        if (s.why() != site.refused)
            say(name + " is back, but: " + s.why() + "; waiting for another");
        site.refused = s.why();
        return;
    }
    site.lost = site.gone = false;
    site.refused.clear();
    for (Link* l : hub.links_of(d))
        l->lost = false;
    say(name + " is back: windows made anew" +
        (changes ? ", with " + std::to_string(changes - dropped) + " of " +
                       std::to_string(changes) + " requests since they were last read"
                 : ""));
    for (Link* l : hub.links_of(d)) {
        l->pump_reads = true;
        l->engine.from_client(l->from_app); // what was written meanwhile
    }
    d.begin_journal();
    site.next_reading_ns = 0;
    site.attached.fetch_add(1);
    futex_wake(site.attached, INT32_MAX);
}

void look_for(Hub& hub, Site& site) {
    const uint64_t now = monotonic_ns();
    if (now < site.next_look_ns)
        return;
    site.next_look_ns = now + kBetweenLooks;
    const int fd = connect_to(site.actual);
    if (fd < 0) {
        if (!site.gone)
            say("display " + site.actual.display_name() + " is gone; waiting for it to come back");
        site.gone = true;
        return;
    }
    const int pid = peer_pid(fd);
    raw_syscall(SYS_close, fd);
    if (site.gone || (pid > 0 && pid != site.server_pid))
        come_back(hub, site);
    else if (now - site.lost_ns > kUndecided)
        give_up(hub, site);
}

} // namespace

bool keep_lost(Hub& hub, Link& link) {
    if (!hub.keeps_lost || link.app_closed || link.released || !link.engine.display().virtual_setup)
        return false;
    if (link.lost)
        return true;
    for (Site& s : hub.sites) {
        if (s.display.get() != &link.engine.display())
            continue;
        link.lost = true;
        link.from_server.clear();
        link.engine.lost();
        if (!s.lost) {
            s.lost = true;
            s.lost_ns = monotonic_ns();
            s.next_look_ns = 0;
        }
        return true;
    }
    return false;
}

int next_loss_work_ms(const Hub& hub) {
    if (!hub.keeps_lost)
        return -1;
    uint64_t next = UINT64_MAX;
    for (const Site& s : hub.sites) {
        if (s.lost)
            next = std::min(next, s.next_look_ns);
        else if (wants_reading(s))
            next = std::min(next, s.next_reading_ns);
    }
    if (next == UINT64_MAX)
        return -1;
    const uint64_t now = monotonic_ns();
    return next <= now ? 0 : (int)((next - now) / kMs) + 1;
}

void do_loss_work(Hub& hub) {
    if (!hub.keeps_lost)
        return;
    for (Site& s : hub.sites) {
        if (s.lost && s.in_use())
            look_for(hub, s);
        else if (wants_reading(s) && monotonic_ns() >= s.next_reading_ns)
            read_site(hub, s);
    }
}

namespace {

// The app may have been told of it, or not.
void set_mapped(Window& w, bool mapped) {
    constexpr uint8_t kViewable = 2;
    w.saved.map_state = mapped ? kViewable : 0;
    w.saved.told = !mapped;
}

void follow_mapping(Display& d) {
    using namespace proto::xproto;
    for (const Journal::Entry& e : d.journal.entries()) {
        const uint8_t opcode = e.request[0];
        if (e.request.size() < 8 || !Journal::maps(e))
            continue;
        const VirtualXid id{load32(&e.request[MapWindow::window])};
        const bool map = opcode == MapWindow::kOpcode || opcode == MapSubwindows::kOpcode;
        if (opcode == MapWindow::kOpcode || opcode == UnmapWindow::kOpcode) {
            if (Window* w = d.resources.find<Window>(id))
                set_mapped(*w, map);
        } else {
            for (VirtualXid child : d.resources.children_of(id))
                set_mapped(*d.resources.find<Window>(child), map);
        }
    }
}

} // namespace

void complete_saved(Display& d) {
    for (Window* w : d.resources.all<Window>()) {
        SavedWindow& s = w->saved;
        if (!s.exists) {
            s = {};
            s.exists = true;
            s.x = w->x;
            s.y = w->y;
            s.width = w->width;
            s.height = w->height;
            s.border = w->border;
            s.parent = w->parent;
        }
        if (Window* parent = d.resources.find<Window>(w->parent)) {
            auto& children = parent->saved.children;
            if (std::ranges::find(children, w->id) == children.end())
                children.push_back(w->id);
        }
    }
    follow_mapping(d);
}

} // namespace glckpt::x11
