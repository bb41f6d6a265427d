# For server_loss.sh: draws into a pixmap with a graphics context that it changes in between.
import struct
import sys

from xwire import Client, serve

x = Client(sys.argv[2])
pixmap = x.id()
x.send(53, x.depth, struct.pack("<IIHH", pixmap, x.root, 60, 10))
gc = x.gc(pixmap, 0)
x.send(70, 0, struct.pack("<IIhhHH", pixmap, gc, 0, 0, 60, 10))
colours = [0, 0, 0]
rounds = 0


def rectangle(i, g, colour):
    x.send(56, 0, struct.pack("<III", g, 4, colour))
    x.send(70, 0, struct.pack("<IIhhHH", pixmap, g, 20 * i, 0, 20, 10))
    colours[i] = colour


def draw():
    global rounds
    rounds += 1
    x.send(70, 0, struct.pack("<IIhhHH", pixmap, gc, 0, 0, 20, 10))  # with what it was before
    colours[0] = last[0]
    rectangle(1, gc, 0x00ff00 + rounds)
    other = x.gc(pixmap, 0x123456)
    x.send(70, 0, struct.pack("<IIhhHH", pixmap, other, 40, 0, 10, 10))
    x.send(56, 0, struct.pack("<III", other, 4, 0x654321))
    colours[2] = 0x123456
    last[0] = 0x00ff00 + rounds
    x.sync()


last = [0]


def check():
    got = [x.pixel(pixmap, 20 * i + 2) for i in range(3)]
    if got != colours:
        return f"the pixmap has {[hex(c) for c in got]}, not {[hex(c) for c in colours]}"


serve(sys.argv[1], {"draw": draw, "check": check})
