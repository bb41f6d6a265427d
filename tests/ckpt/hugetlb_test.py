"""hugetlb_test.py [--user]: memory of huge TLB pages through checkpoints, kills and restarts; where
the pool has none left; where there is none at all at the restart."""
import os
import subprocess
import sys
import unittest

from driver import Failed, Session

AS_USER = "--user" in sys.argv
FOLDER = "/sys/kernel/mm/hugepages/hugepages-2048kB/"
WANTED = 48  # pages that must be free


def read(name):
    with open(FOLDER + name) as f:
        return int(f.read())


def set_pages(n):
    """Fewer than wanted if the machine is fragmented; never fewer than are in use."""
    with open(FOLDER + "nr_hugepages", "w") as f:
        f.write(str(n))


class HugePages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.before = None
        if not os.path.isdir(FOLDER):
            raise unittest.SkipTest("this kernel has no huge pages of 2 MiB")
        free = read("free_hugepages") - read("resv_hugepages")
        if free >= WANTED:
            return
        if os.geteuid() != 0:
            raise unittest.SkipTest(f"{free} huge pages are free, and only root can set {WANTED} aside")
        cls.before = read("nr_hugepages")
        try:
            set_pages(cls.before + WANTED - free)
        except OSError as e:
            raise unittest.SkipTest(f"no huge pages can be set aside: {e}")
        if read("free_hugepages") - read("resv_hugepages") < WANTED:
            set_pages(cls.before)
            raise unittest.SkipTest("the machine's memory is too fragmented for huge pages")

    @classmethod
    def tearDownClass(cls):
        if cls.before is not None:
            set_pages(cls.before)

    def setUp(self):
        self.s = Session(as_user=AS_USER).__enter__()
        self.mounted = None
        os.environ.pop("HUGE_DIR", None)

    def tearDown(self):
        self.s.__exit__()
        # A segment that the program has marked for removal goes with it, also after a restart.
        left = subprocess.run(["ipcs", "-m"], capture_output=True, text=True, check=True).stdout
        self.assertEqual([x for x in left.splitlines() if x.split()[4:6] == [str(2 << 20), "0"]], [])
        if self.mounted:
            subprocess.run(["umount", "-l", self.mounted], check=False)
            os.rmdir(self.mounted)

    def mount(self):
        """A hugetlbfs of our own, if that is allowed."""
        folder = self.s.folder + "-huge"
        os.mkdir(folder)
        r = subprocess.run(["mount", "-t", "hugetlbfs", "-o", "mode=777", "none", folder], capture_output=True)
        if r.returncode != 0:
            os.rmdir(folder)
            return
        self.mounted = os.environ["HUGE_DIR"] = folder

    def start(self, *args):
        self.s.start("hugetlb", *args)

    def take(self, *options):
        image = self.s.path(f"image-{len(os.listdir(self.s.folder))}.gck")
        self.s.checkpoint("--output", image, *options)
        return image

    def cycle(self, *options, restore=()):
        image = self.take("--kill", *options)
        self.s.process.wait()
        check = self.s.run("glckpt-restore", "--check", image)
        self.assertEqual(check.returncode, 0, check.stderr)
        self.s.restore(image, *restore)
        return image

    def test_all_kinds(self):
        self.mount()
        self.start()
        for _ in range(3):
            self.take()
        for _ in range(2):
            self.cycle()
        self.s.finish()
        self.assertNotIn("ordinary pages", self.s.stderr())

    def test_packed_and_lazy(self):
        self.start()
        self.cycle("--profile", "packed")
        self.cycle(restore=["--lazy"])
        self.take()
        self.s.finish()

    def test_incremental(self):
        self.start()
        self.take()
        for _ in range(3):
            self.cycle("--incremental")
        self.take("--incremental")
        self.s.finish()

    @unittest.skipUnless(AS_USER, "root has no limit of processes")
    def test_without_a_copy(self):
        self.start("alone", "limited")
        image = self.s.path("image.gck")
        self.assertEqual(self.s.checkpoint("--output", image)["way"], "in place")
        self.s.kill()
        self.s.restore(image)
        self.s.finish()

    @unittest.skipIf(os.geteuid() != 0, "only root changes the pool")
    def test_none_left(self):
        """A copy on write would take a page that is not there, from the copy or from the program."""
        self.start()
        total = read("nr_hugepages")
        try:
            set_pages(total - read("free_hugepages") + read("resv_hugepages"))
            for _ in range(3):
                image = self.take()
        finally:
            set_pages(total)
        self.s.kill()
        self.s.restore(image)
        self.s.finish()

    @unittest.skipIf(os.geteuid() != 0, "only root changes the pool")
    def test_none_at_the_restart(self):
        self.start("lean")
        image = self.take("--kill")
        self.s.process.wait()
        total = read("nr_hugepages")
        try:
            set_pages(0)
            if read("free_hugepages"):
                self.skipTest("huge pages of others")
            open(self.s.path("ordinary"), "w").close()
            self.s.restore(image)
            told = [x for x in self.s.stderr().splitlines() if "ordinary pages" in x]
            self.assertEqual(len(told), 1, self.s.stderr())
            self.assertIn("huge pages of 2 MiB", told[0])
            self.cycle()  # it is ordinary memory now
        finally:
            set_pages(total)
        self.s.finish()

    @unittest.skipIf(os.geteuid() != 0, "only root mounts")
    def test_file_gone(self):
        self.mount()
        if not self.mounted:
            self.skipTest("hugetlbfs cannot be mounted")
        self.start("alone")
        image = self.take("--kill")
        self.s.process.wait()
        os.rename(self.mounted + "/glckpt-named", self.mounted + "/glckpt-elsewhere")
        with self.assertRaises(Failed) as e:
            self.s.restore(image)
        self.assertIn("glckpt-named", str(e.exception))
        os.rename(self.mounted + "/glckpt-elsewhere", self.mounted + "/glckpt-named")
        self.s.restore(image)
        self.s.finish()


if __name__ == "__main__":
    unittest.main(argv=[a for a in sys.argv if a != "--user"])
