// Textures from pixmaps (GLX_EXT_texture_from_pixmap): what they had when they were bound, also
// when the pixmap has other pixels now, or is gone. Prints as frame.h does.
#define GL_GLEXT_PROTOTYPES
#define GLX_GLXEXT_PROTOTYPES
#include <GL/gl.h>
#include <GL/glx.h>
#include <GL/glxext.h>
#include <X11/Xlib.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>
#include <vector>

namespace {

constexpr unsigned kSize = 32, kOdd = 20;

[[noreturn]] void fail(const char* why) {
    printf("FAILED %s\n", why);
    exit(1);
}

GLXFBConfig config_for(Display* d, int what, int depth) {
    const int want[] = {GLX_DRAWABLE_TYPE, GLX_PIXMAP_BIT, GLX_RENDER_TYPE, GLX_RGBA_BIT, None};
    int n = 0;
    GLXFBConfig* list = glXChooseFBConfig(d, DefaultScreen(d), want, &n);
    for (int i = 0; i < n; ++i) {
        int can = 0, bits = 0, targets = 0;
        glXGetFBConfigAttrib(d, list[i], what, &can);
        glXGetFBConfigAttrib(d, list[i], GLX_BUFFER_SIZE, &bits);
        glXGetFBConfigAttrib(d, list[i], GLX_BIND_TO_TEXTURE_TARGETS_EXT, &targets);
        XVisualInfo* v = glXGetVisualFromFBConfig(d, list[i]);
        const bool fits = v && v->depth == depth;
        if (v)
            XFree(v);
        if (can == True && fits && (targets & GLX_TEXTURE_2D_BIT_EXT))
            return list[i];
    }
    fail("no config for textures from pixmaps");
}

GLuint texture(GLenum target) {
    GLuint t;
    glGenTextures(1, &t);
    glBindTexture(target, t);
    glTexParameteri(target, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(target, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    return t;
}

void quad(GLenum target, float x, float size) {
    glEnable(target);
    glBegin(GL_QUADS);
    glTexCoord2f(0, 0), glVertex2f(x, -1);
    glTexCoord2f(size, 0), glVertex2f(x + 0.9f, -1);
    glTexCoord2f(size, size), glVertex2f(x + 0.9f, 1);
    glTexCoord2f(0, size), glVertex2f(x, 1);
    glEnd();
    glDisable(target);
}

} // namespace

int main(int argc, char** argv) {
    Display* d = XOpenDisplay(nullptr);
    if (!d)
        fail("no display");
    setvbuf(stdout, nullptr, _IOLBF, 0);
    const Window root = DefaultRootWindow(d);
    if (!strstr(glXQueryExtensionsString(d, DefaultScreen(d)), "GLX_EXT_texture_from_pixmap"))
        fail("no config: no textures from pixmaps");
    const GLXFBConfig rgb =
        config_for(d, GLX_BIND_TO_TEXTURE_RGB_EXT, DefaultDepth(d, DefaultScreen(d)));
    const GLXContext context = glXCreateNewContext(d, rgb, GLX_RGBA_TYPE, nullptr, True);
    const unsigned depth = (unsigned)DefaultDepth(d, DefaultScreen(d));
    const Pixmap onto = XCreatePixmap(d, root, 64, 64, depth);
    const GLXPixmap target = glXCreatePixmap(d, rgb, onto, nullptr);
    if (!glXMakeContextCurrent(d, target, target, context))
        fail("no context");
    Pixmap pixmap = XCreatePixmap(d, root, kSize, kSize, depth);
    const Pixmap odd = XCreatePixmap(d, root, kOdd, kOdd, depth);
    const int as_2d[] = {GLX_TEXTURE_TARGET_EXT, GLX_TEXTURE_2D_EXT, GLX_TEXTURE_FORMAT_EXT,
                         GLX_TEXTURE_FORMAT_RGB_EXT, None};
    const int as_rectangle[] = {GLX_TEXTURE_TARGET_EXT, GLX_TEXTURE_RECTANGLE_EXT,
                                GLX_TEXTURE_FORMAT_EXT, GLX_TEXTURE_FORMAT_RGB_EXT, None};
    GLXPixmap image = glXCreatePixmap(d, rgb, pixmap, as_2d);
    const GLXPixmap odd_image = glXCreatePixmap(d, rgb, odd, as_rectangle);
    const GC gc = XCreateGC(d, root, 0, nullptr);
    auto draw = [&](Pixmap p, unsigned size, int i) {
        XSetForeground(d, gc, (unsigned long)(i * 0x070503) & 0xffffff);
        XFillRectangle(d, p, gc, 0, 0, size, size);
        XSetForeground(d, gc, 0xff8000ul + (unsigned long)i);
        XFillRectangle(d, p, gc, i % (int)size, 3, 7, 9);
        XDrawLine(d, p, gc, 0, 0, (int)size, i % (int)size);
    };
    const GLuint flat = texture(GL_TEXTURE_2D), rectangle = texture(0x84F5);
    uint32_t crc = 2166136261u;
    const char* pause = getenv("FRAME_PAUSE_US");
    for (int i = 0, frames = argc > 1 ? atoi(argv[1]) : 20; i < frames; ++i) {
        draw(pixmap, kSize, i);
        draw(odd, kOdd, i * 3);
        glBindTexture(GL_TEXTURE_2D, flat);
        glBindTexture(0x84F5, rectangle);
        if (i % 5 == 0) { // shown for five frames, whatever is drawn meanwhile
            if (i)
                glXReleaseTexImageEXT(d, image, GLX_FRONT_LEFT_EXT);
            glXBindTexImageEXT(d, image, GLX_FRONT_LEFT_EXT, nullptr);
        }
        if (i % 3 == 0) {
            glXReleaseTexImageEXT(d, odd_image, GLX_FRONT_LEFT_EXT);
            glXBindTexImageEXT(d, odd_image, GLX_FRONT_LEFT_EXT, nullptr);
        }
        if (i % 10 == 7) { // the texture outlives it
            glXDestroyPixmap(d, image);
            XFreePixmap(d, pixmap);
            pixmap = XCreatePixmap(d, root, kSize, kSize, depth);
            image = glXCreatePixmap(d, rgb, pixmap, as_2d);
        }
        glViewport(0, 0, 64, 64);
        glClearColor(0.1f, 0.02f * (float)(i % 20), 0.3f, 1);
        glClear(GL_COLOR_BUFFER_BIT);
        quad(GL_TEXTURE_2D, -1, 1);
        quad(0x84F5, 0.05f, kOdd);
        std::vector<unsigned char> p(64 * 64 * 4);
        glReadPixels(0, 0, 64, 64, GL_RGBA, GL_UNSIGNED_BYTE, p.data());
        if (getenv("FRAME_TRACE"))
            printf("at %u %u: %u %u %u\n", 8, 20, p[(20 * 64 + 8) * 4], p[(20 * 64 + 8) * 4 + 1],
                   p[(20 * 64 + 8) * 4 + 2]);
        for (const unsigned char c : p)
            crc = (crc ^ c) * 16777619u;
        const GLenum error = glGetError();
        crc = (crc ^ error) * 16777619u;
        printf("frame %d crc %08x\n", i, crc);
        if (pause)
            usleep((useconds_t)atoi(pause));
    }
    return 0;
}
