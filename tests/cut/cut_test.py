"""Cut anywhere: records a program's whole log, and compares, at random records of it, the state of a
driver that was told all of it with that of one that has the live set.

usage: cut_test.py [--cuts N] [--seed S] [--keep FOLDER] COMMAND...    records and cuts
       cut_test.py [--cuts N] [--seed S] --log LOG                     cuts a log recorded before

GLCKPT_CUT names the player (glckpt-cut), GLCKPT_STATE the library that the renderer loads, GLCKPT_BIN
the folder of glckpt-run.
"""
import argparse
import glob
import os
import subprocess
import sys
import tempfile


def cut(log, cuts, seed, folder):
    env = dict(os.environ, LIBGL_ALWAYS_SOFTWARE="1",
               GLCKPT_RENDERER_ENV="GLCKPT_RENDERER_PROBE=" + os.environ["GLCKPT_STATE"])
    player = [os.environ["GLCKPT_CUT"], log, "--cuts", str(cuts), "--seed", str(seed)]
    for how in ("--write", "--compare"):
        with open(f"{folder}/out", "w+") as out: # a renderer that is left over holds no pipe
            r = subprocess.run(player + [how, f"{folder}/state"], env=env, stdin=subprocess.DEVNULL,
                               stdout=out, stderr=subprocess.STDOUT)
            out.seek(0)
            text = out.read()
        if r.returncode or how == "--compare":
            print(text, end="")
        if r.returncode:
            return r.returncode
    return 0


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--cuts", type=int, default=20)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--keep")
    p.add_argument("--log")
    p.add_argument("command", nargs=argparse.REMAINDER)
    o = p.parse_args()
    with tempfile.TemporaryDirectory(prefix="glckpt-cut-") as folder:
        if o.log:
            sys.exit(cut(o.log, o.cuts, o.seed, folder))
        env = dict(os.environ, LIBGL_ALWAYS_SOFTWARE="1", GLCKPT_RECORD=f"{o.keep or folder}/log")
        env.setdefault("GLCKPT_RECORD_MAX", "64")
        with open(f"{folder}/program", "w+") as out:
            subprocess.run([os.environ["GLCKPT_BIN"] + "/glckpt-run"] + o.command, env=env,
                           stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
            out.seek(0)
            said = out.read()
        logs = glob.glob(f"{o.keep or folder}/log.*")
        if not logs:
            print("no log was recorded:", said[-300:])
            sys.exit(77 if "no con" in said else 1)
        sys.exit(max(cut(log, o.cuts, o.seed, folder) for log in logs))


main()
