"""cycle_test.py PROGRAM [--user] [--profile P] [--restore OPTION]...: a self-checking program
through checkpoints while it goes on, then through generations of kill -9 and restart.
--fixed-addresses: without the kernel's address randomization."""
import argparse
import os
import random
import sys
import time

from driver import PROGRAMS, Failed, Session


def tell(a, what):
    if a.resumes + a.generations > 100:
        print(what, flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("--user", action="store_true")
    p.add_argument("--root", action="store_true", help="only root can run it")
    p.add_argument("--profile", default="raw")
    p.add_argument("--restore", action="append", default=[])
    p.add_argument("--argument", action="append", default=[], help="of the program")
    p.add_argument("--fixed-addresses", action="store_true")
    p.add_argument("--incremental", action="store_true", help="each image builds on the last")
    p.add_argument("--resumes", type=int, default=5)
    p.add_argument("--generations", type=int, default=3)
    a = p.parse_args()
    if a.root and os.geteuid() != 0:
        print("0 programs: not root")
        return
    with Session(as_user=a.user) as s:
        program = [os.path.join(PROGRAMS, a.program), *a.argument]
        if a.fixed_addresses:
            program = ["/usr/bin/setarch", "-R", *program]
        s.start(*program)
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

        for n in range(a.resumes):
            take()
            time.sleep(random.uniform(0, 0.1))
            tell(a, f"checkpoint {n + 1}")
        for n in range(a.generations):
            # Killed at the checkpoint: files outside are as the image knows them.
            image = take("--kill")
            s.process.wait()
            check = s.run("glckpt-restore", "--check", image)
            if check.returncode != 0:
                raise Failed(f"--check: {check.stderr}")
            s.restore(image, *a.restore)
            time.sleep(random.uniform(0.2, 0.8))
            tell(a, f"generation {n + 1}")
        s.finish()
    print("1 program, ok")


try:
    main()
except Failed as e:
    sys.exit(f"FAILED: {e}")
