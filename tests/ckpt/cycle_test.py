"""cycle_test.py PROGRAM [--user] [--profile P] [--restore OPTION]...: a self-checking program
through checkpoints while it goes on, then through generations of kill -9 and restart."""
import argparse
import os
import sys
import time

from driver import Failed, Session


def main():
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("--user", action="store_true")
    p.add_argument("--root", action="store_true", help="only root can run it")
    p.add_argument("--profile", default="raw")
    p.add_argument("--restore", action="append", default=[])
    p.add_argument("--incremental", action="store_true", help="each image builds on the last")
    p.add_argument("--resumes", type=int, default=5)
    p.add_argument("--generations", type=int, default=3)
    a = p.parse_args()
    if a.root and os.geteuid() != 0:
        print("0 programs: not root")
        return
    with Session(as_user=a.user) as s:
        s.start(a.program)
        taken = 0

        def take(*options):
            nonlocal taken
            image = s.path(f"image-{taken}.gck" if a.incremental else "image.gck")
            kind = s.checkpoint("--profile", a.profile, "--output", image, *options,
                                *(["--incremental"] if a.incremental else []))["kind"]
            if kind != ("incremental" if a.incremental and taken else "full"):
                raise Failed(f"image {taken} is {kind}")
            taken += 1
            return image

        for _ in range(a.resumes):
            take()
            time.sleep(0.05)
        for _ in range(a.generations):
            # Killed at the checkpoint: files outside are as the image knows them.
            image = take("--kill")
            s.process.wait()
            check = s.run("glckpt-restore", "--check", image)
            if check.returncode != 0:
                raise Failed(f"--check: {check.stderr}")
            s.restore(image, *a.restore)
            time.sleep(0.5)
        s.finish()
    print("1 program, ok")


try:
    main()
except Failed as e:
    sys.exit(f"FAILED: {e}")
