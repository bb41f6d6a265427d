"""killed_test.py [--kills N] [--user]: kill -9 of whoever takes part in a checkpoint, at random
moments of it, and disks that fill. Whatever is killed when: what has the image's name is whole, the
previous one or the new, and goes on; whoever was not killed goes on; nothing is left that piles up."""
import argparse
import glob
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

from driver import Failed, Session, state, wait_for


# Nothing of these is kept in files, which would not go back with an older image. The first has 64 MiB
# that do not compress, and looks at them.
HOLD = ("import os, time, hashlib; m = bytearray(os.urandom(1 << 26)); h = hashlib.sha1(m).digest()\n"
        "open('ready', 'w').close()\n"
        "while not os.path.exists('stop'): time.sleep(0.05)\n"
        "os._exit(0 if hashlib.sha1(m).digest() == h else 1)")
PROGRAMS = {"memory": ("/usr/bin/python3", "-c", HOLD), "tree": ("forks",)}


def children(pid):
    out = []
    try:
        for tid in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{tid}/children") as f:
                out += [int(c) for c in f.read().split()]
    except OSError:
        pass
    return out


def tree_of(pid):
    out = [pid]
    for c in children(pid):
        out += tree_of(c)
    return out


def is_writer(pid):
    """A copy that writes an image: without an exit signal."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[35] == "0"
    except OSError:
        return False


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass


class Killer:
    def __init__(self, s, program):
        self.s = s
        self.image = s.path("image.gck")
        self.counts = {}
        s.start(*PROGRAMS[program])
        s.checkpoint("--output", self.image)
        self.usual = self.time_one()

    def time_one(self):
        start = time.monotonic()
        self.s.checkpoint("--output", self.image)
        return time.monotonic() - start

    def ask(self):
        argv, kwargs = self.s.command("glckpt-signal", "--output", self.image, str(self.s.pid))
        return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kwargs)

    def victims(self, what):
        everybody = tree_of(self.s.pid)
        if what == "writer":
            return [p for p in everybody if is_writer(p)]
        if what == "member":
            return [p for p in everybody[1:] if not is_writer(p)]
        return [self.s.pid]

    def one(self):
        what = random.choice(("writer", "writer", "program", "program", "tool"))
        asked = self.ask()
        end = time.monotonic() + random.uniform(0, 1.2 * self.usual)
        victims = []
        if what == "writer":  # from that moment on, as soon as there is one
            while asked.poll() is None:
                if time.monotonic() >= end and (victims := self.victims(what)):
                    break
            if victims:
                kill(random.choice(victims))
        else:
            time.sleep(max(0, end - time.monotonic()))
            everybody = tree_of(self.s.pid)
            kill(asked.pid if what == "tool" else self.s.pid)
        out, err = asked.communicate(timeout=60)
        self.counts[what] = self.counts.get(what, 0) + 1
        if what == "writer" and asked.returncode not in (0, 1):
            raise Failed(f"{what}: glckpt-signal {asked.returncode} {err}")
        if what == "program":
            for p in everybody:
                kill(p)
            self.s.process.wait()
            wait_for(lambda: not self.writers_left(), what="the copies end")
            self.check()
            self.s.restore(self.image)
        else:
            if self.s.process.poll() is not None:
                raise Failed(f"{what}: the program ended: {self.s.stderr()}")
            self.check()

    def writers_left(self):
        return [p for p in map(int, filter(str.isdigit, os.listdir("/proc")))
                if is_writer(p) and self.opens_image(p) and state(p) not in ("Z", "X", "?")]

    def opens_image(self, pid):
        try:
            return any(os.readlink(f"/proc/{pid}/fd/{fd}").startswith(self.s.folder + "/")
                       for fd in os.listdir(f"/proc/{pid}/fd")) and state(pid) != "Z"
        except OSError:
            return False

    def check(self):
        r = self.s.run("glckpt-restore", "--check", self.image)
        if r.returncode != 0:
            raise Failed(f"--check: {r.stderr}")
        names = set(os.path.basename(n) for n in glob.glob(self.s.path("*.gck*")))
        temporary = {n for n in names if n.endswith(".tmp")}
        if names - temporary != {"image.gck"} or len(temporary) > 1:
            raise Failed(f"left behind: {sorted(names)}")

    def finish(self):
        # A checkpoint that nobody disturbs: and nothing is left of the others.
        self.s.checkpoint("--output", self.image)
        if left := glob.glob(self.s.path("*.tmp")):
            raise Failed(f"left behind: {left}")
        self.s.checkpoint("--kill", "--output", self.image)
        self.s.process.wait()
        self.s.restore(self.image)
        self.s.finish()


def fill_a_disk(s):
    """A small file system: refused by name, the program goes on, the image before is whole."""
    small = s.path("small")
    os.mkdir(small)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=777", "none", small], check=True)
    try:
        with_room = s.checkpoint("--profile", "packed", "--output", f"{small}/image.gck")["image"]
        with open(f"{small}/filler", "wb", buffering=0) as f:
            try:
                while f.write(bytes(4096)):
                    pass
            except OSError:
                pass
        for profile in ("raw", "packed"):
            for name in ("image.gck", "other.gck"):
                r = s.run("glckpt-signal", "--profile", profile, "--output", f"{small}/{name}", str(s.pid))
                if r.returncode != 1 or "no space left" not in r.stderr:
                    raise Failed(f"full disk: {r.returncode} {r.stderr}")
        if sorted(os.listdir(small)) != ["filler", "image.gck"]:
            raise Failed(f"full disk: {os.listdir(small)}")
        r = s.run("glckpt-restore", "--check", with_room)
        if r.returncode != 0:
            raise Failed(f"full disk: {r.stderr}")
    finally:
        subprocess.run(["umount", small], check=True)


def limit_file_size(s):
    """The same without privilege: files of at most 64 KiB."""
    import resource
    resource.prlimit(s.pid, resource.RLIMIT_FSIZE, (65536, resource.RLIM_INFINITY))
    r = s.run("glckpt-signal", "--profile", "raw", "--output", s.path("large.gck"), str(s.pid))
    if r.returncode != 1 or "too large" not in r.stderr or os.path.exists(s.path("large.gck")):
        raise Failed(f"limited: {r.returncode} {r.stderr}")
    resource.prlimit(s.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    s.checkpoint("--output", s.path("large.gck"))
    os.unlink(s.path("large.gck"))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--kills", type=int, default=500)
    p.add_argument("--user", action="store_true")
    a = p.parse_args()
    for program in ("memory", "tree"):
        with Session(as_user=a.user) as s:
            k = Killer(s, program)
            for n in range(a.kills // 2):
                k.one()
                if a.kills > 100:
                    print(program, n + 1, k.counts, flush=True)
            k.finish()
            print(f"{program}: {k.counts}")
    if not a.user:
        with Session() as s:
            s.start("attributes")
            limit_file_size(s)
            if os.geteuid() == 0:
                fill_a_disk(s)
            s.finish()


try:
    main()
except Failed as e:
    sys.exit(f"FAILED: {e}")
