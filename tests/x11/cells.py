# A program with colour cells on a screen that hands them out (PseudoColor): argv[1] is the file that it
# writes "ok" or what is wrong to whenever argv[1].ask is there. Its own connection to Xlib, by ctypes.
import ctypes
import os
import sys
import time

X = ctypes.CDLL("libX11.so.6")
X.XOpenDisplay.restype = ctypes.c_void_p
X.XDefaultVisual.restype = ctypes.c_void_p
X.XCreateColormap.restype = X.XDefaultColormap.restype = X.XRootWindow.restype = ctypes.c_ulong
X.XCreateSimpleWindow.restype = ctypes.c_ulong


class Color(ctypes.Structure):
    _fields_ = [("pixel", ctypes.c_ulong), ("red", ctypes.c_ushort), ("green", ctypes.c_ushort),
                ("blue", ctypes.c_ushort), ("flags", ctypes.c_char), ("pad", ctypes.c_char)]


dpy = ctypes.c_void_p(X.XOpenDisplay(None))
root = ctypes.c_ulong(X.XRootWindow(dpy, 0))
own = X.XCreateColormap(dpy, root, ctypes.c_void_p(X.XDefaultVisual(dpy, 0)), 0)
default = X.XDefaultColormap(dpy, 0)
wanted = []


def shared(colormap, r, g, b):
    c = Color(0, r, g, b, 7)
    assert X.XAllocColor(dpy, ctypes.c_ulong(colormap), ctypes.byref(c))
    wanted.append((colormap, c.pixel, (c.red, c.green, c.blue)))
    return c.pixel


shared(own, 0x1111, 0x2222, 0x3333)
gone = shared(own, 0x4444, 0, 0)
cells = (ctypes.c_ulong * 5)()
assert X.XAllocColorCells(dpy, ctypes.c_ulong(own), 0, None, 0, cells, 5)
for i, p in enumerate(cells):
    c = Color(p, 0x1000 * i, 0xffff - 0x1000 * i, 0x8000, 7)
    X.XStoreColor(dpy, ctypes.c_ulong(own), ctypes.byref(c))
    wanted.append((own, p, (c.red, c.green, c.blue)))
shared(own, 0xaaaa, 0xbbbb, 0xcccc)
shared(own, 0xaaaa, 0xbbbb, 0xcccc)
X.XFreeColors(dpy, ctypes.c_ulong(own), (ctypes.c_ulong * 1)(gone), 1, ctypes.c_ulong(0))
wanted = [w for w in wanted if w[1] != gone or w[0] != own]
if len(sys.argv) > 2:  # colours of the screen's own colormap, too
    shared(default, 0x1234, 0x5678, 0x9abc)
    mine = (ctypes.c_ulong * 3)()
    assert X.XAllocColorCells(dpy, ctypes.c_ulong(default), 0, None, 0, mine, 3)
    for i, p in enumerate(mine):
        c = Color(p, 0x2000 * i, 0x7fff, 0xffff - 0x1000 * i, 7)
        X.XStoreColor(dpy, ctypes.c_ulong(default), ctypes.byref(c))
        wanted.append((default, p, (c.red, c.green, c.blue)))
    shared(default, 0x4321, 0x8765, 0xcba9)
X.XStoreNamedColor(dpy, ctypes.c_ulong(own), b"red", cells[0], 7)
wanted = [(m, p, (0xffff, 0, 0) if (m, p) == (own, cells[0]) else rgb) for m, p, rgb in wanted]


def check():
    for colormap, pixel, rgb in wanted:
        c = Color(pixel)
        X.XQueryColor(dpy, ctypes.c_ulong(colormap), ctypes.byref(c))
        if tuple(v >> 8 for v in (c.red, c.green, c.blue)) != tuple(v >> 8 for v in rgb):
            return f"pixel {pixel} of {colormap:#x} is {c.red:#x} {c.green:#x} {c.blue:#x}, not {rgb}"
    free = (ctypes.c_ulong * 512)()
    n = 0
    while n < 512 and X.XAllocColorCells(dpy, ctypes.c_ulong(own), 0, None, 0, ctypes.byref(free, 8 * n), 1):
        n += 1
    X.XFreeColors(dpy, ctypes.c_ulong(own), free, n, ctypes.c_ulong(0))
    return "ok" if n == 256 - 7 else f"{n} cells are free"


while True:
    if os.path.exists(sys.argv[1] + ".ask"):
        os.unlink(sys.argv[1] + ".ask")
        with open(sys.argv[1] + ".new", "w") as f:
            f.write(check() + "\n")
        os.rename(sys.argv[1] + ".new", sys.argv[1])
    time.sleep(0.05)
