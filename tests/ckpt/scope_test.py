"""What no checkpoint can keep is refused by name, and nothing of the attempt is left in the
program; what it lay on the disk for is not on its clocks."""
import os
import signal
import socket
import subprocess
import sys
import time
import unittest

from driver import Failed, PROGRAMS, Session, wait_for

AS_USER = "--user" in sys.argv
NOT_HERE = 77


def lines(path):
    with open(path) as f:
        return f.read().splitlines()


def trace(pid):
    """Of a process that is at rest; what just goes away is looked at again."""
    for _ in range(100):
        try:
            return look(pid)
        except FileNotFoundError:
            time.sleep(0.01)
    raise Failed("a process that does not come to rest")


def look(pid):
    """What can be seen of a process: descriptors, mappings, and of each thread its
    name, mask, pending signals and scheduling."""
    out = {"fd": {}, "threads": {}}
    for fd in os.listdir(f"/proc/{pid}/fd"):
        out["fd"][fd] = (os.readlink(f"/proc/{pid}/fd/{fd}"), lines(f"/proc/{pid}/fdinfo/{fd}")[1])
    for tid in os.listdir(f"/proc/{pid}/task"):
        status = dict(line.split(":\t", 1) for line in lines(f"/proc/{pid}/task/{tid}/status") if ":\t" in line)
        out["threads"][tid] = {k: status[k] for k in
                               ("Name", "SigBlk", "SigIgn", "SigCgt", "SigPnd", "Cpus_allowed", "Uid", "CapEff",
                                "NoNewPrivs", "Seccomp", "TracerPid")}
    # The heap's end and the stack may move by what the program does itself, and the library's own
    # memory (base/map.h) may grow.
    out["maps"] = [line for line in lines(f"/proc/{pid}/maps") if not line.endswith(("[heap]", "[stack]"))
                   and not 0x2a << 40 <= int(line.split("-")[0], 16) < 0x3f << 40]
    return out


