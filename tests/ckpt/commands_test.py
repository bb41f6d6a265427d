"""The commands' contract: exit statuses, --stop, --stopped, signals passed on, refusals that leave
the program running and no half image behind."""
import ctypes
import glob
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

from driver import Session, state, wait_for


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return f.read().split()


class Running(unittest.TestCase):
    def setUp(self):
        self.s = Session().__enter__()

    def tearDown(self):
        self.s.__exit__()

    def runs(self):
        self.assertIn(state(self.s.pid), ("S", "R"))

    def no_leftovers(self):
        self.assertEqual(glob.glob(self.s.path("*.tmp")), [])

    def refused(self, r, code, *words):
        self.assertEqual(r.returncode, code, r.stderr)
        self.assertEqual(r.stdout, "")
        self.assertEqual(len(r.stderr.strip().splitlines()), 1, r.stderr)
        self.assertTrue(r.stderr.startswith("glckpt: "), r.stderr)
        for w in words:
            self.assertIn(w, r.stderr)


class Commands(Running):
    def test_exit_status_is_the_programs(self):
        self.assertEqual(self.s.run("glckpt-run", "--", "sh", "-c", "exit 7").returncode, 7)
        self.assertEqual(self.s.run("glckpt-run", "no-such-program").returncode, 127)
        self.assertEqual(self.s.run("glckpt-run").returncode, 2)

    def test_static_program_is_refused(self):
        self.refused(self.s.run("glckpt-run", os.environ["GLCKPT_PROGRAMS"] + "/static"), 1, "statically")

    def test_script_and_exec(self):
        self.s.spawn("glckpt-run", "--dir", self.s.folder, "sh", "-c",
                     f"exec env -u FOO {os.environ['GLCKPT_PROGRAMS']}/attributes")
        self.s.pid = self.s.process.pid
        wait_for(lambda: os.path.exists(self.s.path("ready")))
        self.assertTrue(os.path.exists(self.s.checkpoint()["image"]))

    def test_json_has_the_documented_keys(self):
        self.s.start("attributes")
        r = self.s.checkpoint()
        for key in ("image", "bytes", "pause_ms", "total_ms", "pids"):
            self.assertIn(key, r)
        self.assertEqual(os.stat(r["image"]).st_mode & 0o777, 0o600)
        self.assertEqual(os.stat(r["image"]).st_size, r["bytes"])

    def test_stop_leaves_it_stopped_and_cont_goes_on(self):
        self.s.start("attributes")
        r = self.s.run("glckpt-signal", "--stop", str(self.s.pid))
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertTrue(r.stdout.strip().endswith(".gck"))
        self.assertEqual(state(self.s.pid), "T")
        os.kill(self.s.pid, signal.SIGCONT)
        self.s.finish()

    def test_stopped_restore_waits_for_cont(self):
        self.s.start("attributes")
        image = self.s.checkpoint("--kill")["image"]
        self.s.process.wait()
        self.s.restore(image, "--stopped")
        self.assertEqual(state(self.s.pid), "T")
        os.kill(self.s.pid, signal.SIGCONT)
        self.s.finish()

    def test_cont_interrupts_no_call(self):
        # SIGCONT has no handler: select goes on waiting, natively too.
        program = ("import ctypes, os; r, w = os.pipe(); c = ctypes.CDLL(None, use_errno=True); "
                   "s = (ctypes.c_ulong * 16)(); s[r // 64] = 1 << r % 64; open('ready', 'w').close(); "
                   "c.pselect(r + 1, s, 0, 0, 0, 0); open('returned', 'w').close()")
        self.s.start("/usr/bin/python3", "-c", program)
        time.sleep(0.3)
        r = self.s.run("glckpt-signal", "--stop", str(self.s.pid))
        self.assertEqual(r.returncode, 0, r.stderr)
        image = r.stdout.strip()
        os.kill(self.s.pid, signal.SIGCONT)
        wait_for(lambda: state(self.s.pid) == "S", what="it goes on")
        time.sleep(0.5)
        self.assertFalse(os.path.exists(self.s.path("returned")))
        self.s.kill()
        self.s.restore(image, "--stopped")
        os.kill(self.s.pid, signal.SIGCONT)
        wait_for(lambda: state(self.s.pid) == "S", what="it goes on")
        time.sleep(0.5)
        self.assertFalse(os.path.exists(self.s.path("returned")))

    def test_the_tool_stands_for_the_program(self):
        self.s.start("attributes")
        image = self.s.checkpoint("--kill")["image"]
        self.s.process.wait()
        self.s.restore(image)
        # By the tool's pid as well as by the program's.
        r = self.s.run("glckpt-signal", str(self.s.process.pid))
        self.assertEqual(r.returncode, 0, r.stderr)
        os.kill(self.s.process.pid, signal.SIGTERM)
        self.assertEqual(self.s.process.wait(10), -signal.SIGTERM)

    def test_the_documented_signal(self):
        self.s.start("attributes")
        os.kill(self.s.pid, 33)
        wait_for(lambda: glob.glob(self.s.path("*-1.gck")), what="an image")
        # And again in a restarted program.
        image = self.s.checkpoint("--kill")["image"]
        self.s.process.wait()
        self.s.restore(image)
        os.kill(self.s.pid, 33)
        wait_for(lambda: glob.glob(self.s.path("*-3.gck")), what="the restarted program's image")

    def test_interval_and_keep(self):
        self.s.start("attributes", options=("--interval", "1", "--keep", "2"))
        wait_for(lambda: glob.glob(self.s.path("*-4.gck")), what="the fourth image")
        time.sleep(0.2)
        self.assertLessEqual(len(glob.glob(self.s.path("*.gck"))), 2)

    def test_a_closed_descriptor_table_does_not_hurt(self):
        self.s.start("close_all")
        self.assertTrue(self.s.checkpoint()["image"])
        self.s.finish()

    def test_an_image_of_a_tree_tells_of_all_its_processes(self):
        self.s.start("forks")
        image = self.s.checkpoint()["image"]
        info = json.loads(self.s.run("glckpt-info", "--json", image).stdout)
        self.assertEqual(len(info["processes"]), 2)
        self.assertEqual(info["processes"][0]["pid"], self.s.pid)
        self.assertEqual(info["processes"][1]["parent"], self.s.pid)
        self.assertEqual(self.s.run("glckpt-info", image).stdout.count("command "), 2)
        self.assertEqual(self.s.run("glckpt-info", "--verify", image).returncode, 0)
        self.refused(self.s.run("glckpt-log", image), 1, "has not used GL")
        self.s.finish()

    def test_live_operations_say_when_there_is_nothing_to_act_on(self):
        self.s.start("forks")
        self.refused(self.s.run("glckpt-signal", "--replace-renderer", str(self.s.pid)), 1, "nothing with GL")
        self.refused(self.s.run("glckpt-signal", "--move-display", ":77", str(self.s.pid)), 1, "no windows")
        self.s.finish()

    def test_what_it_was_started_with_is_the_restorers_again_and_again(self):
        # A pipe to somebody else under a number of its own: the restorer's of that number.
        read, write = os.pipe()
        program = os.path.join(os.environ["GLCKPT_PROGRAMS"], "attributes")
        try:
            os.set_inheritable(write, True)
            self.s.inherit = (write,)
            self.s.start(program)
            for _ in range(3):
                image = self.s.checkpoint("--kill")["image"]
                self.s.process.wait()
                self.s.restore(image)
            self.s.finish()
        finally:
            os.close(read)
            os.close(write)

    def test_noise_on_the_control_socket(self):
        self.s.start("forks")
        with open(self.s.path("child")) as f:
            child = int(f.read())
        for n in range(60):
            pid = random.choice((self.s.pid, child))
            name = f"\0glckpt/{os.getuid()}/{os.readlink(f'/proc/{pid}/ns/pid')}/{pid}"
            with socket.socket(socket.AF_UNIX) as c:
                c.settimeout(5)
                c.connect(name)
                noise = random.randbytes(random.randrange(200))
                if n % 2:
                    # A leader that asks for the steps in no order, with nothing in them.
                    c.sendall(b"op join\n\n")
                    c.recv(8)
                    noise = struct.pack("<II", random.randrange(10), random.choice((0, 0, 8))) + noise
                c.sendall(noise)
                c.shutdown(socket.SHUT_WR)
                try:
                    while c.recv(4096):
                        pass
                except (ConnectionError, TimeoutError):
                    pass
        self.assertTrue(self.s.checkpoint()["image"])
        self.s.finish()

    def test_any_process_stands_for_its_tree(self):
        self.s.start("forks")
        with open(self.s.path("child")) as f:
            child = int(f.read())
        for pid in (self.s.pid, child):
            r = self.s.run("glckpt-signal", "--json", str(pid))
            self.assertEqual(r.returncode, 0, r.stderr)
            self.assertEqual(json.loads(r.stdout)["pids"], [self.s.pid, child])
        os.kill(child, 33)
        wait_for(lambda: glob.glob(self.s.path("*-3.gck")), what="the tree's image")
        self.s.finish()

    def test_killed_a_moment_ago(self):
        """The dead keep their numbers, also that of their session, until somebody waits for them."""
        prctl = ctypes.CDLL(None).prctl
        prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: they come to us
        self.addCleanup(prctl, 36, 0, 0, 0, 0)
        self.s.start("/bin/sh", "-c", "setsid sleep 1000 & touch ready; wait")
        r = self.s.checkpoint("--stop")
        for pid in r["pids"]:
            os.kill(pid, signal.SIGKILL)
        self.s.process.wait()
        dead = lambda: [p for p in map(int, children_of(os.getpid())) if state(p) == "Z"]  # noqa: E731
        wait_for(lambda: r["pids"][1] in dead(), what="the child's end")
        os.waitpid(r["pids"][1], 0)  # whoever wrote its image is in its session, and is left
        late = threading.Timer(0.3, lambda: [os.waitpid(p, 0) for p in dead()])
        late.start()
        self.s.restore(r["image"])
        late.join()
        if os.geteuid() == 0:
            self.assertEqual(children_of(self.s.pid), [str(r["pids"][1])])
        self.s.kill()

    def test_a_process_that_is_not_under_glckpt(self):
        self.s.start("/bin/sh", "-c", f"{os.environ['GLCKPT_PROGRAMS']}/static & touch ready; wait")
        self.refused(self.s.run("glckpt-signal", str(self.s.pid)), 1, "(static)",
                     "is not under glckpt")
        self.runs()
        self.no_leftovers()


