// Swapping, its interval, and the two waits.
#include "interpose/ws/glx.h"

using namespace glckpt;
using namespace glckpt::ws;

namespace {

WsContext* current_glx() {
    WsContext* c = t_thread.current;
    return c && c->display->is_glx() ? c : nullptr;
}

// Of the current drawable; what glXGetSwapIntervalMESA reports.
constexpr int32_t kInterval = 0x20F1; // GLX_SWAP_INTERVAL_EXT

int set_interval(int interval) {
    WsContext* c = current_glx();
    if (!c || !c->draw)
        return GLX_BAD_CONTEXT;
    c->draw->settings[kInterval] = interval;
    set_swap_interval(c->draw, interval);
    return Success;
}

} // namespace

extern "C" {

void glXSwapBuffers(::Display* dpy, GLXDrawable id) {
    WsContext* c = t_thread.current;
    Surface* s = c && c->draw && c->draw->id == id ? c->draw : find_surface(id);
    bool fresh = false;
    if (!s && id && dpy) // a window that no context has ever drawn to
        s = glx_drawable(dpy, id, glx_display(dpy, DefaultScreen(dpy)), -1, &fresh);
    if (!s) {
        raise_glx(dpy, GLXBadDrawable, id, X_GLXSwapBuffers);
        return;
    }
    const Swap done = ws::swap(s);
    if (fresh)
        destroy_surface(s);
    if (done == Swap::Refused)
        raise_glx(dpy, GLXBadDrawable, id, X_GLXSwapBuffers);
}

void glXCopySubBufferMESA(::Display*, GLXDrawable id, int x, int y, int width, int height) {
    Surface* s = find_surface(id);
    if (!s)
        return;
    if (WsContext* c = t_thread.current; c && c->draw == s)
        c->gl->stream.wait_executed();
    ask(kCopySurface, CopySurface{s->id, x, y, width, height, 0});
}

void glXSwapIntervalEXT(::Display* dpy, GLXDrawable id, int interval) {
    Surface* s = find_surface(id);
    if (!s) {
        raise_x(dpy, BadWindow, id, X_GLXVendorPrivate);
        return;
    }
    s->settings[kInterval] = interval;
    set_swap_interval(s, interval);
}

int glXSwapIntervalMESA(unsigned interval) {
    return (int)interval < 0 ? GLX_BAD_VALUE : set_interval((int)interval);
}

int glXSwapIntervalSGI(int interval) {
    return interval <= 0 ? GLX_BAD_VALUE : set_interval(interval);
}

int glXGetSwapIntervalMESA(void) {
    WsContext* c = current_glx();
    if (!c || !c->draw)
        return 0;
    const auto it = c->draw->settings.find(kInterval);
    return it == c->draw->settings.end() ? 0 : it->second;
}

void glXWaitGL(void) { wait_gl(); }

// What the app has asked of X comes before what it asks of GL from now on.
void glXWaitX(void) {
    if (auto* dpy = static_cast<::Display*>(t_thread.glx_display); dpy && xlib().XSync)
        xlib().XSync(dpy, False);
}

} // extern "C"
