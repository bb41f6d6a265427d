#!/usr/bin/env python3
"""protocol_test.py BIN: one program with one of everything that lives in an X server (protocol_program.py) is moved
between servers and restored from images, and asked what it finds; strangers grab servers, send events that nobody
reads, own selections; servers that lack something are refused by its name. Exit status 77: no Xvfb."""
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from xwire import Client, Error  # noqa

here, bin_ = os.path.dirname(os.path.realpath(__file__)), os.path.realpath(sys.argv[1])
work = tempfile.mkdtemp()
mine = []


def finish(code, why=""):
    if why:
        print("FAILED:", why)
        for name in ("out", "restored"):
            if os.path.exists(f"{work}/{name}"):
                print(open(f"{work}/{name}").read()[-2000:])
    for p in reversed(mine):
        p.kill()
    if os.path.exists(f"{work}/pid"):  # it does not end with its tool
        try:
            os.kill(int(open(f"{work}/pid").read()), 9)
        except (ValueError, ProcessLookupError):
            pass
    for p in mine:
        p.wait()
    shutil.rmtree(work, ignore_errors=True)
    sys.exit(code)


if not shutil.which("Xvfb"):
    print("no Xvfb")
    finish(77)


def server(screen, *options):
    r, w = os.pipe()
    mine.append(subprocess.Popen(["Xvfb", "-displayfd", str(w), "-screen", "0", screen, "-noreset", "-nolisten", "tcp", *options],
                                 pass_fds=[w], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    os.close(w)
    with os.fdopen(r) as told:
        n = told.readline().strip()
    if not n:
        print("no X server")
        finish(77)
    return ":" + n


def tool(name, *args):
    r = subprocess.run([f"{bin_}/glckpt-{name}", *args], capture_output=True, text=True)
    return r.returncode, r.stdout.strip(), r.stderr.strip()


def ask(name, want="ok", where=""):
    path = f"{work}/state"
    if os.path.exists(path):
        os.unlink(path)
    with open(path + ".part", "w") as f:
        f.write(name)
    os.rename(path + ".part", path + ".ask")
    for _ in range(600):
        if os.path.exists(path):
            got = open(path).read().strip()
            if got != want:
                finish(1, f"{name} {where}: {got}")
            return
        time.sleep(0.05)
    finish(1, f"{name} {where}: no answer")


def refused(why, *args):
    begun = time.time()
    rc, _, err = tool("signal", *args)
    if rc == 0:
        finish(1, f"not refused: {args}, expected: {why}, after {time.time() - begun:.1f} s")
    if why not in err:
        finish(1, f"{args}: refused for another reason than \"{why}\":\n{err}")


def started():
    for _ in range(600):
        if os.path.exists(f"{work}/pid") and open(f"{work}/pid").read().strip():
            return open(f"{work}/pid").read().strip()
        time.sleep(0.05)
    finish(1, "not restored")


class Stranger:
    """Somebody else on a display, with the settings' manager and the clipboard."""

    def __init__(self, display, rank):
        self.x = x = Client(display)
        for i in range(7 * rank):  # so that nothing has the same number on two displays
            x.atom(f"GLCKPT_OTHER_{rank}_{i}")
            x.window()
        self.window = x.window()
        x.own(x.atom("_XSETTINGS_S0"), self.window)
        x.own(x.atom("CLIPBOARD"), self.window)
        if rank:
            x.property(x.root, x.atom("GLCKPT_ONLY_THERE"), 31, 8, b"1")
        x.sync()

    def grab_pointer(self):
        status = self.x.ask(26, 1, struct.pack("<IHBBIII", self.x.root, 4, 1, 1, 0, 0, 0))[1]
        if status == 0:
            self.x.send(27, 0, struct.pack("<I", 0))
            self.x.sync()
        return status

    def grab_key(self):
        self.x.errors.clear()
        self.x.send(33, 1, struct.pack("<IHBBBxxx", self.x.root, 4, 38, 1, 1))
        self.x.sync()
        if self.x.errors:
            return self.x.errors[0][1]
        self.x.send(34, 38, struct.pack("<IHxx", self.x.root, 4))
        self.x.sync()
        return 0

    def saver(self):
        """Whose the screen saver is, once it is forced: 2, a client's."""
        major = self.x.extension("MIT-SCREEN-SAVER")
        self.x.send(115, 1)
        kind = self.x.ask(major, 1, struct.pack("<I", self.x.root))
        self.x.send(115, 0)
        self.x.sync()
        return kind[1], kind[24]


everything = "ok"
displays = [server("800x600x24"), server("1000x700x24", "-maxclients", "512")]
strangers = [Stranger(d, i) for i, d in enumerate(displays)]
with open(f"{work}/out", "w") as out:
    program = subprocess.Popen([f"{bin_}/glckpt-run", "--dir", work, "/usr/bin/python3", "-B", f"{here}/protocol_program.py",
                                f"{work}/state", displays[0]], stdout=out, stderr=out)
mine.append(program)
pid = str(program.pid)
ALL = "sync", "alarms", "damages", "composite", "errors"
for name in (*ALL, "watch"):
    ask(name, where="at the start")


def check(where, at):
    for name in ALL:
        ask(name, where=where)
    if strangers[at].saver() != (1, 2):
        finish(1, f"{where}: the screen saver is {strangers[at].saver()}")
    ask("grab", where=where)


def check_grabbed(where, at):
    if strangers[at].grab_pointer() != 1:
        finish(1, f"{where}: the pointer is not grabbed")
    if strangers[at].grab_key() != 10:
        finish(1, f"{where}: the key is not grabbed")
    ask("ungrab", where=where)
    if strangers[at].grab_pointer() != 0 or strangers[at].grab_key() != 0:
        finish(1, f"{where}: still grabbed")


check("at the start", 0)
at = 0
for i in range(3):
    at = 1 - at
    where = f"after move {i + 1}"
    if i == 0:
        ask("embed", where="at the start")
    rc, _, err = tool("signal", "--move-display", displays[at], pid)
    if rc:
        finish(1, f"{where}: {err}")
    if i == 0:
        ask("orphan", where=where)
    if at:
        ask("new_manager", where=where)
    else:
        ask("watch", where=where)
    check_grabbed(where, at)
    check(where, at)
print("moved")

# Half-done things, a drag and a transfer: waited for.
for begin, end in (("drag", "drop"), ("transfer", "transferred")):
    ask(begin)
    waiting = subprocess.Popen([f"{bin_}/glckpt-signal", "--move-display", displays[1 - at], pid])
    time.sleep(1)
    if waiting.poll() is not None:
        finish(1, f"moved in the middle of a {begin}, or refused: {waiting.returncode}")
    ask(end)
    if waiting.wait():
        finish(1, f"not moved after a {end}")
    at = 1 - at
    ask("errors", where="after a " + end)
    if strangers[at].grab_pointer() != 1:
        finish(1, f"after a {end}: the pointer is not grabbed")
ask("drag")
began = time.monotonic()
refused("being dragged", pid)
if time.monotonic() - began > 9:  # three seconds are given to it, once
    finish(1, f"a drag is refused after {time.monotonic() - began:.1f} s")
ask("drop")

# Servers grabbed by a stranger: this one, and the one to go to.
strangers[at].x.send(36, 0)
strangers[at].x.sync()
refused("another client may hold it grabbed", "--timeout", "2", pid)
refused("another client may hold it grabbed", "--timeout", "2", "--move-display", displays[1 - at], pid)
strangers[at].x.send(37, 0)
strangers[at].x.sync()
strangers[1 - at].x.send(36, 0)
strangers[1 - at].x.sync()
refused("the X server closed the connection, or does not answer", "--timeout", "4", "--move-display", displays[1 - at], pid)
strangers[1 - at].x.send(37, 0)
strangers[1 - at].x.sync()
ask("errors", where="after grabs by a stranger")
if strangers[at].grab_pointer() != 1:
    finish(1, f"after grabs by a stranger: the pointer is not grabbed: {strangers[at].grab_pointer()}")
print("refused while it must be")

# Events that nobody reads, on both sides of a checkpoint.
ask("count", "0 in order")
EVENTS = 40000
s = strangers[at].x
tick = s.atom("GLCKPT_TICK")
for i in range(EVENTS):
    s.client_message(s.root, tick, i, mask=1 << 17)
s.sync()
check_grabbed("before the image", at)
ask("grab")
rc, image, err = tool("signal", "--kill", pid)
if rc:
    finish(1, f"checkpoint: {err}")
program.wait()
at = 1 - at
with open(f"{work}/restored", "w") as out:
    mine.append(subprocess.Popen([f"{bin_}/glckpt-restore", "--pid-file", f"{work}/pid", "--display", displays[at], image],
                                 stdout=out, stderr=out))
pid = started()
ask("count", f"{EVENTS} in order", where="after the restore")
check_grabbed("after the restore", at)
check("after the restore", at)
print("restored, with", EVENTS, "events")

# Servers that lack something.
refused("has no visual of depth 24", "--move-display", server("640x480x16"), pid)
refused("has no visual of depth 24", "--move-display", server("640x480x8"), pid)
refused("has no visual of depth 24", "--move-display", server("640x480x30"), pid)
for extension in ("DAMAGE", "Composite", "MIT-SCREEN-SAVER", "SYNC", "XFIXES"):
    other = server("640x480x24", "-extension", extension)
    if Client(other).extension(extension):
        continue  # this one cannot be left out
    refused("lacks extension", "--move-display", other, pid)
    print("refused without", extension)
refused("no X server listens", "--move-display", ":64999", pid)
check_grabbed("after refusals", at)
check("after refusals", at)
print("refused where something is missing")
finish(0)
