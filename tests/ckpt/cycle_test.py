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
    p.add_argument("--resumes", type=int, default=5)
    p.add_argument("--generations", type=int, default=3)
    a = p.parse_args()
    if a.root and os.geteuid() != 0:
        print("0 programs: not root")
        return
    with Session(as_user=a.user) as s:
        s.start(a.program)
        for _ in range(a.resumes):
            s.checkpoint("--profile", a.profile, "--output", s.path("image.gck"))
            time.sleep(0.05)
        for _ in range(a.generations):
            # Killed at the checkpoint: files outside are as the image knows them.
            s.checkpoint("--profile", a.profile, "--kill", "--output", s.path("image.gck"))
            s.process.wait()
            check = s.run("glckpt-restore", "--check", s.path("image.gck"))
            if check.returncode != 0:
                raise Failed(f"--check: {check.stderr}")
            s.restore(s.path("image.gck"), *a.restore)
            time.sleep(0.5)
        s.finish()
    print("1 program, ok")


try:
    main()
except Failed as e:
    sys.exit(f"FAILED: {e}")
