# The program that protocol_test.py moves about: it makes one of everything that lives in a server and
# checks, when asked, that it is there and works. argv: the file for answers (xwire.serve), display.
import struct
import sys

from xwire import Client, Error, serve

STRUCTURE, PROPERTY, EXPOSURE = 1 << 17, 1 << 22, 1 << 15
x = Client(sys.argv[2])
main = x.window(events=STRUCTURE | PROPERTY, colour=0x204060)
x.map(main)
x.sync()
for name in ("SYNC", "DAMAGE", "XFIXES", "Composite", "MIT-SCREEN-SAVER", "XTEST", "SHAPE", "RENDER"):
    assert x.extension(name), name
code = {name: c[0] for name, c in x.codes.items()}
event = {name: c[1] for name, c in x.codes.items()}
x.ask(code["SYNC"], 0, struct.pack("<BBxx", 3, 1))
x.ask(code["DAMAGE"], 0, struct.pack("<II", 1, 1))
x.ask(code["XFIXES"], 0, struct.pack("<II", 5, 0))
x.ask(code["Composite"], 0, struct.pack("<II", 0, 4))
x.ask(code["MIT-SCREEN-SAVER"], 0, struct.pack("<BBxx", 1, 1))

# SYNC: a counter at 5, an alarm when it is 10 or more, two fences of which one is triggered.
counter, alarm, done, open_ = x.id(), x.id(), x.id(), x.id()
x.send(code["SYNC"], 2, struct.pack("<IiI", counter, 0, 5))
# counter, absolute, >= 10, delta 0, events
x.send(code["SYNC"], 8, struct.pack("<II", alarm, 0x3f) + struct.pack("<IIiIIiII", counter, 0, 0, 10, 2, 0, 0, 1))
x.send(code["SYNC"], 14, struct.pack("<IIBxxx", main, done, 0))
x.send(code["SYNC"], 14, struct.pack("<IIBxxx", main, open_, 0))
x.send(code["SYNC"], 15, struct.pack("<I", done))
level = [5]


def value():
    hi, lo = struct.unpack("<iI", x.ask(code["SYNC"], 5, struct.pack("<I", counter))[8:16])
    return hi << 32 | lo


def sync():
    if value() != level[0]:
        return f"the counter is at {value()}, not {level[0]}"
    fences = [x.ask(code["SYNC"], 18, struct.pack("<I", f))[8] for f in (done, open_)]
    if fences != [1, 0]:
        return f"the fences are {fences}"
    if level[0] == 5:
        return
    x.send(code["SYNC"], 3, struct.pack("<IiI", counter, 0, 5))  # set to 5; the alarm is active again
    x.sync()


def alarms():
    x.send(code["SYNC"], 9, struct.pack("<II", alarm, 1 << 0) + struct.pack("<I", counter))  # re-arm
    x.send(code["SYNC"], 4, struct.pack("<IiI", counter, 0, 6))
    e = x.wait_event(lambda e: e[0] & 0x7f == event["SYNC"] + 1)
    x.send(code["SYNC"], 3, struct.pack("<IiI", counter, 0, 5))
    x.sync()
    if not e:
        return "no alarm"
    if struct.unpack("<I", e[4:8])[0] != alarm:
        return "the alarm of something else"


# DAMAGE: whatever is drawn in the window is told.
damage = x.id()
x.send(code["DAMAGE"], 1, struct.pack("<IIBxxx", damage, main, 0))


def damages():
    x.sync()
    x.events.clear()
    x.fill(main, 0x204060)
    e = x.wait_event(lambda e: e[0] & 0x7f == event["DAMAGE"])
    if not e:
        return "drawing is not told as damage"
    if struct.unpack("<II", e[4:12]) != (main, damage):
        return "damage of something else"


# Composite: the pixmap of a redirected window shows what is drawn in it, and the other way round.
box = x.window(main, 60, 50)
x.send(code["Composite"], 1, struct.pack("<IBxxx", box, 1))
x.map(box)
x.fill(box, 0x112233, 60, 50)
named = x.id()
x.send(code["Composite"], 6, struct.pack("<II", box, named))
old = x.window(main, 40, 30)  # one that changes its size: its first pixmap stays what it was
x.send(code["Composite"], 1, struct.pack("<IBxxx", old, 1))
x.map(old)
x.fill(old, 0x445566, 40, 30)
was = x.id()
x.send(code["Composite"], 6, struct.pack("<II", old, was))
x.send(12, 0, struct.pack("<IHxxII", old, 4 | 8, 44, 33))
x.fill(old, 0x778899, 44, 33)
shade = [0x112233]


def composite():
    if x.pixel(named) != shade[0]:
        return f"the window's pixmap has {x.pixel(named):#x}, not {shade[0]:#x}"
    shade[0] ^= 0x0f0f0f
    x.fill(box, shade[0], 60, 50)
    if x.pixel(named) != shade[0]:
        return "the pixmap is not the window's any more"
    if x.pixel(was) != 0x445566 or x.geometry(was)[2:] != (40, 30):
        return "the pixmap of the smaller window has changed"


