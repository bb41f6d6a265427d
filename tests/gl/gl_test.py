"""End-to-end tests of GL: one program, one way of disturbing it; its checksums must not change.

usage: gl_test.py PROGRAM HOW [REASON]
  run       under glckpt-run
  replace   the renderer replaced before every few synchronous calls
  kill      the renderer killed with -9 now and then (state that only the GPU had may be older then:
            only programs without such state)
  refused   the program, given one more argument, does what no checkpoint can keep: that is refused
            for REASON, and the program goes on
  dies      the driver (RENDERER_PRELOAD) crashes in a checkpoint: refused, too
  crash     the driver (RENDERER_PRELOAD) crashes whenever it is told to: the program ends for REASON
  ignored   restored with a driver that refuses a call: refused for REASON, and with
            --ignore-refused-calls it goes on, with a warning
  restore   three checkpoints at random frames, each followed by kill -9 and a restore
"""
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../common"))

from processes import renderers_of  # noqa: E402

BIN = os.environ["GLCKPT_BIN"]
PROGRAM, HOW = sys.argv[1], sys.argv[2]
FRAMES = {"run": 60, "replace": 40, "kill": 400, "restore": 240, "refused": 240, "dies": 240, "crash": 20,
          "ignored": 120}[HOW]
GENERATIONS = int(os.environ.get("RESTORES", "3")) # scripts/check-restores makes 50
FRAMES = max(FRAMES, GENERATIONS * 20 if HOW == "restore" else 0)


def crcs(text):
    return re.findall(r"^frame (\d+) crc ([0-9a-f]{8})$", text, re.M)


def expect(text, wanted, what):
    got = crcs(text)
    if got != wanted:
        for a, b in zip(got, wanted):
            if a != b:
                sys.exit(f"{what}: frame {b[0]} has crc {a[1]}, natively {b[1]}\n{text[-2000:]}")
        sys.exit(f"{what}: {len(got)} of {len(wanted)} frames\n{text[-2000:]}")


def main():
    env = dict(os.environ, LIBGL_ALWAYS_SOFTWARE="1")
    if "WITH_X" not in env:
        env.pop("DISPLAY", None)
    native = subprocess.run([PROGRAM, str(FRAMES)], env=env, capture_output=True, text=True)
    wanted = crcs(native.stdout)
    if native.returncode == 1 and "no con" in native.stdout:
        print("the driver here does not run this program:", native.stdout[-300:])
        sys.exit(77)
    if len(wanted) != FRAMES:
        sys.exit("natively: " + native.stdout[-300:])
    if "RENDERER_PRELOAD" in env:
        env["GLCKPT_RENDERER_ENV"] = "LD_PRELOAD=" + env["RENDERER_PRELOAD"]
    arguments = [PROGRAM, str(FRAMES)] + (["further"] if HOW == "refused" else [])
    with tempfile.TemporaryDirectory(prefix="glckpt-gl-") as folder:
        launcher = [f"{BIN}/glckpt-run", "--dir", folder]
        if HOW == "replace":
            env["GLCKPT_STRESS"] = env.get("STRESS", "replace:3")
        if HOW == "crash":
            r = subprocess.run(launcher + arguments, env=env, capture_output=True, text=True)
            sys.exit(0 if r.returncode == 1 and sys.argv[3] in r.stderr else f"{r.returncode}: {r.stderr}")
        if HOW in ("run", "replace"):
            r = subprocess.run(launcher + [PROGRAM, str(FRAMES)], env=env, capture_output=True, text=True)
            expect(r.stdout + r.stderr, wanted, f"{HOW} (exit status {r.returncode})")
            sys.exit(r.returncode)
        env["FRAME_PAUSE_US"] = "10000"
        if HOW == "dies": # the half of a frame is lost with its renderer, by design: between two
            env["FRAME_HOLD"] = f"{FRAMES // 4}:{folder}/go"
        out = open(f"{folder}/out", "w+")
        p = subprocess.Popen(launcher + arguments, env=env, stdout=out, stderr=subprocess.STDOUT,
                             stdin=subprocess.DEVNULL)
        {"kill": kill_renderers, "restore": restore, "refused": refused, "dies": refused, "ignored": ignored}[HOW](p, folder)
        if HOW == "ignored":
            return # what the refused call would have set is not there: another picture
        with open(f"{folder}/out") as f:
            expect(f.read(), wanted, HOW)


