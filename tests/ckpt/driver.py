"""What the end-to-end tests share: run a program under the three commands, in a folder of its own.

Tests run as whoever runs ctest; as root, `as_user` makes the commands run as an ordinary user too.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../common"))

from processes import state  # noqa: E402

BIN = os.environ["GLCKPT_BIN"]
PROGRAMS = os.environ["GLCKPT_PROGRAMS"]
NOBODY = 65534


class Failed(Exception):
    pass


def wait_for(condition, seconds=20, what="condition"):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise Failed(f"timed out: {what}")


class Session:
    """A folder, the program in it, and the process that stands for it at present."""

    def __init__(self, as_user=False):
        self.folder = tempfile.mkdtemp(prefix="glckpt-test-")
        self.user = NOBODY if as_user and os.geteuid() == 0 else None
        if self.user is not None:
            os.chown(self.folder, self.user, self.user)
        self.inherit = ()  # descriptors that the programs are given
        self.process = None  # what we started: the program, or its glckpt-restore
        self.pid = None  # the program

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in {self.pid, self.process.pid if self.process else None} - {None}:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if self.process:
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def command(self, tool, *args, **how):
        kwargs = dict(cwd=self.folder, stdin=subprocess.DEVNULL)
        if self.user is not None:
            kwargs.update(user=self.user, group=self.user, extra_groups=[])
        kwargs.update(how)
        return [os.path.join(BIN, tool), *args], kwargs

    def spawn(self, tool, *args):
        argv, kwargs = self.command(tool, *args)
        with open(self.path("stderr"), "ab") as errors:
            if self.user is not None:
                os.chown(errors.name, self.user, self.user)
            self.process = subprocess.Popen(argv, stdout=errors, stderr=errors, pass_fds=self.inherit,
                                            **kwargs)

    def run(self, tool, *args, timeout=60):
        argv, kwargs = self.command(tool, *args)
        return subprocess.run(argv, capture_output=True, text=True, timeout=timeout, **kwargs)

    def start(self, program, *args, options=()):
        if not program.startswith("/"):
            program = os.path.join(PROGRAMS, program)
        self.spawn("glckpt-run", "--dir", self.folder, *options, program, *args)
        self.pid = self.process.pid
        wait_for(lambda: os.path.exists(self.path("ready")) or self.process.poll() is not None,
                 what="the program to be ready")
        if self.process.poll() is not None:
            raise Failed(f"the program ended at once: {self.stderr()}")

    def checkpoint(self, *args):
        r = self.run("glckpt-signal", "--json", *args, str(self.pid))
        if r.returncode != 0:
            raise Failed(f"glckpt-signal: {r.returncode} {r.stderr}; the program: "
                         f"{self.process.poll()} {self.stderr()}")
        return json.loads(r.stdout)

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        self.process.wait()

    def restore(self, image, *args):
        if os.path.exists(self.path("pid")):
            os.unlink(self.path("pid"))
        self.spawn("glckpt-restore", "--pid-file", self.path("pid"), *args, image)
        wait_for(lambda: os.path.exists(self.path("pid")) or self.process.poll() is not None,
                 what="the restart")
        if self.process.poll() is not None:
            raise Failed(f"glckpt-restore: {self.process.returncode} {self.stderr()}")
        with open(self.path("pid")) as f:
            self.pid = int(f.read())

    def finish(self):
        """Lets a harness program end; its exit status is the verdict."""
        open(self.path("stop"), "w").close()
        status = self.process.wait(timeout=60)
        if status != 0:
            raise Failed(f"exit status {status}: {self.stderr()}")

    def stderr(self):
        with open(self.path("stderr"), errors="replace") as f:
            return f.read()