# Grabs: of the pointer and of a key, which another client then cannot have.
def grab():
    if x.ask(26, 1, struct.pack("<IHBBIII", main, 4, 1, 1, 0, 0, 0))[1] != 0:
        return "cannot grab the pointer"
    x.send(33, 1, struct.pack("<IHBBBxxx", x.root, 1 << 2, 38, 1, 1))
    x.sync()


def ungrab():
    x.send(27, 0, struct.pack("<I", 0))
    x.send(34, 38, struct.pack("<IHxx", x.root, 1 << 2))
    x.sync()


# A window inside a stranger's: where that is not, it is on the root.
plug = x.window(events=STRUCTURE)


def embed():
    x.send(7, 0, struct.pack("<IIhh", plug, watched[0], 3, 4))
    x.sync()
    x.events.clear()


def orphan():
    e = x.wait_event(lambda e: e[0] & 0x7f == 21 and struct.unpack("<I", e[8:12])[0] == plug)
    if not e or struct.unpack("<I", e[12:16])[0] != x.root:
        return "the end of the embedder is not told"
    parent = struct.unpack("<I", x.ask(15, 0, struct.pack("<I", plug))[12:16])[0]
    if parent != x.root:
        return f"the window that was embedded is in {parent:#x}"


# What the screen saver shall show.
x.send(code["MIT-SCREEN-SAVER"], 3, struct.pack("<IhhHHHBBII", x.root, 0, 0, 50, 50, 0, 1, 0, 0, 2) +
       struct.pack("<I", 0x00ff00))

# Strangers.
x.select(x.root, STRUCTURE | PROPERTY)
settings, clipboard, manager = x.atom("_XSETTINGS_S0"), x.atom("CLIPBOARD"), x.atom("MANAGER")
x.send(code["XFIXES"], 2, struct.pack("<III", main, clipboard, 7))
watched = [0]


def watch():
    watched[0] = struct.unpack("<8xI", x.ask(23, 0, struct.pack("<I", settings))[:12])[0]
    if not watched[0]:
        return "no manager"
    x.select(watched[0], STRUCTURE)
    x.sync()
    x.events.clear()


def new_manager():
    if not x.wait_event(lambda e: e[0] & 0x7f == 17 and struct.unpack("<II", e[4:12]) == (watched[0], watched[0])):
        return f"the end of the manager's window ({watched[0]:#x}) is not told, but {[e.hex() for e in x.events]}"
    now = struct.unpack("<8xI", x.ask(23, 0, struct.pack("<I", settings))[:12])[0]
    e = x.wait_event(lambda e: e[0] & 0x7f == 33 and struct.unpack("<I", e[8:12])[0] == manager)
    if not e:
        return "the new manager is not told"
    if struct.unpack("<II", e[16:24]) != (settings, now):
        return f"told of another manager than {now:#x}: {e.hex()}"
    e = x.wait_event(lambda e: e[0] & 0x7f == event["XFIXES"])
    if not e or struct.unpack("<I", e[12:16])[0] != clipboard:
        return "the clipboard's new owner is not told"
    there = x.atom("GLCKPT_ONLY_THERE")
    if not x.wait_event(lambda e: e[0] & 0x7f == 28 and struct.unpack("<II", e[4:12]) == (x.root, there)):
        return "the root's new property is not told"
    return watch()


# Many events that nobody reads.
def count():
    tick = x.atom("GLCKPT_TICK")
    x.sync()
    got = [struct.unpack("<I", e[12:16])[0] for e in x.events
           if e[0] & 0x7f == 33 and struct.unpack("<I", e[8:12])[0] == tick]
    x.events.clear()
    return f"{len(got)} {'in order' if got == list(range(len(got))) else 'mixed up'}"


# A drag that is going on, and a transfer piece by piece.
stranger = [0]
enter, leave, incr, target = x.atom("XdndEnter"), x.atom("XdndLeave"), x.atom("INCR"), x.atom("GLCKPT_TARGET")


def drag():
    x.client_message(x.root, enter, main, 5 << 24)
    x.sync()


def drop():
    x.client_message(x.root, leave, main)
    x.sync()


def transfer():
    x.property(x.root, target, incr, 32, struct.pack("<I", 1000))
    x.sync()


def transferred():
    x.property(x.root, target, x.atom("STRING"), 8, b"")
    x.sync()


def errors():
    x.sync()
    if x.errors:
        return f"{len(x.errors)} errors: " + ", ".join(f"{m[1]} of {m[10]}.{m[8]}" for m in x.errors[:4])


x.sync()
x.events.clear()
serve(sys.argv[1], {f.__name__: f for f in (sync, alarms, damages, composite, grab, ungrab, watch, new_manager, embed,
                                            orphan, count,
                                            drag, drop, transfer, transferred, errors)})
