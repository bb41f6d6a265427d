"""Pause, time until the image is durable, its size, and time to restart."""
import json
import os
import signal
import subprocess
import time

from .frames import openarena_command, openarena_home
from .host import wait_for
from .measure import Failed, Mark, figure_of, load_now, progress

MEMORY_THREADS = 34
MEMORY_MARKS = {"raw.pause": Mark(5, False, of_ratio=False),
                "raw.restart": Mark(100, False, of_ratio=False),
                "raw.restart_lazy": Mark(20, False, of_ratio=False)}
SETTLE_SECONDS = 3  # OpenArena: the demo is on the screen


class Subject:
    """A program under glckpt and, after a restore, whoever stands for it."""

    def __init__(self, host, name, command, env, cwd):
        self.host, self.name, self.env, self.cwd = host, name, env, cwd
        self.image = os.path.join(host.folder, name + ".gck")
        self.log = os.path.join(host.folder, name + ".log")
        self.pid_file = os.path.join(host.folder, name + ".pid")
        with open(self.log, "wb") as log:
            self.process = host.start(host.launcher(True) + command, env=env, cwd=cwd, stdout=log,
                                      stderr=subprocess.STDOUT)
        self.pid = self.process.pid

    def logged(self, text):
        with open(self.log, errors="replace") as f:
            return text in f.read()

    def checkpoint(self, profile, *options, image=None):
        text = self.host.output(
            [self.host.tool("signal"), "--json", "--profile", profile, "--output",
             image or self.image, *options, str(self.pid)], 180)
        return json.loads(text)

    def kill(self):
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.host.end(self.process)
        # Its pid must be free for the restore, and its memory given back.
        self.host.settle()

    def restore(self, *options, image=None):
        """Milliseconds from the start of glckpt-restore until the program runs."""
        if os.path.exists(self.pid_file):
            os.unlink(self.pid_file)
        with open(self.log, "ab") as log:
            begin = time.monotonic()
            self.process = self.host.start(
                [self.host.tool("restore"), "--pid-file", self.pid_file, *options,
                 image or self.image],
                env=self.env, cwd=self.cwd, stdout=log, stderr=subprocess.STDOUT)
        if not wait_for(lambda: pid_in(self.pid_file) or self.process.poll() is not None, 60,
                        step=0.0005) or self.process.poll() is not None:
            with open(self.log, errors="replace") as f:
                raise Failed(f"{self.name} was not restored: {f.read()[-300:].strip()}")
        elapsed = (time.monotonic() - begin) * 1000
        self.pid = pid_in(self.pid_file)
        return elapsed


def pid_in(path):
    try:
        with open(path) as f:
            return int(f.read().strip() or 0)
    except (OSError, ValueError):
        return 0


def warm(path):
    """Reads the file, so that the page cache has it."""
    with open(path, "rb", buffering=0) as f:
        while f.read(1 << 22):
            pass


def cycle(subject, profile, lazy):
    """One checkpoint, and a restart of its image."""
    taken = subject.checkpoint(profile)
    values = {"pause": taken["pause_ms"], "durable": taken["total_ms"],
              "image": taken["bytes"] / 2**20}
    subject.kill()
    warm(subject.image)
    values["restart"] = subject.restore()
    if lazy:
        time.sleep(0.5)
        subject.kill()
        values["restart_lazy"] = subject.restore("--lazy")
    time.sleep(1)
    return {key: round(float(value), 2) for key, value in values.items()}


def cycles(subject, profile, times, marks):
    before, runs = load_now(), []
    for i in range(times):
        runs.append(cycle(subject, profile, lazy=profile == "raw"))
        progress(f"{subject.name} {profile} {i + 1}/{times}: {runs[-1]}")
    load = (before, load_now())
    return [figure_of(f"{subject.name}.{profile}.{key}", "MiB" if key == "image" else "ms",
                      [run[key] for run in runs], mark=marks.get(f"{profile}.{key}"), load=load)
            for key in runs[0]]


def both_profiles(subject, settings, marks):
    try:
        out = []
        for profile in ("raw", "packed"):
            out += cycles(subject, profile, settings.pairs, marks)
        return out
    finally:
        subject.kill()


def memory(host, settings):
    mib = 64 if settings.quick else 1024
    subject = memory_subject(host, mib)
    return both_profiles(subject, settings, MEMORY_MARKS)


def memory_subject(host, mib, *content):
    subject = Subject(host, f"memory-{mib}MiB",
                      [host.program("memory_load"), str(mib), str(MEMORY_THREADS), *content],
                      host.environment(os.path.join(host.folder, "home"), display=False),
                      host.folder)
    if not wait_for(lambda: subject.logged("ready"), 120):
        raise Failed("bench_memory_load did not become ready")
    return subject


