#include "replay/ws/x_errors.h"
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <unistd.h>

namespace glckpt::replay {
namespace {

thread_local XTrap* t_trap = nullptr;

} // namespace

struct XTrapHandlers {
    static int on_error(::Display* dpy, XErrorEvent* e) {
        if (XTrap* t = t_trap) {
            if (!t->error_) {
                t->error_ = e->error_code;
                t->major_ = e->request_code;
                t->minor_ = e->minor_code;
            }
        } else if (getenv("GLCKPT_DEBUG")) {
            char text[128];
            XGetErrorText(dpy, e->error_code, text, sizeof text);
            fprintf(stderr, "glckpt: renderer: X error: %s (request %d.%d, resource 0x%lx)\n", text,
                    e->request_code, e->minor_code, e->resourceid);
        }
        return 0;
    }
    // The server is gone. The app's side learns it from its own connection.
    static int on_io_error(::Display*) { _exit(3); }
};

void prepare_xlib() {
    static std::once_flag once;
    std::call_once(once, [] {
        XInitThreads();
        XSetErrorHandler(XTrapHandlers::on_error);
        XSetIOErrorHandler(XTrapHandlers::on_io_error);
    });
}

XTrap::XTrap(::Display* dpy, int glx_major, int glx_error)
    : dpy_(dpy), glx_major_(glx_major), glx_error_(glx_error), outer_(t_trap) {
    t_trap = this;
}

XTrap::~XTrap() { t_trap = outer_; }

log::ws::Failure XTrap::failure(bool sync) {
    if (sync && dpy_)
        XSync(dpy_, False);
    log::ws::Failure f{};
    if (!error_)
        return f;
    f.glx = glx_error_ > 0 && error_ >= glx_error_ && error_ < glx_error_ + 16;
    f.code = f.glx ? error_ - glx_error_ : error_;
    f.minor = (uint8_t)minor_;
    f.major_core = major_ == glx_major_ ? 0 : (uint8_t)major_;
    return f;
}

} // namespace glckpt::replay
