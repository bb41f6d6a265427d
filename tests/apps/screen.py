"""A private X server and its pictures."""
import os
import subprocess
import time


class Screen:
    """An X server on a display that it picks itself."""

    def __init__(self, *options, size="800x600x24"):
        told, report = os.pipe()
        self.server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(report), "-screen", "0", size, "+extension", "GLX", "-noreset",
             "-nolisten", "tcp", *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(report,))
        os.close(report)
        with os.fdopen(told) as answer:
            number = answer.readline().strip()
        if not number:
            raise RuntimeError("no private X server came up")
        self.display = f":{number}"
        # A ground that is not the colour of an empty window.
        subprocess.run(["xsetroot", "-display", self.display, "-solid", "steelblue"], check=True)

    def close(self):
        self.server.kill()
        self.server.wait()

    def windows(self):
        r = subprocess.run(["xwininfo", "-display", self.display, "-root", "-tree"], capture_output=True, text=True)
        return [line for line in r.stdout.splitlines() if " children:" not in line and line.strip().startswith("0x")]

    def picture(self, file):
        subprocess.run(["import", "-display", self.display, "-window", "root", file], check=True)
        return file


def differing(a, b):
    """How many pixels of two pictures differ."""
    r = subprocess.run(["compare", "-metric", "AE", a, b, "null:"], capture_output=True, text=True)
    return int(float(r.stderr.split()[0]))


def colours(picture):
    r = subprocess.run(["identify", "-format", "%k", picture], capture_output=True, text=True, check=True)
    return int(r.stdout)


def wait_until(condition, what, seconds=120, step=0.05):
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise RuntimeError(f"waited in vain for {what}")
        time.sleep(step)
