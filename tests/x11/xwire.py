# A client of X11 without a library: what it sends is written out, what comes is kept. For tests that
# must know which requests go over the wire, and that nothing else reads the events.
import os
import select
import socket
import struct


def pad(b):
    return b + b"\0" * (-len(b) % 4)


class Error(Exception):
    pass


class Client:
    def __init__(self, display):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect("/tmp/.X11-unix/X" + display.lstrip(":").split(".")[0])
        self.socket.sendall(struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0))
        head = self.exactly(8)
        setup = self.exactly(4 * struct.unpack("<H", head[6:])[0])
        if head[0] != 1:
            raise Error(setup)
        self.base, self.mask, vendor = struct.unpack("<4xII4xH", setup[:18])
        at = 32 + len(pad(b"x" * vendor)) + 8 * setup[21]
        self.root, self.colormap = struct.unpack("<II", setup[at:at + 8])
        self.visual = struct.unpack("<I", setup[at + 32:at + 36])[0]
        self.depth = setup[at + 38]
        self.sequence = self.made = 0
        self.events, self.errors, self.codes = [], [], {}

    def exactly(self, n):
        out = b""
        while len(out) < n:
            piece = self.socket.recv(n - len(out))
            if not piece:
                raise Error("the connection was closed")
            out += piece
        return out

    def id(self):
        self.made += 1
        return self.base | self.made

    def send(self, opcode, data, body=b""):
        body = pad(body)
        self.socket.sendall(struct.pack("<BBH", opcode, data, 1 + len(body) // 4) + body)
        self.sequence = (self.sequence + 1) & 0xffff

    def message(self):
        m = self.exactly(32)
        if m[0] == 1 or m[0] & 0x7f == 35:
            m += self.exactly(4 * struct.unpack("<I", m[4:8])[0])
        return m

    def ask(self, opcode, data, body=b""):
        self.send(opcode, data, body)
        while True:
            m = self.message()
            if m[0] == 1:
                return m
            if m[0] == 0:
                if struct.unpack("<H", m[2:4])[0] == self.sequence:
                    raise Error(f"error {m[1]} of request {m[10]}.{m[8]}")
                self.errors.append(m)
            else:
                self.events.append(m)

    def sync(self):
        self.ask(43, 0)

    def wait_event(self, kind, seconds=5):
        """The next event for which kind(event) holds; None after a while. The others are kept."""
        while True:
            for i, e in enumerate(self.events):
                if kind(e):
                    return self.events.pop(i)
            if not select.select([self.socket], [], [], seconds)[0]:
                return None
            m = self.message()
            (self.errors if m[0] == 0 else self.events).append(m)

    def extension(self, name):
        """Its major opcode; first event and error go to self.codes."""
        m = self.ask(98, 0, struct.pack("<Hxx", len(name)) + name.encode())
        if not m[8]:
            return 0
        self.codes[name] = m[9], m[10], m[11]
        return m[9]

    def atom(self, name):
        return struct.unpack("<8xI", self.ask(16, 0, struct.pack("<Hxx", len(name)) + name.encode())[:12])[0]

    def window(self, parent=None, width=100, height=80, events=0, colour=0):
        w = self.id()
        self.send(1, 0, struct.pack("<IIhhHHHHIIII", w, parent or self.root, 20, 20, width, height, 0, 1, 0,
                                    2 | 1 << 11, colour, events))
        return w

    def select(self, window, mask):
        self.send(2, 0, struct.pack("<III", window, 1 << 11, mask))

    def map(self, window):
        self.send(8, 0, struct.pack("<I", window))

    def property(self, window, name, kind, form, data):
        self.send(18, 0, struct.pack("<IIIBxxxI", window, name, kind, form, len(data) * 8 // form) + data)

    def own(self, selection, window):
        self.send(22, 0, struct.pack("<III", window, selection, 0))

    def client_message(self, window, kind, *data, mask=0):
        words = list(data) + [0] * (5 - len(data))
        self.send(25, 0, struct.pack("<II", window, mask) + struct.pack("<BBHII5I", 33, 32, 0, window, kind, *words))

    def gc(self, drawable, colour):
        g = self.id()
        self.send(55, 0, struct.pack("<IIII", g, drawable, 4, colour))
        return g

    def fill(self, drawable, colour, width=100, height=80):
        g = self.gc(drawable, colour)
        self.send(70, 0, struct.pack("<IIhhHH", drawable, g, 0, 0, width, height))
        self.send(60, 0, struct.pack("<I", g))

    def pixel(self, drawable, x=5, y=5):
        m = self.ask(73, 2, struct.pack("<IhhHHI", drawable, x, y, 1, 1, 0xffffffff))
        return struct.unpack("<I", m[32:36])[0] & 0xffffff

    def geometry(self, drawable):
        return struct.unpack("<hhHH", self.ask(14, 0, struct.pack("<I", drawable))[12:20])


def serve(path, answers):
    """Until it is killed: a name written to path.ask is looked up in `answers`, and what that returns written
    to path ("ok", or what is wrong). Meanwhile nothing is read from any connection."""
    import time
    while os.path.isdir(os.path.dirname(path)):  # the test's folder: not left behind by it
        if os.path.exists(path + ".ask"):
            with open(path + ".ask") as f:
                name = f.read().strip()
            os.unlink(path + ".ask")
            try:
                result = answers[name]() or "ok"
            except Exception as e:  # noqa: the other side prints it
                result = f"{name}: {type(e).__name__}: {e}"
            with open(path + ".new", "w") as f:
                f.write(result + "\n")
            os.rename(path + ".new", path)
        time.sleep(0.02)
