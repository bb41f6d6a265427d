#include "replay/window_image.h"
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <string>

namespace glckpt::replay {
namespace {

// A connection of our own: the driver's may be in the middle of something on another thread.
::Display* connection(const char* name) {
    static std::map<std::string, ::Display*> open;
    auto& d = open[name];
    if (!d)
        d = XOpenDisplay(name);
    return d;
}

unsigned char component(unsigned long pixel, unsigned long mask) {
    if (!mask)
        return 0;
    const int shift = std::countr_zero(mask);
    const unsigned long most = mask >> shift;
    return (unsigned char)(((pixel & mask) >> shift) * 255 / most);
}

} // namespace

std::vector<char> window_image(const char* display, uint32_t window, int32_t* width,
                               int32_t* height) {
    ::Display* d = window && display[0] ? connection(display) : nullptr;
    XWindowAttributes a;
    if (!d || !XGetWindowAttributes(d, window, &a) || a.map_state != IsViewable ||
        !a.visual->red_mask)
        return {};
    int root_x = 0, root_y = 0;
    ::Window child;
    XTranslateCoordinates(d, window, a.root, 0, 0, &root_x, &root_y, &child);
    // GetImage refuses a rectangle that is not wholly on the screen.
    const int x0 = std::max(0, -root_x), y0 = std::max(0, -root_y);
    const int x1 = std::min(a.width, WidthOfScreen(a.screen) - root_x);
    const int y1 = std::min(a.height, HeightOfScreen(a.screen) - root_y);
    if (x0 >= x1 || y0 >= y1)
        return {};
    XImage* image =
        XGetImage(d, window, x0, y0, (unsigned)(x1 - x0), (unsigned)(y1 - y0), AllPlanes, ZPixmap);
    if (!image)
        return {};
    *width = a.width;
    *height = a.height;
    std::vector<char> rgba((size_t)a.width * (size_t)a.height * 4, 0);
    for (int y = y0; y < y1; ++y)
        for (int x = x0; x < x1; ++x) {
            const unsigned long p = XGetPixel(image, x - x0, y - y0);
            char* to = &rgba[((size_t)(a.height - 1 - y) * (size_t)a.width + (size_t)x) * 4];
            to[0] = (char)component(p, a.visual->red_mask);
            to[1] = (char)component(p, a.visual->green_mask);
            to[2] = (char)component(p, a.visual->blue_mask);
            to[3] = (char)255;
        }
    XDestroyImage(image);
    return rgba;
}

} // namespace glckpt::replay
