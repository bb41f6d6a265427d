// What the way to the X server costs: round trips, large images both ways, small requests.
// Prints one line a figure, in microseconds: the median of rounds, which a loaded machine disturbs
// less than a mean.
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

namespace {

double now_us() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

template <class F>
void measure(const char* name, int rounds, int each, F&& f) {
    std::vector<double> us;
    for (int i = 0; i < rounds; ++i) {
        const double t = now_us();
        for (int k = 0; k < each; ++k)
            f();
        us.push_back((now_us() - t) / each);
    }
    std::sort(us.begin(), us.end());
    printf("%-14s %.2f\n", name, us[us.size() / 2]);
}

} // namespace

int main(int argc, char** argv) {
    const int rounds = argc > 1 ? atoi(argv[1]) : 200;
    constexpr unsigned kSize = 512; // times 4 bytes: 1 MB
    Display* d = XOpenDisplay(nullptr);
    if (!d)
        return 77;
    const int screen = DefaultScreen(d);
    const Window w = XCreateSimpleWindow(d, RootWindow(d, screen), 0, 0, kSize, kSize, 0, 0, 0);
    const Pixmap p = XCreatePixmap(d, w, kSize, kSize, (unsigned)DefaultDepth(d, screen));
    const GC gc = XCreateGC(d, p, 0, nullptr);
    XImage* image = XCreateImage(d, DefaultVisual(d, screen), (unsigned)DefaultDepth(d, screen),
                                 ZPixmap, 0, (char*)calloc(kSize * kSize, 4), kSize, kSize, 32, 0);
    XMapWindow(d, w);
    XSync(d, False);

    measure("round_trip", rounds, 50, [&] {
        Window root;
        int x, y;
        unsigned width, height, border, depth;
        XGetGeometry(d, w, &root, &x, &y, &width, &height, &border, &depth);
    });
    measure("put_image_1mb", rounds, 4, [&] {
        XPutImage(d, p, gc, image, 0, 0, 0, 0, kSize, kSize);
        XSync(d, False);
    });
    measure("get_image_1mb", rounds, 4,
            [&] { XDestroyImage(XGetImage(d, p, 0, 0, kSize, kSize, AllPlanes, ZPixmap)); });
    measure("rectangle", rounds, 2000, [&] { XFillRectangle(d, p, gc, 1, 1, 10, 10); });
    measure("pending", rounds, 200, [&] { XPending(d); });
    XCloseDisplay(d);
    return 0;
}
