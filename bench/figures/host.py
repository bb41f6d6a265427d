"""The machine, the build under test, processes that must not outlive us, and a private X server."""
import atexit
import ctypes
import datetime
import os
import platform
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time

from .measure import Failed, Unavailable

BENCH = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(BENCH)


def describe():
    with open("/proc/cpuinfo") as f:
        models = re.findall(r"model name\s*: (.*)", f.read())
    head = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"],
                          capture_output=True, text=True)
    return {
        "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "processors": os.cpu_count(),
        "model": models[0] if models else "?",
        "kernel": platform.release(),
        "memory_mib": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20,
        "commit": head.stdout.strip() or "?",
        "load": os.getloadavg(),
    }


def need(program):
    path = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/games:/usr/bin:/bin")
    if not path:
        raise Unavailable(f"{program} is not installed")
    return path


PR_SET_CHILD_SUBREAPER = 36


def cpu_seconds():
    """Of all processes that ran for us and are reaped."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def children():
    tasks = os.listdir("/proc/self/task")
    found = set()
    for task in tasks:
        with open(f"/proc/self/task/{task}/children") as f:
            found |= {int(pid) for pid in f.read().split()}
    return found


class Host:
    """Everything that runs here runs in `folder`, and ends when we do."""

    def __init__(self, build, folder=None):
        self.build = os.path.abspath(build)
        self.folder = tempfile.mkdtemp(prefix="glckpt-bench-", dir=folder)
        self.display = None
        self.running = set()
        # The renderer leaves its parent; its time on the processor belongs to the run all the same.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        atexit.register(self.close)

    def close(self):
        for process in list(self.running):
            self.end(process)
        self.settle()
        shutil.rmtree(self.folder, ignore_errors=True)

    def tool(self, name):
        return self._built(os.path.join("bin", "glckpt-" + name))

    def program(self, name):
        return self._built(os.path.join("bench", "bench_" + name))

    def _built(self, path):
        path = os.path.join(self.build, path)
        if not os.access(path, os.X_OK):
            raise Unavailable(f"{path} is not built")
        return path

    def launcher(self, under_glckpt, *options):
        if not under_glckpt:
            return []
        self._built(os.path.join("lib", "glckpt", "glckpt-renderer"))  # else: native figures
        return [self.tool("run"), *options, "--"]

    def environment(self, home, display=True):
        os.makedirs(home, exist_ok=True)
        os.chmod(home, 0o700)
        kept = {k: v for k, v in os.environ.items()
                if not k.startswith("XDG_") and k != "DBUS_SESSION_BUS_ADDRESS"}
        kept.pop("DISPLAY", None)
        kept.update(HOME=home, XDG_RUNTIME_DIR=home, LC_ALL="C.UTF-8", SDL_AUDIODRIVER="dummy",
                    ALSOFT_DRIVERS="null")
        if display:
            kept["DISPLAY"] = self.x_server()
        return kept

    def start(self, command, **how):
        """In a process group of its own, so that `end` reaches what it starts in turn."""
        how.setdefault("stdin", subprocess.DEVNULL)
        how.setdefault("cwd", self.folder)
        process = subprocess.Popen(command, start_new_session=True, **how)
        self.running.add(process)
        return process

    def end(self, process):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        if process.stdout:
            process.stdout.close()
        self.running.discard(process)

    def reap(self):
        """Collects descendants that outlived their parents. True when none is left."""
        orphans = children() - {process.pid for process in self.running}
        for pid in orphans:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass
        return not orphans

    def settle(self):
        """Waits until what `end` left behind (renderers) has noticed and is gone."""
        if not wait_for(self.reap, 5):
            for pid in children() - {process.pid for process in self.running}:
                os.kill(pid, signal.SIGKILL)
            wait_for(self.reap, 5)

    def output(self, command, seconds, **how):
        """Its output; it must end by itself in time and well."""
        process = self.start(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, errors="replace", **how)
        try:
            text, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{command} did not end in {seconds} s") from None
        finally:
            self.end(process)
        if process.returncode:
            raise Failed(f"{command}: status {process.returncode}: {text[-400:].strip()}")
        return text

    def x_server(self):
        """One server for all, so that both sides of a pair draw through the same."""
        if self.display:
            return self.display
        # The server itself finds a free number: locks and sockets that a dead server left do not matter.
        told, report = os.pipe()
        self.start([need("Xvfb"), "-displayfd", str(report), "-screen", "0", "1280x1024x24",
                    "+extension", "GLX", "+render", "-noreset", "-nolisten", "tcp"],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(report,))
        os.close(report)
        with os.fdopen(told) as answer:
            number = answer.readline().strip()
        if not number:
            raise Unavailable("no private X server came up")
        self.display = f":{number}"
        return self.display


def wait_for(condition, seconds, step=0.02):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(step)
    return False
