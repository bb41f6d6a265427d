"""Images with each of their parts damaged in turn: refused with the part's name, before anything
of the program runs."""
import os
import random
import re
import shutil
import struct
import sys

from driver import Failed, Session

HEADER, ENTRY = struct.Struct("<8sIIIIQQQ"), struct.Struct("<40sQQQ")


def sections(data, start=0):
    """Of the image at `start`, as docs/image-format.md tells."""
    _, _, _, _, count, _, table, _ = HEADER.unpack_from(data, start)
    for i in range(count):
        name, offset, size, _ = ENTRY.unpack_from(data, table + i * ENTRY.size)
        yield name.rstrip(b"\0").decode(), offset, size
    yield "section table", table, count * ENTRY.size


def members(data):
    """Where the images of a tree's other processes begin: each begins with the magic."""
    return [m.start() for m in re.finditer(re.escape(data[:8]), data) if m.start() % 4096 == 0]


def places(data):
    """(what the refusal must say, offset)."""
    for start in members(data):
        yield "image", start + random.randrange(8)
        yield "header", start + random.randrange(56, 4096)
        for name, offset, size in sections(data, start):
            for _ in range(2):
                if size:
                    yield name, offset + random.randrange(size)
    first = min(offset for start in members(data) for _, offset, _ in sections(data, start))
    stored = [i for i in range(4096, first) if data[i]]
    for _ in range(4):
        yield "damaged", random.choice(stored)


def try_profile(profile):
    with Session() as s:
        s.start("tree")
        good = s.checkpoint("--profile", profile, "--kill")["image"]
        s.process.wait()
        with open(good, "rb") as f:
            data = f.read()
        bad = s.path("bad.gck")
        stop = s.path("ready")
        os.unlink(stop)
        tried = 0

        def refused(changed, what, where):
            with open(bad, "wb") as f:
                f.write(changed)
            os.chmod(bad, 0o600)
            for how in (("--check",), ("--pid-file", s.path("pid"))):
                r = s.run("glckpt-restore", *how, bad)
                if r.returncode != 1 or what not in r.stderr or len(r.stderr.splitlines()) != 1:
                    raise Failed(f"{profile}, {what} at {where}, {how[0]}: {r.returncode} {r.stderr}")
            if os.path.exists(s.path("pid")):
                raise Failed(f"{profile}, {what} at {where}: something ran")

        for what, where in places(data):
            changed = bytearray(data)
            changed[where] ^= random.randrange(1, 256)
            refused(changed, what, where)
            tried += 1
        for size in (0, 10, 4095, 4096, len(data) // 2, len(data) - 1):
            refused(data[:size], "image", size)
            tried += 1
        refused(data + b"\0", "image", "its end")
        shutil.copy(good, bad)
        s.restore(bad)  # and whole, it runs
        s.finish()
        print(f"{profile}: {tried} refused")


try:
    for profile in ("packed", "raw"):
        try_profile(profile)
except Failed as e:
    sys.exit(f"FAILED: {e}")
