"""Frames per second of whole programs, as they print them themselves.

Beside it, processor time a frame of all processes of the run (start included; not the X server's):
on a machine with other work, more threads get a larger share of the processors, so that frames
per second alone flatter glckpt, which works in three threads where the native program has one."""
import os
import re
import shutil
import subprocess
import time

from .host import cpu_seconds, need
from .measure import Failed, Mark, Unavailable, alternate, figure_of

OPENARENA_SIZES = ((64, 48), (320, 240), (800, 600))
OPENARENA_MARKS = {(64, 48): Mark(0.95, True)}
GLXGEARS_MARK = Mark(0.97, True)
GLMARK2_SCENES = {
    "build": "build", "ideas": "ideas", "desktop": "desktop",
    "buffer-map": "buffer:update-method=map", "buffer-subdata": "buffer:update-method=subdata",
}
GLMARK2_MARKS = {"buffer-map": Mark(0.85, True)}
DEMO = "glckpt1"

# No frame limit, no wait for the screen; nothing that differs from run to run.
OPENARENA_CONFIG = """set com_maxfps 0
set r_swapInterval 0
set cg_drawFPS 0
set in_mouse 0
set in_nograb 1
set com_hunkmegs 256
set cl_allowDownload 0
set r_gamma 1
set r_ignorehwgamma 1
set again "demo %s; set nextdemo vstr again"
""" % DEMO


def compare(name, host, settings, mark, run):
    """`run(under_glckpt)` returns frames per second and the frames drawn in all."""
    def once(under_glckpt):
        host.settle()
        before = cpu_seconds()
        fps, frames = run(under_glckpt)
        host.settle()
        return round(fps, 1), round((cpu_seconds() - before) * 1e6 / frames)

    native, ours, load = alternate(name, settings.pairs, once)
    return [figure_of(name, "fps", [o[0] for o in ours], [n[0] for n in native], mark, load),
            figure_of(name + ".cpu", "us/frame", [o[1] for o in ours], [n[1] for n in native],
                      load=load)]


def openarena_home(host, demo):
    """A fresh home: a left configuration or pid file would change the run or ask a question."""
    if not os.path.exists(demo):
        raise Unavailable(f"no OpenArena demo at {demo} (--demo FILE)")
    home = os.path.join(host.folder, "openarena")
    shutil.rmtree(home, ignore_errors=True)
    base = os.path.join(home, ".openarena", "baseoa")
    os.makedirs(os.path.join(base, "demos"))
    shutil.copy(demo, os.path.join(base, "demos", DEMO + ".dm_71"))
    with open(os.path.join(base, "autoexec.cfg"), "w") as f:
        f.write(OPENARENA_CONFIG)
    return home


def openarena_command(width, height, forever=False):
    command = [need("openarena")]
    for name, value in (("s_initsound", 0), ("r_fullscreen", 0), ("r_mode", -1),
                        ("r_customwidth", width), ("r_customheight", height),
                        ("com_introplayed", 1), ("cl_renderer", "opengl1"), ("timedemo", 1)):
        command += ["+set", name, str(value)]
    play = ["+vstr", "again"] if forever else ["+set", "nextdemo", "quit", "+demo", DEMO]
    return command + play


def openarena_fps(host, settings, width, height, under_glckpt):
    home = openarena_home(host, settings.demo)
    text = host.output(host.launcher(under_glckpt) + openarena_command(width, height), 240,
                       env=host.environment(home), cwd=home)
    found = re.search(r"(\d+) frames,? [\d.]+ seconds:? ([\d.]+) fps", text)
    if not found:
        raise Failed(f"OpenArena printed no figure: {text[-400:].strip()}")
    return float(found[2]), int(found[1])


def openarena(size):
    width, height = size
    name = f"openarena-{width}x{height}"

    def figures(host, settings):
        return compare(name, host, settings, OPENARENA_MARKS.get(size),
                       lambda glckpt: openarena_fps(host, settings, width, height, glckpt))
    return name, figures


def glxgears_fps(host, under_glckpt):
    """The second interval: the first has the start in it."""
    process = host.start(host.launcher(under_glckpt) + [need("glxgears")],
                         env=host.environment(os.path.join(host.folder, "home")),
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        intervals, frames = [], 0
        end = time.monotonic() + 60
        for line in process.stdout:
            found = re.search(r"(\d+) frames in ([\d.]+) seconds", line)
            if found:
                frames += int(found[1])
                intervals.append(int(found[1]) / float(found[2]))
            if len(intervals) == 2:
                return intervals[1], frames
            if time.monotonic() > end:
                break
        raise Failed("glxgears printed no figure")
    finally:
        host.end(process)


def glxgears(host, settings):
    return compare("glxgears", host, settings, GLXGEARS_MARK,
                   lambda glckpt: glxgears_fps(host, glckpt))


def glmark2_fps(host, settings, scene, under_glckpt):
    duration = 0.5 if settings.quick else 4
    command = [need("glmark2"), "-s", "320x240", "--swap-mode", "immediate",
               "-b", f"{scene}:duration={duration}"]
    text = host.output(host.launcher(under_glckpt) + command, 60,
                       env=host.environment(os.path.join(host.folder, "home")))
    found = re.search(r"FPS: (\d+)", text)
    if not found:
        raise Failed(f"glmark2 printed no figure: {text[-400:].strip()}")
    return float(found[1]), float(found[1]) * duration


def glmark2(short):
    name, scene = f"glmark2-{short}", GLMARK2_SCENES[short]

    def figures(host, settings):
        return compare(name, host, settings, GLMARK2_MARKS.get(short),
                       lambda glckpt: glmark2_fps(host, settings, scene, glckpt))
    return name, figures


SCRIPTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "scripts")
SCRIPT_MARK = Mark(0.95, True)


def script_fps(host, name, command, env, under_glckpt):
    """{what: frames per second}, as a script of ours prints them."""
    text = host.output(host.launcher(under_glckpt) + command, 300, env=env)
    found = dict(re.findall(r"^(\w+) FPS ([\d.]+)$", text, re.M))
    if not found:
        raise Failed(f"{name} printed no figure: {text[-400:].strip()}")
    return {what: float(fps) for what, fps in found.items()}


def scripted(name, program, frames):
    """A program that a script drives: a figure for each thing that the script draws."""
    def figures(host, settings):
        n = 5 if settings.quick else frames
        script = os.path.join(SCRIPTS, f"turn_{name}.py")
        command = [need(program)] + ([script, str(n)] if name == "paraview" else ["-q", script])
        # Debian's pymol takes the first python3 that there is.
        env = dict(host.environment(os.path.join(host.folder, "home")), GLCKPT_BENCH_FRAMES=str(n),
                   PATH="/usr/bin:/bin:" + os.environ.get("PATH", ""))
        native, ours, load = alternate(name, settings.pairs,
                                       lambda glckpt: script_fps(host, name, command, env, glckpt))
        return [figure_of(f"{name}-{what}", "fps", [o[what] for o in ours],
                          [r[what] for r in native], SCRIPT_MARK, load) for what in native[0]]
    return name, figures


def all_figures():
    return dict([openarena(size) for size in OPENARENA_SIZES] + [("glxgears", glxgears)]
                + [glmark2(short) for short in GLMARK2_SCENES]
                + [scripted("paraview", "pvpython", 100), scripted("pymol", "pymol", 60)])
