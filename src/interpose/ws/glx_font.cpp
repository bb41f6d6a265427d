// glXUseXFont: display lists of bitmaps, one a glyph, drawn by the X server into a pixmap and read
// back. All of it happens on the app's side; the renderer sees only lists and bitmaps.
#include "gen/gl/exports.h"
#include "interpose/ws/glx.h"
#include <algorithm>

namespace glckpt::ws {
namespace {

// Metrics of a glyph; null if the font has none for it.
const XCharStruct* metrics(const XFontStruct& f, unsigned c) {
    const unsigned columns = f.max_char_or_byte2 - f.min_char_or_byte2 + 1;
    const unsigned row = c >> 8, column = c & 0xff;
    if (f.min_byte1 == 0 && f.max_byte1 == 0) {
        if (c < f.min_char_or_byte2 || c > f.max_char_or_byte2)
            return nullptr;
        return f.per_char ? &f.per_char[c - f.min_char_or_byte2] : &f.max_bounds;
    }
    if (row < f.min_byte1 || row > f.max_byte1 || column < f.min_char_or_byte2 ||
        column > f.max_char_or_byte2)
        return nullptr;
    return f.per_char ? &f.per_char[(row - f.min_byte1) * columns + (column - f.min_char_or_byte2)]
                      : &f.max_bounds;
}

// The glyph's pixels as glBitmap wants them: rows of bytes, bottom row first.
std::vector<GLubyte> draw_glyph(::Display* dpy, Drawable root, Font font, unsigned c,
                                const XCharStruct& m, int width, int height) {
    const Xlib& x = xlib();
    std::vector<GLubyte> bits((size_t)((width + 7) / 8 * height));
    Pixmap pixmap = x.XCreatePixmap(dpy, root, (unsigned)width, (unsigned)height, 1);
    XGCValues values{};
    values.foreground = 0;
    values.font = font;
    GC gc = x.XCreateGC(dpy, pixmap, GCForeground | GCFont, &values);
    x.XFillRectangle(dpy, pixmap, gc, 0, 0, (unsigned)width, (unsigned)height);
    x.XSetForeground(dpy, gc, 1);
    XChar2b text{(unsigned char)(c >> 8), (unsigned char)c};
    x.XDrawString16(dpy, pixmap, gc, -m.lbearing, m.ascent, &text, 1);
    XImage* image = x.XGetImage(dpy, pixmap, 0, 0, (unsigned)width, (unsigned)height, 1, XYPixmap);
    if (image) {
        for (int row = 0; row < height; ++row)
            for (int column = 0; column < width; ++column)
                if (image->f.get_pixel(image, column, height - 1 - row))
                    bits[(size_t)row * (size_t)((width + 7) / 8) + (size_t)column / 8] |=
                        (GLubyte)(0x80 >> (column & 7));
        image->f.destroy_image(image);
    }
    x.XFreeGC(dpy, gc);
    x.XFreePixmap(dpy, pixmap);
    return bits;
}

} // namespace
} // namespace glckpt::ws

using namespace glckpt;
using namespace glckpt::ws;

extern "C" void glXUseXFont(Font font, int first, int count, int list_base) {
    auto* dpy = static_cast<::Display*>(t_thread.glx_display);
    const Xlib& x = xlib();
    if (!dpy || !t_thread.current || count <= 0)
        return;
    XFontStruct* f = x.XQueryFont(dpy, font);
    if (!f) {
        raise_x(dpy, BadFont, font, X_GLXUseXFont);
        return;
    }
    const Window root = RootWindow(dpy, (int)t_thread.current->display->screen);
    glckpt::glPushClientAttrib(GL_CLIENT_PIXEL_STORE_BIT);
    glckpt::glPixelStorei(GL_UNPACK_SWAP_BYTES, 0);
    glckpt::glPixelStorei(GL_UNPACK_LSB_FIRST, 0);
    glckpt::glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
    glckpt::glPixelStorei(GL_UNPACK_SKIP_ROWS, 0);
    glckpt::glPixelStorei(GL_UNPACK_SKIP_PIXELS, 0);
    glckpt::glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
    for (int i = 0; i < count; ++i) {
        const unsigned c = (unsigned)(first + i);
        const XCharStruct* m = metrics(*f, c);
        glckpt::glNewList((GLuint)(list_base + i), GL_COMPILE);
        if (m) {
            const int width = m->rbearing - m->lbearing, height = m->ascent + m->descent;
            if (width > 0 && height > 0) {
                const auto bits = draw_glyph(dpy, root, font, c, *m, width, height);
                glckpt::glBitmap(width, height, (GLfloat)-m->lbearing, (GLfloat)m->descent,
                                 m->width, 0, bits.data());
            } else {
                glckpt::glBitmap(0, 0, 0, 0, m->width, 0, nullptr);
            }
        }
        glckpt::glEndList();
    }
    glckpt::glPopClientAttrib();
    x.XFreeFontInfo(nullptr, f, 1);
}