class Scope(unittest.TestCase):
    def setUp(self):
        self.s = Session(as_user=AS_USER).__enter__()

    def tearDown(self):
        self.s.__exit__()

    def refused(self, code, *words, options=()):
        r = self.s.run("glckpt-signal", *options, str(self.s.pid))
        self.assertEqual(r.returncode, code, r.stderr)
        self.assertEqual(len(r.stderr.strip().splitlines()), 1, r.stderr)
        for w in words:
            self.assertIn(w, r.stderr)
        self.assertEqual([n for n in os.listdir(self.s.folder) if n.endswith((".gck", ".tmp"))], [])

    def same_as(self, before, ignored=None):
        """When the last who asked has been answered, nothing is left of it in the program."""
        for thread in before["threads"].values():
            thread.pop(ignored, None)

        def same():
            self.after = trace(self.s.pid)
            for thread in self.after["threads"].values():
                thread.pop(ignored, None)
            return self.after == before
        try:
            wait_for(same, 10)
        except Failed:
            self.maxDiff = None
            self.assertEqual(before, self.after)

    def start(self, what, environment=None):
        os.environ.update(environment or {})
        try:
            self.s.start("awkward", what)
        except Failed:
            if self.s.process.poll() == NOT_HERE:
                self.skipTest(f"no {what} here")
            raise
        finally:
            for name in environment or {}:
                del os.environ[name]

    def without(self):
        """It gives up what was in the way: a checkpoint can be had, and is good."""
        with open(self.s.path("without"), "w"):
            pass
        image = self.s.path("image.gck")
        wait_for(lambda: self.s.run("glckpt-signal", "--kill", "--output", image, str(self.s.pid)).returncode == 0,
                 what="the program to give it up")
        self.s.process.wait()
        self.s.restore(image)
        self.s.finish()

    def test_masked_signals(self):
        self.start("masked")
        before = trace(self.s.pid)
        begin = time.monotonic()
        self.refused(4, "(deaf)", "blocked signal 33", options=("--timeout", "2"))
        self.assertLess(time.monotonic() - begin, 30)
        self.same_as(before, ignored="SigPnd")  # the stop's signal, which means nothing when it arrives
        self.without()

    def test_contexts_of_asynchronous_io(self):
        self.start("aio")
        self.refused(1, "io_setup")
        self.without()

    def test_io_uring(self):
        self.start("io_uring")
        self.refused(1, "io_uring")
        self.without()

    def test_posix_message_queue(self):
        self.start("mqueue")
        self.refused(1, "message queue")
        self.without()

    @unittest.skipIf(AS_USER, "only root can")
    def test_another_root_folder(self):
        self.start("chroot")
        self.refused(1, "root folder", "chroot")
        self.without()

    def test_stopped_child(self):
        self.start("stopped child")
        self.refused(1, "is stopped")
        self.without()

    @unittest.skipIf(AS_USER, "only root has any")
    def test_raw_socket(self):
        self.start("raw socket")
        self.refused(1, "raw network socket")
        self.without()

    def test_filters_of_system_calls(self):
        self.start("seccomp")
        self.refused(1, "(filtered)", "seccomp")
        self.without()

    def test_an_area_of_its_own_for_rseq(self):
        self.start("rseq", {"GLIBC_TUNABLES": "glibc.pthread.rseq=0"})
        self.refused(1, "(areas)", "rseq")
        self.without()

    def test_connection_to_a_bus(self):
        """D-Bus and sound servers are this: a unix socket of somebody else's."""
        self.bus(accepted=True)

    def test_connection_to_a_bus_that_has_not_answered(self):
        self.bus(accepted=False)

    def bus(self, accepted):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.s.path("bus"))
            os.chmod(self.s.path("bus"), 0o777)
            listener.listen(1)
            self.start("bus")
            connection = listener.accept()[0] if accepted else None
            self.refused(1, "unix socket", "/bus", "--ext-sockets=close")
            image = self.s.checkpoint("--kill", "--ext-sockets", "close", "--output", self.s.path("i.gck"))["image"]
            self.s.process.wait()
            if connection:
                connection.close()
        self.s.restore(image)
        self.s.finish()

    def test_a_failed_checkpoint_leaves_no_trace(self):
        self.s.start("threads")
        time.sleep(0.2)

        def at_rest():
            os.kill(self.s.pid, signal.SIGSTOP)
            # Its stop arrives when every thread has it; threads that are just ending still show.
            time.sleep(0.2)
            try:
                seen = trace(self.s.pid)
            finally:
                os.kill(self.s.pid, signal.SIGCONT)
            # It makes and ends threads all the time: what is not theirs is compared.
            seen["threads"] = {t: v for t, v in seen["threads"].items() if v["Name"] in
                               ("", "fifteen letters", "a) b (c", "glckpt")}
            seen.pop("maps")
            return seen
        before = at_rest()
        failures = [("--output", "/proc/no.gck"), ("--output", "/nowhere/no.gck")]
        for options in failures:
            self.refused(1, options[1], options=options)
        for wait in (0.0, 0.005, 0.02, 0.05, 0.1):
            argv, kwargs = self.s.command("glckpt-signal", "--output", self.s.path("cancelled.gck"), str(self.s.pid))
            asked = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **kwargs)
            time.sleep(wait)
            asked.kill()
            asked.wait()
        # The next is served when the one before is over.
        self.s.checkpoint("--output", self.s.path("good.gck"))
        self.assertEqual(before, at_rest())
        self.s.finish()

    def test_no_space(self):
        """Fails when the copy writes, behind the running program."""
        program = os.path.join(PROGRAMS, "monotonic")
        self.s.start("/bin/sh", "-c", f"ulimit -f 8; trap '' XFSZ; exec {program} 60")
        before = trace(self.s.pid)
        self.refused(1, "file too large")
        self.same_as(before)
        self.s.finish()

    def test_clocks_do_not_jump(self):
        program = [os.path.join(PROGRAMS, "monotonic"), "5"]
        possible = subprocess.run(["unshare", *(["-Ur"] if AS_USER or os.geteuid() else []), "-T", "true"],
                                  capture_output=True).returncode == 0
        if not possible:
            self.skipTest("no time namespace is to be had here")
        self.s.start(*program)
        image = self.s.checkpoint("--kill", "--output", self.s.path("image.gck"))["image"]
        self.s.process.wait()
        time.sleep(7)
        self.s.restore(image)
        time.sleep(0.3)
        self.s.finish()

    def test_a_processor_that_lacks_something(self):
        self.s.start("registers")
        image = self.s.checkpoint("--kill", "--output", self.s.path("image.gck"))["image"]
        self.s.process.wait()
        r = self.s.run("glckpt-restore", "--foreign-cpu", image)
        self.assertEqual(r.returncode, 1, r.stderr)
        self.assertIn("this processor lacks instructions", r.stderr)
        self.s.restore(image)
        self.s.finish()

    def test_periodic_images(self):
        self.s.start("monotonic", "60", options=("--interval", "1", "--keep", "2"))
        images = lambda: sorted(n for n in os.listdir(self.s.folder) if n.endswith(".gck"))
        wait_for(lambda: any(n.endswith("-4.gck") for n in images()), 60, "four images by themselves")
        wait_for(lambda: len(images()) == 2, 20, "the older ones to be gone")
        newest = self.s.path(images()[-1])
        self.s.kill()
        self.s.restore(newest)
        wait_for(lambda: images() and images()[-1] > os.path.basename(newest), 60, "it to go on by itself")
        self.s.finish()


if __name__ == "__main__":
    result = unittest.main(argv=[a for a in sys.argv if a != "--user"], exit=False, verbosity=1).result
    print(f"{result.testsRun} tests executed")
    sys.exit(not result.wasSuccessful())