def pauses(host, settings):
    """The pause alone, of four times as much."""
    subject = memory_subject(host, 128 if settings.quick else 4096)
    try:
        before, runs = load_now(), []
        subject.checkpoint("raw")  # has its pages collapsed
        for _ in range(settings.pairs):
            runs.append(subject.checkpoint("raw")["pause_ms"])
            progress(f"{subject.name}: pause {runs[-1]} ms")
        return [figure_of(f"{subject.name}.raw.pause", "ms", runs,
                          mark=Mark(10, False, of_ratio=False), load=(before, load_now()))]
    finally:
        subject.kill()


def stored(image):
    """What it takes on the disk: an image has holes."""
    return os.stat(image).st_blocks * 512


def times_written(subject):
    with open(subject.log, errors="replace") as f:
        return f.read().count("written")


def dirty(subject):
    before = times_written(subject)
    os.kill(subject.pid, signal.SIGUSR1)
    if not wait_for(lambda: times_written(subject) > before, 20):
        raise Failed("bench_memory_load did not write")


def incremental(host, settings):
    """A hundredth of the pages written since the image before."""
    subject = memory_subject(host, 64 if settings.quick else 1024)
    runs, before = [], load_now()
    try:
        for i in range(settings.pairs):
            full = subject.checkpoint("raw", "--full")
            whole = stored(subject.image)
            dirty(subject)
            part = os.path.join(host.folder, "part.gck")
            taken = subject.checkpoint("raw", "--incremental", image=part)
            run = {"pause": taken["pause_ms"], "durable": taken["total_ms"],
                   "full_durable": full["total_ms"], "bytes": stored(part) / 2**20,
                   "share": max(stored(part) / whole, taken["bytes"] / full["bytes"]) * 100}
            subject.kill()
            for image in (subject.image, part):
                warm(image)
            run["restart"] = subject.restore(image=part)
            time.sleep(0.5)
            subject.kill()
            run["restart_lazy"] = subject.restore("--lazy", image=part)
            time.sleep(1)
            runs.append({k: round(float(v), 2) for k, v in run.items()})
            progress(f"{subject.name} incremental {i + 1}/{settings.pairs}: {runs[-1]}")
    finally:
        subject.kill()
    units = {"bytes": "MiB", "share": "% of full"}
    marks = {"share": Mark(5, False, of_ratio=False), "pause": Mark(5, False, of_ratio=False)}
    return [figure_of(f"{subject.name}.incremental.{key}", units.get(key, "ms"),
                      [run[key] for run in runs], mark=marks.get(key), load=(before, load_now()))
            for key in runs[0]]


def packed_text(host, settings):
    """Text, and as much of zeros: the packed image beside what gzip -1 makes of that memory."""
    plain = os.path.join(host.folder, "memory.bin")
    subject = memory_subject(host, 64 if settings.quick else 1024, "text", plain)
    runs, before = [], load_now()
    try:
        for i in range(settings.pairs):
            begin = time.monotonic()
            zipped = int(host.output(["sh", "-c", f"gzip -1 -c {plain} | wc -c"], 300))
            gzip_ms = (time.monotonic() - begin) * 1000
            taken = subject.checkpoint("packed")
            runs.append({"image": stored(subject.image) / 2**20, "gzip": zipped / 2**20,
                         "durable": taken["total_ms"], "gzip_time": gzip_ms})
            progress(f"{subject.name} text {i + 1}/{settings.pairs}: {runs[-1]}")
    finally:
        subject.kill()
        os.unlink(plain)
    load = (before, load_now())
    name = subject.name + ".text.packed."
    return [figure_of(name + "image", "MiB", [r["image"] for r in runs],
                      [r["gzip"] for r in runs], mark=Mark(1, False), load=load),
            figure_of(name + "durable", "ms", [r["durable"] for r in runs],
                      [r["gzip_time"] for r in runs], load=load)]


def openarena(host, settings):
    home = openarena_home(host, settings.demo)
    subject = Subject(host, "openarena-320x240", openarena_command(320, 240, forever=True),
                      host.environment(home), home)
    if not wait_for(lambda: subject.logged("CL_InitCGame"), 60):
        raise Failed("OpenArena did not start its demo")
    time.sleep(SETTLE_SECONDS)
    return both_profiles(subject, settings, {})


def all_figures():
    return {"checkpoint-memory": memory, "checkpoint-pauses": pauses,
            "checkpoint-incremental": incremental, "checkpoint-text": packed_text,
            "checkpoint-openarena": openarena}
