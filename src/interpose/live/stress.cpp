#include "interpose/live/stress.h"
#include "base/syscall.h"
#include "interpose/gl/context.h"
#include "interpose/live/endpoint.h"
#include "interpose/session.h"
#include "log/stream.h"
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>

namespace glckpt {
namespace {

std::atomic<uint64_t> g_calls{0}, g_next{0}, g_times{0};
uint64_t g_every = 0, g_most = 0;
std::string g_env; // for the renderers after the first: another driver
thread_local bool t_replacing = false, t_paused = false;

// Called at each synchronous call and swap, before it waits.
void stress_point() {
    // Between glBegin and glEnd there is no stopping (a question there is an error of the app).
    if (t_replacing || t_paused || t_context->stream.inside_begin)
        return;
    const uint64_t n = g_calls.fetch_add(1) + 1;
    uint64_t next = g_next.load();
    if (n < next || !g_next.compare_exchange_strong(next, n + g_every))
        return;
    const uint64_t times = g_times.fetch_add(1) + 1;
    if (g_most && times >= g_most)
        g_next.store(~0ull);
    else if (g_most && times >= g_most / 2) // the later half spreads out
        g_next.store(n + (g_every << std::min<uint64_t>(times - g_most / 2, 40)));
    t_replacing = true;
    if (times == 1 && !g_env.empty())
        Session::get().add_renderer_env(g_env);
    else if (times > 1)
        Session::get().expect_many_renderers();
    const Status s = replace_renderer();
    t_replacing = false;
    // A moment that cannot be given to a new renderer: the next one may be.
    if (!s && s.why().ends_with("try again")) {
        g_times.fetch_sub(1);
        g_next.store(n + 1);
        return;
    }
    if (!s) {
        const std::string line = "glckpt: stress: " + s.why() + "\n";
        raw_syscall(SYS_write, 2, line.data(), line.size());
        raw_syscall(SYS_exit_group, 99);
    }
}

} // namespace

StressPause::~StressPause() { t_paused = was_; }
void StressPause::begin() const { t_paused = true; }
bool StressPause::paused() { return t_paused; }

void init_stress() {
    const char* e = getenv("GLCKPT_STRESS");
    if (!e)
        return;
    if (const char* r = strstr(e, "replace:"))
        g_every = strtoull(r + 8, nullptr, 10);
    if (const char* m = strstr(e, "max:"))
        g_most = strtoull(m + 4, nullptr, 10);
    if (const char* s = strstr(e, "env:"))
        g_env.assign(s + 4, strcspn(s + 4, ","));
    if (!g_every)
        return;
    g_next.store(g_every);
    log::g_sync_point = stress_point;
}

} // namespace glckpt
