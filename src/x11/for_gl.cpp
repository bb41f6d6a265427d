#include "x11/for_gl.h"
#include "base/service_thread.h"
#include "gen/x11/protocol.h"
#include "x11/clock.h"
#include "x11/move/exchange.h"
#include "x11/transport/hub.h"

namespace glckpt::x11 {

uint32_t real_xid(uint32_t virtual_xid) {
    Hub& h = hub();
    Locked l(h.lock);
    const Site* site = h.main_site();
    return site ? site->display->names.ids.to_real(VirtualXid{virtual_xid}).value : virtual_xid;
}

uint32_t virtual_visual(uint32_t visual) {
    Hub& h = hub();
    Locked l(h.lock);
    const Site* site = h.main_site();
    return site ? site->display->names.ids.to_virtual(RealXid{visual}).value : visual;
}

uint32_t real_visual(uint32_t visual) { return real_xid(visual); }

void flush_to_server(uint32_t) { hub().flush_to_server(0); }

std::string current_display() {
    Hub& h = hub();
    Locked l(h.lock);
    const Site* site = h.main_site();
    return site ? site->actual.display_name() : std::string();
}

std::string display_for_gl(const char* app_name, bool by_glx) {
    Hub& h = hub();
    Locked l(h.lock);
    Site* site = h.main_site();
    if (const auto asked = parse_display_name(app_name))
        for (Site* s : h.sites_in_use())
            if (s->asked.same_display(*asked))
                site = s;
    if (!site)
        return {};
    site->draws_gl = true;
    site->needs_glx |= by_glx;
    // A new renderer for a program whose server is gone: when that is back (move/loss.h). Sites are
    // never taken away.
    while (site->lost) {
        const uint32_t times = site->attached.load();
        h.lock.unlock();
        const timespec slice{0, 100'000'000};
        futex_wait(site->attached, times, &slice);
        h.lock.lock();
    }
    return site->actual.display_name();
}

namespace {

struct Size {
    std::atomic<uint32_t> answered{0};
    bool known = false;
    unsigned width = 0, height = 0;
};

// Puts the question; the pump brings the answer.
bool ask_size(Hub& h, uint32_t drawable, const std::shared_ptr<Size>& size) {
    using Q = proto::xproto::GetGeometry;
    Locked l(h.lock);
    Site* site = h.main_site();
    Connection* c = nullptr;
    if (site)
        for (Connection* each : site->display->connections)
            if (each->state() == Connection::State::Running)
                c = each;
    if (!c)
        return false;
    if (Link* link = h.link_by_id(c->id()))
        link->pump_reads = true;
    c->send(Build::core<Q>().xid(Q::drawable, VirtualXid{drawable}), [size](ByteSpan m) {
        size->known = m.size() >= 32 && m[0] == 1;
        if (size->known) {
            size->width = load16(&m[Q::Reply::width]);
            size->height = load16(&m[Q::Reply::height]);
        }
        size->answered.store(1);
        futex_wake(size->answered, 1);
    });
    return true;
}

} // namespace

namespace {

// On a thread of glckpt's, which runs while the pump may be held: reads the answer itself.
void wait_without_pump(Hub& h) {
    constexpr uint64_t kPatience = 5'000'000'000;
    Locked l(h.lock);
    if (Site* site = h.main_site())
        Exchange(h.links_of(*site->display), monotonic_ns() + kPatience).sync_all();
}

void wait_for_pump(Hub& h, const Size& size) {
    h.wake();
    constexpr int kSlices = 100; // of 50 ms: a server that is gone answers nobody
    for (int i = 0; i < kSlices && size.answered.load() == 0; ++i) {
        const timespec slice{0, 50'000'000};
        futex_wait(size.answered, 0, &slice);
    }
}

} // namespace

bool window_size(uint32_t virtual_xid, unsigned* width, unsigned* height) {
    Hub& h = hub();
    h.flush_to_server(0);
    const auto size = std::make_shared<Size>();
    if (!ask_size(h, virtual_xid, size))
        return false;
    if (is_service_thread((int)raw_syscall(SYS_gettid)))
        wait_without_pump(h);
    else
        wait_for_pump(h, *size);
    if (size->answered.load() == 0 || !size->known)
        return false;
    *width = size->width;
    *height = size->height;
    return true;
}

} // namespace glckpt::x11
