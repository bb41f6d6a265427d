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
        for n in range(a.resumes):
            s.checkpoint("--profile", a.profile, "--output", s.path("image.gck"))
            time.sleep(random.uniform(0, 0.1))
            tell(a, f"checkpoint {n + 1}")
        for n in range(a.generations):
            # Killed at the checkpoint: files outside are as the image knows them.
            s.checkpoint("--profile", a.profile, "--kill", "--output", s.path("image.gck"))
            s.process.wait()
            check = s.run("glckpt-restore", "--check", s.path("image.gck"))
            if check.returncode != 0:
                raise Failed(f"--check: {check.stderr}")
            s.restore(s.path("image.gck"), *a.restore)
            time.sleep(random.uniform(0.2, 0.8))
            tell(a, f"generation {n + 1}")
        s.finish()
    print("1 program, ok")


try:
    main()
except Failed as e:
    sys.exit(f"FAILED: {e}")
