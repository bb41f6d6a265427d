// What the GLX face's files share.
#pragma once
#include "interpose/ws/columns.h"
#include "interpose/ws/world.h"
#include "interpose/ws/xlib.h"
#define GLX_GLXEXT_PROTOTYPES
#include <GL/glx.h>
#include <GL/glxproto.h>

namespace glckpt::ws {

// The display object of a server's screen, opened at first use. Null: no GLX there.
DisplayObject* glx_display(::Display* dpy, int screen);
// Null, if the app's handle is none of ours.
const Config* glx_config(GLXFBConfig handle);
inline GLXFBConfig handle_of(const Config& c) {
    return reinterpret_cast<GLXFBConfig>(const_cast<Config*>(&c));
}
inline WsContext* context_of(GLXContext c) { return reinterpret_cast<WsContext*>(c); }
inline GLXContext handle_of(WsContext* c) { return reinterpret_cast<GLXContext>(c); }
// Row of the visual's own config; null: the visual has no GL.
const Config* visual_config(DisplayObject& d, VisualID visual);

// Raises an X protocol error in the app, as libGL does: the app's handler is called.
// `code` counts from the extension's first error if `glx`.
void raise_error(::Display* dpy, int code, bool glx, XID resource, int minor);
inline void raise_glx(::Display* dpy, int code, XID resource, int minor) {
    raise_error(dpy, code, true, resource, minor);
}
inline void raise_x(::Display* dpy, int code, XID resource, int minor) {
    raise_error(dpy, code, false, resource, minor);
}
// What the driver said; `fallback` (a core error) if it said nothing.
void raise_failure(::Display* dpy, const Failure& f, int fallback, XID resource, int minor);

// The drawable behind an XID; a window that GLX has not seen yet becomes one (*fresh).
Surface* glx_drawable(::Display* dpy, GLXDrawable id, DisplayObject* d, int32_t config,
                      bool* fresh);

// Extension names that the faces implement, out of `all`.
std::string supported_extensions(const std::string& all);

} // namespace glckpt::ws
