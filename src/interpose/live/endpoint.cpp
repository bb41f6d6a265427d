#include "interpose/live/endpoint.h"
#include "gen/gl/ops.h"
#include "interpose/gl/written.h"
#include "interpose/live/attach.h"
#include "interpose/live/pruner.h"
#include "interpose/live/readback.h"
#include "interpose/live/refusals.h"
#include "interpose/session.h"

namespace glckpt {
namespace {

uint64_t now_ns() {
    timespec t{};
    raw_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1'000'000'000 + (uint64_t)t.tv_nsec;
}

Status renderer_died() {
    return Status::refused("the program's renderer died in the middle of it, and gets a successor");
}

// Stops the renderer between two records.
Status pause_renderer(uint64_t deadline_ns) {
    while (!Session::get().renderer_is_dead()) {
        const auto a = Session::get().ask(log::Ask::Pause, std::span<const char>());
        uint32_t paused = 0;
        if (a.size() == 4)
            memcpy(&paused, a.data(), 4);
        if (paused)
            return {};
        Session::get().ask(log::Ask::Resume, std::span<const char>());
        if (now_ns() > deadline_ns)
            return Status::timed_out(
                "the program is inside a long glBegin/glEnd or waits for the GPU");
        const timespec t{0, 1'000'000};
        raw_syscall(SYS_nanosleep, &t, 0);
    }
    return renderer_died();
}

Status read_back(Pruner& p) {
    Status s = unrestorable(p);
    std::vector<Pruner::Entry*> order;
    if (s && !order_groups(p, order))
        s = Status::refused("EGL images go both ways between contexts that do not share");
    if (s)
        s = read_back_dirty(p);
    return Session::get().renderer_is_dead() ? renderer_died() : s;
}

} // namespace

Status replace_renderer() {
    if (!Session::existing())
        return {};
    Pruner& p = Pruner::get();
    Locked hold(p.lock);
    const Alone alone;
    if (Status s = pause_renderer(now_ns() + 5'000'000'000); !s)
        return s;
    p.fold_all();
    const Status s = read_back(p);
    if (!s) {
        Session::get().ask(log::Ask::Resume, std::span<const char>());
        return s;
    }
    Session::get().stop_renderer();
    return attach_all(p);
}

// A call that crashes the driver crashes the next renderer's, too: natively it would have been the
// program's end. Counts deaths in a row that got no further.
static Status dies_again(Pruner& p) {
    static uint64_t last;
    static int times;
    uint64_t executed = 0;
    std::string ops;
    for (auto& [id, e] : p.entries()) {
        const log::Stream& s = e.context->stream;
        const uint64_t at = s.shared().executed.load();
        executed += at;
        if (at < s.shared().published.load())
            ops += (ops.empty() ? "" : ", ") +
                   std::string(kOpNames[reinterpret_cast<const log::RecordHeader*>(
                                            s.ring() + (at & s.ring_mask()))
                                            ->op]);
    }
    times = executed == last && !ops.empty() ? times + 1 : 0;
    last = executed;
    constexpr int kPatience = 5;
    return times < kPatience ? Status()
                             : Status::refused("the driver crashes each time at or after: " + ops);
}

void recover_renderer() {
    Pruner& p = Pruner::get();
    Locked hold(p.lock);
    if (!Session::get().renderer_is_dead())
        return; // it was being replaced
    p.fold_all();
    Status s = dies_again(p);
    if (s) {
        s = attach_all(p, {.tolerant = true, .lost = true});
    }
    if (!s) {
        say("the renderer died and cannot be replaced: " + s.why());
        raw_syscall(SYS_exit_group, 1);
    }
}

bool GlEndpoint::in_use() { return Session::existing() != nullptr; }

Status GlEndpoint::preflight() {
    if (!Session::existing())
        return {};
    Pruner& p = Pruner::get();
    Locked hold(p.lock);
    p.fold_all();
    if (!p.fold().vetoes.empty())
        return Status::refused("it has called what glckpt does not keep track of: " +
                               vetoes(p.fold()));
    return {};
}

// What the app has issued is executed, so that what is on the screen is what the image has. A
// stream that cannot get there (it waits for another, or the GPU is busy for long) is caught at the
// record where it is.
static void wait_executed(Pruner& p, uint64_t deadline_ns) {
    auto behind = [&] {
        for (auto& [id, e] : p.entries()) {
            const auto& s = e.context->stream.shared();
            if (s.reached.load() < s.published.load())
                return true;
        }
        return false;
    };
    while (behind() && now_ns() < deadline_ns && !Session::get().renderer_is_dead()) {
        p.fold_all();
        const timespec t{0, 200'000};
        raw_syscall(SYS_nanosleep, &t, 0);
    }
}

Status GlEndpoint::drain(uint64_t deadline_ns) {
    if (!Session::existing())
        return {};
    Pruner& p = Pruner::get();
    Locked hold(p.lock);
    const Alone alone;
    const uint64_t now = now_ns();
    wait_executed(p, now + (deadline_ns > now ? (deadline_ns - now) / 2 : 0));
    if (Status s = pause_renderer(deadline_ns); !s)
        return s;
    p.fold_all();
    if (!p.fold().vetoes.empty()) {
        Session::get().ask(log::Ask::Resume, std::span<const char>());
        return Status::refused("it has called what glckpt does not keep track of: " +
                               vetoes(p.fold()));
    }
    Status s = read_back(p);
    if (!s)
        Session::get().ask(log::Ask::Resume, std::span<const char>());
    return s;
}

void GlEndpoint::resume() {
    const Alone alone;
    if (Session::existing())
        Session::get().ask(log::Ask::Resume, std::span<const char>());
}

Status GlEndpoint::attach(const ckpt::AttachRequest& request) {
    if (!Session::existing())
        return {};
    Session& session = Session::get();
    const bool live = !session.renderer_is_dead(); // not in a restarted process
    if (!live)
        writes_unwatched(false);
    const std::vector<std::string> before = session.renderer_env();
    for (const std::string& setting : request.renderer_env)
        session.add_renderer_env(setting);
    Pruner& p = Pruner::get();
    Locked hold(p.lock);
    session.stop_renderer();
    Status s = attach_all(p);
    if (s || !live)
        return s;
    if (!request.display.empty()) { // the caller takes the windows back, and asks again
        session.set_renderer_env(before);
        return s;
    }
    // Back to the driver it had, which took all of it before.
    session.set_renderer_env(before);
    session.stop_renderer();
    const Status back = attach_all(p, {.tolerant = true});
    if (!back) {
        say("neither the new driver (" + s.why() +
            ") nor the old one can be attached: " + back.why());
        raw_syscall(SYS_exit_group, 1);
    }
    return Status::refused(s.why() + "; the program goes on with the driver it had");
}

} // namespace glckpt
