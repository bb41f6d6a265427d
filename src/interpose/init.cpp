#include "interpose/init.h"
#include "ckpt/engine.h"
#include "interpose/gl/written.h"
#include "interpose/live/endpoint.h"
#include "interpose/live/pruner.h"
#include "interpose/live/recorder.h"
#include "interpose/live/stress.h"
#include "interpose/session.h"

namespace glckpt::interpose {

namespace {

// A child made by fork() has a copy of the contexts, but the renderer is its parent's: it gives all
// of GL up and, should it use GL itself, starts anew.
void forget_in_child() {
    t_context = &g_null_context;
    Session::forget();
    Pruner::forget();
    Recorder::forget();
    writes_unwatched(true);
    log::g_wake_pruner = nullptr;
    log::g_renderer_check = nullptr;
}

} // namespace

void init_interpose() {
    ckpt::register_fork_child_hook(forget_in_child);
    ckpt::register_endpoint(new GlEndpoint);
    init_stress();
}

} // namespace glckpt::interpose
