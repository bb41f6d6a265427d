// Xlib as the app has it. The preload does not link it: most processes have no use for it, and a
// program that calls GLX has brought its own.
#pragma once
#include <X11/Xlib.h>
#include <X11/Xlibint.h>
#include <X11/Xutil.h>
// Xlibint.h defines these as macros.
#undef min
#undef max

namespace glckpt::ws {

struct Xlib {
#define GLCKPT_XLIB_FUNCTIONS(X)                                                                   \
    X(XChangeGC)                                                                                   \
    X(XCreateGC)                                                                                   \
    X(XCreatePixmap)                                                                               \
    X(XDrawString16)                                                                               \
    X(XFillRectangle)                                                                              \
    X(XFlush)                                                                                      \
    X(XFree)                                                                                       \
    X(XFreeFontInfo)                                                                               \
    X(XFreeGC)                                                                                     \
    X(XFreePixmap)                                                                                 \
    X(XGetGeometry)                                                                                \
    X(XGetImage)                                                                                   \
    X(XGetVisualInfo)                                                                              \
    X(XQueryExtension)                                                                             \
    X(XQueryFont)                                                                                  \
    X(XSetForeground)                                                                              \
    X(XSync)                                                                                       \
    X(_XError)
#define GLCKPT_DECLARE(f) decltype(&::f) f;
    GLCKPT_XLIB_FUNCTIONS(GLCKPT_DECLARE)
#undef GLCKPT_DECLARE
};

const Xlib& xlib();

} // namespace glckpt::ws
