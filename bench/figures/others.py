"""The same program under DMTCP and CRIU, where they can be had: GLCKPT_DMTCP is the folder of
dmtcp_launch, GLCKPT_CRIU the program criu; without, what the PATH has.

Both write while the program stands still, so how long they take is their pause. A restart ends when
they say that the program runs: DMTCP's coordinator when asked, CRIU by ending."""
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time

from . import checkpoints
from .host import wait_for
from .measure import Failed, Mark, Unavailable, figure_of, load_now, progress


def timed(action):
    begin = time.monotonic()
    action()
    return (time.monotonic() - begin) * 1000


def started(host, name, command, env, mib, *content):
    """The log of the memory program, once it has filled its memory."""
    log = os.path.join(host.folder, name + ".log")
    with open(log, "wb") as out:
        process = host.start(command + [host.program("memory_load"), str(mib),
                                        str(checkpoints.MEMORY_THREADS), *content],
                             env=env, stdout=out, stderr=subprocess.STDOUT)

    def ready():
        with open(log, errors="replace") as f:
            return "ready" in f.read()
    if not wait_for(lambda: ready() or process.poll() is not None, 120) or not ready():
        raise Failed(f"{name}: the program did not become ready")
    return process


class Dmtcp:
    name = "dmtcp"

    def __init__(self, host, mib, *content, zipped=False):
        folder = os.environ.get("GLCKPT_DMTCP") or os.path.dirname(shutil.which("dmtcp_launch") or "")
        if not os.access(os.path.join(folder, "dmtcp_launch"), os.X_OK):
            raise Unavailable("DMTCP is not here (GLCKPT_DMTCP names the folder of dmtcp_launch)")
        self.host, self.bin = host, folder
        self.folder = tempfile.mkdtemp(prefix="dmtcp-", dir=host.folder)
        self.env = host.environment(os.path.join(host.folder, "home"), display=False)
        port = os.path.join(self.folder, "port")
        self.coordinator = host.start(
            [self.tool("coordinator"), "--quiet", "--coord-port", "0", "--port-file", port, "--ckptdir",
             self.folder], env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not wait_for(lambda: checkpoints.pid_in(port), 20):
            raise Failed("DMTCP's coordinator has no port")
        self.port = str(checkpoints.pid_in(port))
        self.process = started(host, "dmtcp", [self.tool("launch"), "--join-coordinator", "-p", self.port,
                                               "--gzip" if zipped else "--no-gzip", "--ckptdir",
                                               self.folder], self.env, mib, *content)

    def tool(self, name):
        return os.path.join(self.bin, "dmtcp_" + name)

    def command(self, *what):
        return self.host.output([self.tool("command"), "-p", self.port, *what], 180, env=self.env)

    def images(self):
        return glob.glob(os.path.join(self.folder, "ckpt_*.dmtcp"))

    def checkpoint(self):
        for image in self.images():
            os.unlink(image)
        return timed(lambda: self.command("--bcheckpoint"))

    def bytes(self):
        return sum(os.stat(i).st_blocks * 512 for i in self.images())

    def kill(self):
        self.command("--kill")
        self.host.end(self.process)

    def running(self):
        text = self.command("--status")
        return "RUNNING=yes" in text and "NUM_PEERS=1" in text

    def restart(self):
        for image in self.images():
            checkpoints.warm(image)
        begin = time.monotonic()
        self.process = self.host.start([self.tool("restart"), "--join-coordinator", "-p", self.port,
                                        *self.images()], env=self.env, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        if not wait_for(self.running, 120, step=0.002):
            raise Failed("DMTCP did not restart the program")
        return (time.monotonic() - begin) * 1000

    def end(self):
        self.host.end(self.process)
        self.host.end(self.coordinator)


class Criu:
    name = "criu"

    def __init__(self, host, mib, *content):
        self.criu = os.environ.get("GLCKPT_CRIU") or shutil.which("criu")
        if not self.criu:
            raise Unavailable("CRIU is not here (GLCKPT_CRIU names the program)")
        try:
            host.output([self.criu, "check"], 30)
        except Failed as e:
            raise Unavailable(f"CRIU does not run here: {e}") from None
        self.host = host
        self.folder = os.path.join(host.folder, "criu")
        os.makedirs(self.folder, exist_ok=True)
        env = host.environment(os.path.join(host.folder, "home"), display=False)
        self.process = started(host, "criu", [], env, mib, *content)
        self.pid = self.process.pid

    def run(self, what, *options):
        return self.host.output([self.criu, what, "-D", self.folder, "-v0", *options], 180)

    def checkpoint(self):
        shutil.rmtree(self.folder)
        os.makedirs(self.folder)
        return timed(lambda: self.run("dump", "-t", str(self.pid), "--leave-running"))

    def bytes(self):
        return sum(os.stat(f).st_blocks * 512 for f in glob.glob(self.folder + "/*"))

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        if self.process:
            self.host.end(self.process)
            self.process = None
        self.host.settle()

    def restart(self):
        for image in glob.glob(self.folder + "/*.img"):
            checkpoints.warm(image)
        pid_file = os.path.join(self.folder, "pid")
        taken = timed(lambda: self.run("restore", "--restore-detached", "--pidfile", pid_file))
        self.pid = checkpoints.pid_in(pid_file)
        os.unlink(pid_file)
        return taken

    def end(self):
        try:
            self.kill()
        except ProcessLookupError:
            pass


class Ours:
    name = "glckpt"

    def __init__(self, host, mib, *content, profile="raw"):
        self.profile = profile
        self.subject = checkpoints.memory_subject(host, mib, *content)

    def checkpoint(self):
        taken = self.subject.checkpoint(self.profile)
        self.durable = taken["total_ms"]
        return taken["pause_ms"]

    def bytes(self):
        return checkpoints.stored(self.subject.image)

    def kill(self):
        self.subject.kill()

    def restart(self):
        checkpoints.warm(self.subject.image)
        return self.subject.restore()

    def end(self):
        self.subject.kill()


def cycle(other):
    run = {"pause": other.checkpoint(), "image": other.bytes() / 2**20}
    run["durable"] = getattr(other, "durable", run["pause"])
    other.kill()
    run["restart"] = other.restart()
    time.sleep(1)
    return {key: round(value, 2) for key, value in run.items()}


def side_by_side(host, settings, label, kinds):
    """Each in turn, `pairs` times; those that cannot be had are told, and left out."""
    figures, missing = [], []
    for kind in kinds:
        try:
            other = kind()
        except Unavailable as e:
            progress(str(e))
            missing.append(str(e))
            continue
        before, runs = load_now(), []
        try:
            for i in range(settings.pairs):
                runs.append(cycle(other))
                progress(f"{label} {other.name} {i + 1}/{settings.pairs}: {runs[-1]}")
        finally:
            other.end()
        figures += [figure_of(f"{label}.{other.name}.{key}", "MiB" if key == "image" else "ms",
                              [run[key] for run in runs], load=(before, load_now()))
                    for key in runs[0]]
    if len(missing) == len(kinds) - 1:
        raise Unavailable("; ".join(missing))
    return figures


def raw(host, settings):
    mib = 64 if settings.quick else 1024
    return side_by_side(host, settings, f"side-by-side-{mib}MiB.raw",
                        [lambda: Ours(host, mib), lambda: Dmtcp(host, mib), lambda: Criu(host, mib)])


def packed(host, settings):
    """Text and zeros, compressed: DMTCP by its gzip."""
    mib = 64 if settings.quick else 1024
    figures = side_by_side(host, settings, f"side-by-side-{mib}MiB.packed",
                           [lambda: Ours(host, mib, "text", profile="packed"),
                            lambda: Dmtcp(host, mib, "text", zipped=True)])
    durable = [f for f in figures if f.name.endswith("durable")]
    ours, theirs = (f.ours.values for f in durable)
    return figures + [figure_of(f"side-by-side-{mib}MiB.packed.durable", "ms", ours, theirs,
                                mark=Mark(0.1, False), load=durable[0].load)]


def all_figures():
    return {"side-by-side-raw": raw, "side-by-side-packed": packed}
