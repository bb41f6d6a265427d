"""corpus.py FOLDER: small images of real programs, one process and several, raw and packed; and
what went over a real control socket. The seeds of the fuzz targets."""
import os
import shutil
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from driver import Session  # noqa: E402


def images(folder):
    os.makedirs(folder, exist_ok=True)
    for program, profile in (("pipes", "packed"), ("tree", "packed"), ("parts", "packed")):
        with Session() as s:
            s.start(program)
            image = s.checkpoint("--profile", profile)["image"]
            shutil.copy(image, os.path.join(folder, f"{program}-{profile}.gck"))
            s.finish()


def wires(folder):
    os.makedirs(folder, exist_ok=True)
    text = b"op checkpoint\nafter continue\noutput /tmp/a\\nb\nprofile packed\next-sockets close\ntimeout 30\n\n"
    frames = [struct.pack("<II", op, len(body)) + body for op, body in (
        (1, b""), (2, struct.pack("<III", 1, 0, 10)), (3, bytes(24)), (7, struct.pack("<QQ", 4096, 8192)),
        (4, struct.pack("<Q", 1) + struct.pack("<ii??", 3, 0, True, True) + bytes(8 * 3)), (8, b"why"))]
    for name, data in (("text", b"\x01" + text), ("frames", b"\0" + b"".join(frames)),
                       *((f"frame{i}", b"\0" + f) for i, f in enumerate(frames))):
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)


if __name__ == "__main__":
    images(os.path.join(sys.argv[1], "image"))
    wires(os.path.join(sys.argv[1], "wire"))
