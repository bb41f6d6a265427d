// The preload library's start: each room's set-up, in order. The engine first: it owns the stop
// signal and the registry; then X11, which must see the first connection; then GL.
#include "ckpt/engine.h"
#ifdef GLCKPT_HAVE_X11
#include "x11/init.h"
#endif
#ifdef GLCKPT_HAVE_INTERPOSE
#include "interpose/init.h"
#endif

namespace glckpt {
namespace {

[[gnu::constructor]] void start() {
    ckpt::init_engine();
#ifdef GLCKPT_HAVE_X11
    x11::init_x11();
#endif
#ifdef GLCKPT_HAVE_INTERPOSE
    interpose::init_interpose();
#endif
}

} // namespace
} // namespace glckpt
