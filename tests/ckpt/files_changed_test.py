"""A restart where the program's files are others now: refused by the file's name."""
import os
import shutil
import sys
import unittest

from driver import PROGRAMS, Session

LIBRARY = "/lib/x86_64-linux-gnu/libm.so.6"
OTHER = "/lib/x86_64-linux-gnu/libdl.so.2"


class FilesChanged(unittest.TestCase):
    def setUp(self):
        self.s = Session().__enter__()
        self.program, self.library = self.s.path("program"), self.s.path("libupgraded.so")
        shutil.copy(os.path.join(PROGRAMS, "attributes"), self.program)
        shutil.copy(LIBRARY, self.library)

    def tearDown(self):
        self.s.__exit__()

    def image(self):
        self.s.start("/usr/bin/env", f"LD_PRELOAD={os.environ.get('LD_PRELOAD', '')}:{self.library}", self.program)
        image = self.s.checkpoint("--kill")["image"]
        self.s.process.wait()
        return image

    def upgrade(self, path, by):
        shutil.copy(by, path + ".new")
        os.rename(path + ".new", path)

    def refused(self, image, path):
        for how in ((), ("--lazy",)):
            r = self.s.run("glckpt-restore", *how, image)
            self.assertEqual(r.returncode, 1, r.stderr)
            self.assertIn(path, r.stderr)
            self.assertEqual(len(r.stderr.splitlines()), 1, r.stderr)

    def test_a_library_was_upgraded(self):
        image = self.image()
        self.upgrade(self.library, OTHER)
        self.refused(image, self.library)
        self.upgrade(self.library, LIBRARY)
        self.s.restore(image)
        self.s.finish()

    def test_a_library_was_removed(self):
        image = self.image()
        os.unlink(self.library)
        self.refused(image, self.library)

    def test_the_program_was_upgraded(self):
        image = self.image()
        self.upgrade(self.program, os.path.join(PROGRAMS, "files"))
        self.refused(image, self.program)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