class Refusals(Running):
    def test_not_glckpts(self):
        self.refused(self.s.run("glckpt-signal", str(os.getpid())), 3)
        self.refused(self.s.run("glckpt-signal", "4194303"), 3)
        self.assertEqual(self.s.run("glckpt-signal").returncode, 2)

    def test_connection_to_outside(self):
        self.s.start("connected")
        self.refused(self.s.run("glckpt-signal", str(self.s.pid)), 1, "fd ", "127.0.0.1:",
                     "--ext-sockets=close")
        self.runs()
        self.no_leftovers()
        image = self.s.checkpoint("--ext-sockets", "close", "--kill")["image"]
        self.s.process.wait()
        self.s.restore(image)
        self.s.finish()  # it has seen the end of its connection

    def test_port_that_is_still_taken(self):
        self.s.start("sockets")
        inodes = set()
        for fd in os.listdir(f"/proc/{self.s.pid}/fd"):
            link = os.readlink(f"/proc/{self.s.pid}/fd/{fd}")
            if link.startswith("socket:["):
                inodes.add(link[8:-1])
        with open("/proc/net/udp") as f:
            lines = [line.split() for line in f.readlines()[1:]]
        port = next(int(line[1].split(":")[1], 16) for line in lines if line[9] in inodes)
        image = self.s.checkpoint()["image"]
        self.s.kill()
        holder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        holder.bind(("127.0.0.1", port))
        self.refused(self.s.run("glckpt-restore", image), 1, f"udp 127.0.0.1:{port}", "in use")
        # A process that is just being killed lets go a moment later.
        threading.Timer(0.7, holder.close).start()
        self.s.restore(image)
        self.s.finish()

    def test_stopped_program_times_out_with_a_reason(self):
        self.s.start("attributes")
        os.kill(self.s.pid, signal.SIGSTOP)
        self.refused(self.s.run("glckpt-signal", "--timeout", "1", str(self.s.pid)), 4, "SIGSTOP")
        os.kill(self.s.pid, signal.SIGCONT)
        self.s.finish()
        self.no_leftovers()

    def test_folder_that_cannot_be_written(self):
        self.s.start("attributes")
        self.refused(self.s.run("glckpt-signal", "--output", "/proc/image.gck", str(self.s.pid)), 1,
                     "/proc/image.gck")
        self.refused(self.s.run("glckpt-signal", "--output", "/nowhere/image.gck", str(self.s.pid)), 1)
        self.runs()
        self.s.finish()

    @unittest.skipUnless(os.geteuid() == 0, "needs root to mount a small disk")
    def test_full_disk(self):
        disk = self.s.path("disk")
        os.mkdir(disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", disk], check=True)
        try:
            self.s.start("attributes")
            self.refused(self.s.run("glckpt-signal", "--output", disk + "/i.gck", str(self.s.pid)), 1,
                         "no space left")
            self.assertEqual(os.listdir(disk), [])
            self.runs()
            self.s.finish()
        finally:
            subprocess.run(["umount", disk], check=True)

    def test_damaged_images(self):
        self.s.start("attributes")
        for profile in ("raw", "packed"):
            image = self.s.checkpoint("--profile", profile)["image"]
            with open(image, "rb") as f:
                data = f.read()
            generator = random.Random(profile)
            places = [0, 8, 16, 24, 40, 100, 4088, 4095, len(data) - 1, len(data) - 64]
            places += [generator.randrange(len(data)) for _ in range(60)]
            places += [generator.randrange(len(data) - len(data) // 20, len(data)) for _ in range(20)]
            for at in places:
                bad = bytearray(data)
                bad[at] ^= 1 << generator.randrange(8)
                self.write_image("bad.gck", bad)
                r = self.s.run("glckpt-restore", "--check", self.s.path("bad.gck"))
                self.refused(r, 1)
            self.refused(self.s.run("glckpt-restore", self.s.path("bad.gck")), 1)
            for bytes_left in (0, 1, 4095, 4096, len(data) // 2, len(data) - 1):
                self.write_image("bad.gck", data[:bytes_left])
                self.refused(self.s.run("glckpt-restore", self.s.path("bad.gck")), 1)
        self.runs()

    def write_image(self, name, data):
        with open(self.s.path(name), "wb") as f:
            f.write(data)
        os.chmod(self.s.path(name), 0o600)

    def test_image_of_others(self):
        self.s.start("attributes")
        image = self.s.checkpoint()["image"]
        os.chmod(image, 0o666)
        self.refused(self.s.run("glckpt-restore", image), 1, "written by others")
        os.chmod(image, 0o600)
        if os.geteuid() == 0:
            os.chown(image, 65534, 65534)
            self.refused(self.s.run("glckpt-restore", image), 1, "another user")
        self.refused(self.s.run("glckpt-restore", self.s.path("none.gck")), 1)

    def test_file_that_changed(self):
        self.s.start("memory")
        image = self.s.checkpoint("--kill")["image"]
        self.s.process.wait()
        with open(self.s.path("mapped"), "r+b") as f:
            f.write(b"something else")
        self.refused(self.s.run("glckpt-restore", image), 1, "mapped", "changed")

    def test_writer_killed_in_the_middle(self):
        """kill -9 of the program at random moments of a checkpoint: the image of before restores,
        and under the new name there is a whole image or none."""
        self.s.start("blocking")
        good = self.s.checkpoint("--output", self.s.path("good.gck"))["image"]
        generator = random.Random(3)
        for i in range(4):
            argv, kwargs = self.s.command("glckpt-signal", "--output", self.s.path("new.gck"),
                                          str(self.s.pid))
            asked = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **kwargs)
            time.sleep(generator.random() * 0.15)
            self.s.kill()
            asked.wait()
            time.sleep(0.3)
            if os.path.exists(self.s.path("new.gck")):
                r = self.s.run("glckpt-restore", "--check", self.s.path("new.gck"))
                self.assertEqual(r.returncode, 0, r.stderr)
                os.unlink(self.s.path("new.gck"))
            self.s.restore(good)
        self.s.kill()


class Limits(unittest.TestCase):
    """As an ordinary user: root may have as many processes as it likes."""
    def through_checkpoints(self, *limit, way="in place", times=1, restore=()):
        with Session(as_user=True) as s:
            s.start("limited", *limit)
            if os.geteuid() != 0 and limit[0] == "nproc":
                way = None  # the tests' own user may have a limit already
            for _ in range(2 * times):
                taken = s.checkpoint("--output", s.path("image.gck"))
                if way:
                    self.assertEqual(taken["way"], way)
            for _ in range(times):
                s.checkpoint("--kill", "--output", s.path("image.gck"))
                s.process.wait()
                r = s.run("glckpt-info", "--verify", s.path("image.gck"))
                self.assertEqual(r.returncode, 0, r.stderr)
                s.restore(s.path("image.gck"), *restore)
                time.sleep(0.3)
            s.checkpoint()
            s.finish()

    def test_without_another_process(self):
        """Where there can be no copy, the stopped program writes its image itself."""
        self.through_checkpoints("nproc")

    def test_without_another_process_and_much_memory(self):
        """Most of it is written before the stop."""
        self.through_checkpoints("nproc", "128", way="pre-copied", times=4)
        self.through_checkpoints("nproc", "128", way="pre-copied", restore=["--lazy"])

    def test_with_little_address_space(self):
        self.through_checkpoints("as", way="forked")


class Info(Running):
    def test_json_and_backtraces(self):
        self.s.start("blocking")
        image = self.s.checkpoint()["image"]
        r = self.s.run("glckpt-info", "--json", "--threads", image)
        self.assertEqual(r.returncode, 0, r.stderr)
        info = json.loads(r.stdout)
        self.assertTrue(info["program"].endswith("/blocking"))
        self.assertEqual(info["bytes"], os.stat(image).st_size)
        self.assertGreater(info["threads"], 10)
        text = " ".join(f["where"] for t in info["thread_list"] for f in t["frames"])
        self.assertIn("pause", text)
        self.assertIn("sigsuspend", text)
        self.assertEqual(self.s.run("glckpt-info", "--verify", image).returncode, 0)
        self.refused(self.s.run("glckpt-info", "--thumbnail", self.s.path("t.png"), image), 1)


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=1).result
    print(f"{result.testsRun} tests executed")
    sys.exit(not result.wasSuccessful())