def frames_so_far(folder):
    with open(f"{folder}/out") as f:
        return len(crcs(f.read()))


def kill_renderers(p, folder):
    seen = 0
    while p.poll() is None:
        time.sleep(0.05)
        # Once in a while, by frames: a loaded machine needs longer for each new renderer.
        if frames_so_far(folder) < seen + FRAMES // 12:
            continue
        seen = frames_so_far(folder)
        for r in renderers_of(p.pid):
            os.kill(r, signal.SIGKILL)
    if p.returncode:
        sys.exit(f"exit status {p.returncode}: " + open(f"{folder}/out").read()[-500:])


def checkpoint_and_stop(pid):
    # "try again": the moment was one that a checkpoint refuses, such as a transform feedback.
    for _ in range(3 if "FEW_TRIES" in os.environ else 20):
        s = subprocess.run([f"{BIN}/glckpt-signal", "--stop", str(pid)], capture_output=True, text=True)
        if "try again" not in s.stderr:
            break
    return s


def refused(p, folder):
    while frames_so_far(folder) < FRAMES // 4 + (HOW == "dies") and p.poll() is None:
        time.sleep(0.01)
    s = subprocess.run([f"{BIN}/glckpt-signal", str(p.pid)], capture_output=True, text=True)
    open(f"{folder}/go", "w").close()
    images = [name for name in os.listdir(folder) if name.endswith(".gck")]
    if s.returncode != 1 or s.stderr.count("\n") != 1 or sys.argv[3] not in s.stderr or images:
        sys.exit(f"exit status {s.returncode}, {images}: {s.stderr}")
    if p.wait():
        sys.exit(f"exit status {p.returncode} after it: " + open(f"{folder}/out").read()[-500:])


def ignored(p, folder):
    while frames_so_far(folder) < FRAMES // 4 and p.poll() is None:
        time.sleep(0.01)
    s = checkpoint_and_stop(p.pid)
    os.kill(p.pid, signal.SIGKILL)
    p.wait()
    command = [f"{BIN}/glckpt-restore", "--renderer-env", "REFUSE=1", s.stdout.strip()]
    r = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if r.returncode == 0 or sys.argv[3] not in r.stderr:
        sys.exit(f"not refused: {r.returncode} {r.stderr} " + open(f"{folder}/out").read()[-800:])
    r = subprocess.run(command[:1] + ["--ignore-refused-calls"] + command[1:],
                       capture_output=True, text=True, stdin=subprocess.DEVNULL)
    said = open(f"{folder}/out").read() # the program's own stderr
    if r.returncode or "warning: " + sys.argv[3] not in said or frames_so_far(folder) != FRAMES:
        sys.exit(f"exit status {r.returncode}, {frames_so_far(folder)} frames: {r.stderr} {said[-500:]}")


def restore(p, folder):
    pid = p.pid
    for generation in range(GENERATIONS):
        at = (generation + 1) * FRAMES // (GENERATIONS + 2) + random.randrange(FRAMES // (2 * GENERATIONS + 2))
        while frames_so_far(folder) < at and p.poll() is None:
            time.sleep(0.01)
        s = checkpoint_and_stop(pid)
        if s.returncode:
            sys.exit(f"generation {generation}: {s.stderr}")
        image = s.stdout.strip()
        os.kill(pid, signal.SIGKILL)
        p.wait()
        pid_file = f"{folder}/pid{generation}"
        out = open(f"{folder}/out", "a")
        p = subprocess.Popen([f"{BIN}/glckpt-restore", "--pid-file", pid_file, image], stdout=out,
                             stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        while not (os.path.exists(pid_file) and open(pid_file).read().strip()):
            if p.poll() is not None:
                sys.exit(f"generation {generation}: restore ended with {p.returncode}: "
                         + open(f"{folder}/out").read()[-500:])
            time.sleep(0.01)
        pid = int(open(pid_file).read())
    if p.wait():
        sys.exit(f"exit status {p.returncode}: " + open(f"{folder}/out").read()[-500:])


main()
