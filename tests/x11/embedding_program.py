# For embedding.sh: processes of one tree with windows in each other's windows. The first (argv: PATH)
# makes a window and has xterm and a second process make theirs in it; the second (argv: PATH WID NAME)
# watches the first's window, in which it has put its own, owns a selection, and has put a property on
# the first's. Each answers what PATH.ask asks (xwire.serve).
import os
import struct
import subprocess
import sys

from xwire import Client, serve

path, display = sys.argv[1], os.environ["DISPLAY"]
STRUCTURE, SUBSTRUCTURE, PROPERTY = 1 << 17, 1 << 19, 1 << 22
RED, BLUE = 0xff2020, 0x2020ff
x = Client(display)


def children(window):
    m = x.ask(15, 0, struct.pack("<I", window))
    parent, n = struct.unpack("<12xIH", m[:18])
    return parent, struct.unpack(f"<{n}I", m[32:32 + 4 * n])


def owner(selection):
    return struct.unpack("<8xI", x.ask(23, 0, struct.pack("<I", x.atom(selection)))[:12])[0]


def get_property(window, name):
    m = x.ask(20, 0, struct.pack("<IIIII", window, x.atom(name), 0, 0, 100))
    n = struct.unpack("<16xI", m[:20])[0] * m[1] // 8
    return m[32:32 + n]


def embedder():
    window = x.window(width=500, height=400, events=STRUCTURE | SUBSTRUCTURE | PROPERTY, colour=BLUE)
    x.property(window, 39, 31, 8, b"embedder")  # WM_NAME
    frame = x.window(window, 200, 100, colour=0x808080)
    x.send(12, 0, struct.pack("<IHxxI", frame, 2, 200))  # below the terminal
    x.map(frame)
    x.map(window)
    x.sync()
    here = os.path.dirname(os.path.abspath(__file__))
    start = lambda: subprocess.Popen([sys.executable, "-B", os.path.abspath(__file__), path + ".2", str(frame), "second"])
    start()
    subprocess.Popen(["xterm", "-into", str(window), "-geometry", "30x8+230+20", "-e", "sh", "-c", "seq 5; exec cat"])

    def made():
        """The two windows of others are there."""
        if len(children(frame)[1]) != 1 or len(children(window)[1]) != 2:
            return f"in the frame: {children(frame)}, in the window: {children(window)}"

    def same():
        """The other's window is called as it calls itself; it owns what it owned; its property is there."""
        inside = children(frame)[1]
        told = int(open(path + ".2.id").read())
        if inside != (told,):
            return f"in the frame: {inside}, not {told}"
        if owner("GLCKPT_SELECTION") != told:
            return f"the selection is {owner('GLCKPT_SELECTION')}'s, not {told}'s"
        got = struct.unpack("<I", get_property(window, "GLCKPT_SECOND"))[0]
        if got != told:
            return f"the property names {got}, not {told}"
        bad = [e for e in x.events if e[0] & 0x7f in (16, 17)]  # CreateNotify, DestroyNotify
        if seen[0] and bad:
            return f"told of {[e[0] for e in bad]}"
        x.events.clear()
        seen[0] = 1

    def grow():
        x.send(12, 0, struct.pack("<IHxxI", frame, 4, 210))  # ConfigureWindow: another width
        x.sync()

    def third():
        """A process that is started now knows windows by the numbers that this one has for them."""
        subprocess.Popen([sys.executable, "-B", os.path.abspath(__file__), path + ".3", str(frame), "third"])

    seen = [0]
    serve(path, {"made": made, "same": same, "grow": grow, "third": third})


def embedded(name):
    frame = int(sys.argv[2])
    window = x.window(frame, 60, 40, events=STRUCTURE, colour=RED)
    x.select(frame, STRUCTURE)
    x.map(window)
    if name == "second":
        x.own(x.atom("GLCKPT_SELECTION"), window)
        top = children(frame)[0]
        x.property(top, x.atom("GLCKPT_SECOND"), 33, 32, struct.pack("<I", window))  # of type WINDOW
    x.sync()
    with open(path + ".id.part", "w") as f:
        f.write(str(window))
    os.rename(path + ".id.part", path + ".id")

    def inside():
        parent = children(window)[0]
        if parent != frame:
            return f"in {parent}, not in {frame}"
        if x.pixel(window, 30, 20) != RED:
            return f"its pixel is {x.pixel(window, 30, 20):x}"

    def told():
        """Of the frame's new width."""
        if not x.wait_event(lambda e: e[0] == 22 and struct.unpack("<I", e[4:8])[0] == frame and
                            struct.unpack("<H", e[20:22])[0] == 210):
            return "not told of the frame's new size"

    serve(path, {"inside": inside, "told": told})


if len(sys.argv) == 2:
    embedder()
else:
    embedded(sys.argv[3])
