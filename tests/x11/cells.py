# A program with colour cells on a screen that hands them out (PseudoColor; argv[2] "direct": in a
# DirectColor colormap): argv[1] is the file that it
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


class VisualInfo(ctypes.Structure):
    _fields_ = [("visual", ctypes.c_void_p), ("id", ctypes.c_ulong), ("screen", ctypes.c_int),
                ("depth", ctypes.c_int), ("klass", ctypes.c_int), ("masks", ctypes.c_ulong * 3),
                ("size", ctypes.c_int), ("bits", ctypes.c_int)]


direct = sys.argv[2:] == ["direct"]
visual = VisualInfo(X.XDefaultVisual(dpy, 0))
DIRECT_COLOR = 5
assert not direct or X.XMatchVisualInfo(dpy, 0, 24, DIRECT_COLOR, ctypes.byref(visual))
own = X.XCreateColormap(dpy, root, ctypes.c_void_p(visual.visual), 0)
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
if direct:  # planes; entries of one table alone; two shared colours with a primary in common
    first, masks = (ctypes.c_ulong * 2)(), [ctypes.c_ulong() for _ in range(3)]
    assert X.XAllocColorPlanes(dpy, ctypes.c_ulong(own), 0, first, 2, 2, 1, 1, *map(ctypes.byref, masks))
    for p, r, g, b in ((first[0], 0x1200, 0x3400, 0x5600), (first[1] | sum(m.value for m in masks), 0x7800, 0x9a00, 0xbc00)):
        X.XStoreColor(dpy, ctypes.c_ulong(own), ctypes.byref(Color(p, r, g, b, 7)))
        wanted.append((own, p, (r, g, b)))
    X.XStoreColor(dpy, ctypes.c_ulong(own), ctypes.byref(Color(cells[4], 0x4700, 0, 0, 1)))
    wanted = [(m, p, (0x4700, *rgb[1:]) if p == cells[4] else rgb) for m, p, rgb in wanted]
    shared(own, 0x1111, 0x7777, 0x3333)
    shared(own, 0x9999, 0x7777, 0x3333)
    gone = shared(own, 0x9999, 0x2222, 0xeeee)
    X.XFreeColors(dpy, ctypes.c_ulong(own), (ctypes.c_ulong * 1)(gone), 1, ctypes.c_ulong(0))
    wanted.pop()
elif len(sys.argv) > 2:  # colours of the screen's own colormap, too
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


at_first = 0


def check():
    global at_first
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
    if direct:  # as many as natively, which the first answer tells; shared colours have their old numbers
        at_first = at_first or n
        for rgb in ((0x9999, 0x7777, 0x3333), (0x1111, 0x7777, 0x3333), (0x1111, 0x2222, 0x3333)):
            c = Color(0, *rgb, 7)
            X.XAllocColor(dpy, ctypes.c_ulong(own), ctypes.byref(c))
            X.XFreeColors(dpy, ctypes.c_ulong(own), (ctypes.c_ulong * 1)(c.pixel), 1, ctypes.c_ulong(0))
            if (own, c.pixel, rgb) not in wanted:
                return f"{rgb} has the number {c.pixel:#x}"
    return "ok" if n == (at_first or 256 - 7) else f"{n} cells are free"


while True:
    if os.path.exists(sys.argv[1] + ".ask"):
        os.unlink(sys.argv[1] + ".ask")
        with open(sys.argv[1] + ".new", "w") as f:
            f.write(check() + "\n")
        os.rename(sys.argv[1] + ".new", sys.argv[1])
    time.sleep(0.05)
