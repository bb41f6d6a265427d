#!/usr/bin/env python3
"""How long a checkpoint and a restore of very many live textures take.

usage: bench/live_textures.py BUILD [COUNT...]      prints a table; times are of this machine as it is
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

build = os.path.abspath(sys.argv[1])
counts = [int(a) for a in sys.argv[2:]] or [10000, 30000, 100000]


def frames(path):
    with open(path) as f:
        return f.read().count(" crc ")


def wait_frames(path, more, p):
    until = frames(path) + more
    while frames(path) < until:
        if p.poll() is not None:
            sys.exit("the program ended: " + open(path).read()[-300:])
        time.sleep(0.005)


def one(count):
    with tempfile.TemporaryDirectory(prefix="glckpt-many-") as folder:
        env = dict(os.environ, LIBGL_ALWAYS_SOFTWARE="1", GLCKPT_MANY=str(count), FRAME_PAUSE_US="5000")
        out = open(f"{folder}/out", "w")
        p = subprocess.Popen([f"{build}/bin/glckpt-run", "--dir", folder, f"{build}/bin/gl_many", "1000000"],
                             env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        wait_frames(f"{folder}/out", 5, p)
        t0 = time.time()
        s = subprocess.run([f"{build}/bin/glckpt-signal", "--json", str(p.pid)], capture_output=True, text=True)
        signalled = time.time() - t0
        if s.returncode:
            p.kill()
            sys.exit(s.stderr)
        answer = json.loads(s.stdout)
        info = json.loads(subprocess.run([f"{build}/bin/glckpt-info", "--json", answer["image"]],
                                         capture_output=True, text=True).stdout)["gl"]
        p.kill()
        p.wait()
        t0 = time.time()
        r = subprocess.Popen([f"{build}/bin/glckpt-restore", "--pid-file", f"{folder}/pid", answer["image"]], stdin=subprocess.DEVNULL, stdout=out,
                             stderr=subprocess.STDOUT)
        wait_frames(f"{folder}/out", 1, r)
        restored = time.time() - t0
        os.kill(int(open(f"{folder}/pid").read()), signal.SIGKILL) # the tool ends as it does
        r.wait()
        print(f"| {count} | {info['live_records']} | {info['live_bytes'] / 1e6:.1f} | {answer['bytes'] / 1e6:.0f} | "
              f"{answer['pause_ms']:.0f} | {signalled:.2f} | {restored:.2f} | {restored / count * 1e6:.1f} |", flush=True)


print("| textures | live records | live MB | image MB | pause, ms | checkpoint, s | restore to the next frame, s | µs a texture |")
print("|---|---|---|---|---|---|---|---|")
for c in counts:
    one(c)
