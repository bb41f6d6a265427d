"""Programs that people have: shells with pipelines, Python with its children, a wrapper script that
waits, script(1) with a terminal. Checkpointed while they go on, then killed and restored, twice."""
import os
import shutil
import sys
import unittest

from driver import Session, wait_for

POOL = """
import multiprocessing, os, subprocess, time
def square(n):
    return n * n
if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool, open("out", "w", 1) as out:
        cat = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        n = 0
        while not os.path.exists("stop"):
            assert pool.map(square, range(n, n + 4)) == [i * i for i in range(n, n + 4)]
            line = b"%d\\n" % n
            cat.stdin.write(line)
            cat.stdin.flush()
            assert cat.stdout.readline() == line
            n += 1
            print(n, file=out)
            if n == 3:
                open("ready", "w").close()
            time.sleep(0.01)
        cat.stdin.close()
        assert cat.wait() == 0
"""

PIPELINE = """
exec > out
i=0
while [ ! -e stop ]; do i=$((i+1)); echo $i; [ $i = 5 ] && : > ready; sleep 0.02; done |
    (while read n; do echo "got $n"; done) | while read a b; do echo "$b"; done
"""

WRAPPER = """
sh -c 'trap "exit 0" TERM; n=0; while [ ! -e stop ]; do n=$((n+1)); echo $n >> out; \
[ $n = 3 ] && : > ready; sleep 0.02; done; exit 5' &
wait $!
[ $? = 5 ]
"""

ON_A_TERMINAL = """n=0; while [ ! -e stop ]; do n=$((n+1)); echo $n >> out; tty -s || exit 9
[ $n = 3 ] && : > ready; sleep 0.05; done"""


class Programs(unittest.TestCase):
    def setUp(self):
        self.s = Session(as_user=self.user).__enter__()

    def tearDown(self):
        self.s.__exit__()

    def lines(self):
        try:
            with open(self.s.path("out")) as f:
                return [int(n) for n in f.read().split()]
        except FileNotFoundError:
            return []

    def grows(self):
        before = len(self.lines())
        wait_for(lambda: len(self.lines()) > before + 2, what="the program to go on")

    def cycles(self, *argv):
        self.s.start(*argv)
        for _ in range(3):
            self.s.checkpoint()
            self.grows()
        for _ in range(2):
            image = self.s.checkpoint("--kill")["image"]
            self.s.process.wait()
            self.assertEqual(self.s.run("glckpt-restore", "--check", image).returncode, 0)
            self.s.restore(image)
            self.grows()
        self.s.finish()
        lines = self.lines()
        self.assertEqual(lines, list(range(1, len(lines) + 1)))  # nothing lost, nothing twice

    def test_python_pool_and_subprocess(self):
        with open(self.s.path("pool.py"), "w") as f:
            f.write(POOL)
        self.cycles("/usr/bin/python3", "pool.py")

    def test_pipeline(self):
        self.cycles("/bin/bash", "-c", PIPELINE)

    def test_wrapper_that_waits(self):
        self.cycles("/bin/sh", "-c", WRAPPER)

    @unittest.skipUnless(shutil.which("script"), "needs script(1)")
    def test_script(self):
        self.cycles(shutil.which("script"), "-qec", ON_A_TERMINAL, "typescript")


class AsStarted(Programs):
    user = False


@unittest.skipUnless(os.geteuid() == 0, "the ordinary user is whoever runs this")
class AsUser(Programs):
    user = True


del Programs
if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=1).result
    print(f"{result.testsRun} tests executed")
    sys.exit(not result.wasSuccessful())
