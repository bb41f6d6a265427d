// X errors in the renderer: caught where a call can cause them, never fatal.
//
// Xlib's default handler ends the process, and natively it would have been the app's own business
// to prevent that. Here an error goes back to the app's side, which raises it in the app.
#pragma once
#include "log/ws_protocol.h"
#include <X11/Xlib.h>

namespace glckpt::replay {

// XInitThreads and the handlers; once, before the first XOpenDisplay.
void prepare_xlib();

// Collects the first error of the calls made on this thread while it lives.
class XTrap {
  public:
    // `glx_major`, `glx_error`: the GLX extension's opcode and first error on that server.
    XTrap(::Display* dpy, int glx_major, int glx_error);
    ~XTrap();
    XTrap(const XTrap&) = delete;
    XTrap& operator=(const XTrap&) = delete;
    // `sync`: also errors that the server still has to send.
    log::ws::Failure failure(bool sync);
    bool seen() const { return error_ != 0; }

  private:
    friend struct XTrapHandlers;
    ::Display* dpy_;
    int glx_major_, glx_error_;
    int error_ = 0, major_ = 0, minor_ = 0;
    XTrap* outer_;
};

} // namespace glckpt::replay
