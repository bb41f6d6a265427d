"""Checkpoints that the program asks for itself, and on SIGTERM."""
import glob
import os
import signal
import sys

from driver import Failed, Session, wait_for


def from_inside(user):
    with Session(as_user=user) as s:
        s.start("inside")
        s.kill()
        for image, mark in (("mine.gck", "from-mine"), ("other.gck", "from-other")):
            # The second image was taken when the first was done, or before it was asked for.
            s.spawn("glckpt-restore", s.path(image))
            status = s.process.wait(timeout=60)
            if status != 7 or not os.path.exists(s.path(mark)):
                raise Failed(f"{image}: exit status {status}: {s.stderr()}")


def on_sigterm(user):
    with Session(as_user=user) as s:
        s.start("tree", options=("--on-sigterm",))
        for _ in range(2):
            before = set(glob.glob(s.path("*.gck")))
            os.kill(s.pid, signal.SIGTERM)
            s.process.wait(timeout=60)
            images = set(glob.glob(s.path("*.gck"))) - before
            if len(images) != 1:
                raise Failed(f"{len(images)} images: {s.stderr()}")
            s.restore(images.pop())
        s.finish()


def its_own_wish():
    """Without the option, or when there can be no image, SIGTERM is the program's."""
    with Session() as s:
        s.start("files")
        os.kill(s.pid, signal.SIGTERM)
        if s.process.wait(timeout=60) != -signal.SIGTERM:
            raise Failed("without --on-sigterm")
    with Session() as s:
        s.start("files", options=("--on-sigterm",))
        os.rename(s.folder, s.folder + ".away")  # nowhere to write to
        try:
            os.kill(s.pid, signal.SIGTERM)
            if s.process.wait(timeout=60) != -signal.SIGTERM:
                raise Failed("with no place for an image")
        finally:
            os.rename(s.folder + ".away", s.folder)


try:
    for as_user in (False, True):
        from_inside(as_user)
        on_sigterm(as_user)
    its_own_wish()
    print("inside, on SIGTERM: ok")
except Failed as e:
    sys.exit(f"FAILED: {e}")
