# Draws with GL on two displays (argv[1] and argv[2]).
import ctypes
import sys
import time

X = ctypes.CDLL("libX11.so.6")
G = ctypes.CDLL("libGL.so.1")
P, U = ctypes.c_void_p, ctypes.c_ulong
X.XOpenDisplay.restype = G.glXChooseVisual.restype = G.glXCreateContext.restype = P
X.XRootWindow.restype = X.XCreateColormap.restype = X.XCreateWindow.restype = U


class VisualInfo(ctypes.Structure):
    _fields_ = [("visual", P), ("id", U), ("screen", ctypes.c_int), ("depth", ctypes.c_int)]


class Attributes(ctypes.Structure):
    _fields_ = [("back_pixmap", U), ("back_pixel", U), ("border_pixmap", U), ("border_pixel", U),
                ("bit_gravity", ctypes.c_int), ("win_gravity", ctypes.c_int), ("backing", ctypes.c_int),
                ("planes", U), ("pixel", U), ("save_under", ctypes.c_int), ("events", ctypes.c_long),
                ("propagate", ctypes.c_long), ("override", ctypes.c_int), ("colormap", U), ("cursor", U)]


def open_window(name):
    d = P(X.XOpenDisplay(name.encode()))
    wanted = (ctypes.c_int * 5)(4, 5, 12, 16, 0)  # RGBA, double buffer, depth 16
    v = ctypes.cast(G.glXChooseVisual(d, 0, wanted), ctypes.POINTER(VisualInfo)).contents
    root = U(X.XRootWindow(d, 0))
    a = Attributes(border_pixel=0, colormap=X.XCreateColormap(d, root, P(v.visual), 0))
    w = U(X.XCreateWindow(d, root, 10, 10, 200, 150, 0, v.depth, 1, P(v.visual), U(1 << 3 | 1 << 13), ctypes.byref(a)))
    X.XStoreName(d, w, b"two with GL")
    X.XMapWindow(d, w)
    return d, w, P(G.glXCreateContext(d, ctypes.byref(v), None, 1))


windows = [open_window(name) for name in sys.argv[1:3]]
n = 0
while True:
    n += 1
    for d, w, c in windows:
        assert G.glXMakeCurrent(d, w, c)
        G.glClearColor(ctypes.c_float(n % 10 / 10), ctypes.c_float(0), ctypes.c_float(0.5), ctypes.c_float(1))
        G.glClear(0x4000)
        G.glXSwapBuffers(d, w)
    if n == 10:
        print("drawn on both", flush=True)
    time.sleep(0.05)
