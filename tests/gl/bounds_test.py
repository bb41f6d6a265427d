"""Checkpoints of a program that uploads for ever: the live set of each must be as large as the first's.

usage: bounds_test.py PROGRAM FRAMES [EVERY]     a checksum EVERY (10) frames; prints frames, records and bytes, and the pruner's share of a core
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time

BIN = os.environ["GLCKPT_BIN"]
PROGRAM, FRAMES = sys.argv[1], int(sys.argv[2])
EVERY = int(sys.argv[3]) if len(sys.argv) > 3 else 10
MOMENTS = 5


def cpu_ticks(pid, name=None):
    ticks = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat") as f:
            head, tail = f.read().rsplit(")", 1)
        if name is None or head.split("(", 1)[1] == name:
            ticks += sum(int(x) for x in tail.split()[11:13])
    return ticks


def main():
    with tempfile.TemporaryDirectory(prefix="glckpt-bounds-") as folder:
        out = open(f"{folder}/out", "w+")
        start = time.time()
        p = subprocess.Popen([f"{BIN}/glckpt-run", "--dir", folder, PROGRAM, str(FRAMES * 100), str(EVERY)],
                             env=dict(os.environ, LIBGL_ALWAYS_SOFTWARE="1"), stdin=subprocess.DEVNULL,
                             stdout=out, stderr=subprocess.STDOUT)

        def frame():
            with open(f"{folder}/out") as f:
                found = re.findall(r"^frame (\d+) crc", f.read(), re.M)
            return int(found[-1]) * EVERY if found else 0
        seen = []
        for moment in range(MOMENTS):
            while frame() < FRAMES * (moment + 1) // MOMENTS:
                if p.poll() is not None:
                    said = open(f"{folder}/out").read()
                    print("the program ended:", said[-300:])
                    sys.exit(77 if "no con" in said else 1)
                time.sleep(0.02)
            s = subprocess.run([f"{BIN}/glckpt-signal", str(p.pid)], capture_output=True, text=True)
            if s.returncode:
                p.kill()
                sys.exit(s.stderr)
            image = s.stdout.strip()
            info = subprocess.run([f"{BIN}/glckpt-info", "--json", image], capture_output=True, text=True)
            gl = json.loads(info.stdout)["gl"]
            os.unlink(image)
            seen.append((gl["live_records"], gl["live_bytes"]))
            print(f"frame {frame()}: {seen[-1][0]} records, {seen[-1][1]} bytes", flush=True)
        share = cpu_ticks(p.pid, "glckpt-prune") / os.sysconf("SC_CLK_TCK") / (time.time() - start)
        print(f"pruner: {share:.3f} of one core")
        p.kill()
        p.wait()
        # What lies between two wholes (a matrix's history, parts of an image) comes and goes, within bounds.
        least, most = min(b for _, b in seen[1:]), max(b for _, b in seen[1:])
        if most > least * 1.5 + 65536:
            sys.exit(f"the live set grows: {seen}")


main()
