"""The whole job on a real program: run, checkpoint, kill -9, restore on another X server with another driver.

usage: app_test.py PROGRAM HOW [--user]
  cycle     two generations, from one server to the other and back; the picture at the restore is the picture at the
            checkpoint, pixel by pixel, and the program goes on drawing. No driver in its memory or its descriptors.
  display   a restore on a display that is not there is one line and status 1, and costs nothing
  renderer  the renderer is killed with -9 three times; the program goes on with its pictures right
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../common"))

from processes import renderers_of, state  # noqa: E402
from programs import PROGRAMS  # noqa: E402
from screen import Screen, colours, differing, wait_until  # noqa: E402

BIN = os.environ["GLCKPT_BIN"]
DRIVERS = re.compile(r"_dri\.so|libgallium|libLLVM|libGLX_|libEGL_mesa|libvulkan")
GPU_DEVICES = re.compile(r"/dev/(dri|nvidia|kfd)")


class App:
    def __init__(self, program, folder, user):
        self.program, self.folder = program, folder
        self.how = dict(user=65534, group=65534, extra_groups=[]) if user else {}
        self.process = self.pid = None

    def tool(self, name, *args):
        return [os.path.join(BIN, f"glckpt-{name}"), *args]

    def spawn(self, command, env):
        with open(f"{self.folder}/log", "ab") as log:
            self.process = subprocess.Popen(command, env=env, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, **self.how)

    def log(self):
        with open(f"{self.folder}/log", errors="replace") as f:
            return f.read()[-1500:]

    def alive(self):
        if self.process.poll() is not None:
            sys.exit(f"the program ended with {self.process.returncode}:\n{self.log()}")
        return True

    def start(self, screen):
        home = f"{self.folder}/home"
        os.mkdir(home)
        if self.program.prepare:
            self.program.prepare(home)
        if self.how:
            subprocess.run(["chown", "-R", "65534:65534", self.folder], check=True)
        env = dict(os.environ, DISPLAY=screen.display, HOME=home, XDG_RUNTIME_DIR=home, LIBGL_ALWAYS_SOFTWARE="1",
                   **self.program.env)
        self.spawn(self.tool("run", "--dir", self.folder, *self.program.command), env)
        self.pid = self.process.pid
        wait_until(lambda: self.alive() and screen.windows(), "a window")
        time.sleep(self.program.warm)

    def checkpoint(self):
        r = subprocess.run(self.tool("signal", "--stop", "--json", str(self.pid)), capture_output=True, text=True,
                           **self.how)
        if r.returncode:
            sys.exit(f"glckpt-signal: {r.stderr}")
        return json.loads(r.stdout)["image"]

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        self.process.wait()

    def restore(self, image, screen, driver):
        pid_file = f"{self.folder}/pid"
        if os.path.exists(pid_file):
            os.unlink(pid_file)
        env = {k: v for k, v in os.environ.items() if k != "DISPLAY"}
        self.spawn(self.tool("restore", "--stopped", "--pid-file", pid_file, "--display", screen.display,
                             "--renderer-env", "LIBGL_ALWAYS_SOFTWARE=1", "--renderer-env", f"GALLIUM_DRIVER={driver}",
                             image), env)
        wait_until(lambda: self.alive() and os.path.exists(pid_file) and open(pid_file).read().strip(), "the restart")
        self.pid = int(open(pid_file).read())
        wait_until(lambda: self.alive() and state(self.pid) == "T", "the program to stand still")

    def end(self):
        for p in {self.pid, self.process.pid if self.process else None} - {None}:
            try:
                os.kill(p, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if self.process:
            self.process.wait()

    def no_driver(self):
        with open(f"/proc/{self.pid}/maps") as f:
            found = DRIVERS.findall(f.read())
        for fd in os.listdir(f"/proc/{self.pid}/fd"):
            try:
                found += GPU_DEVICES.findall(os.readlink(f"/proc/{self.pid}/fd/{fd}"))
            except OSError:
                pass
        if found:
            sys.exit(f"the program's process holds {sorted(set(found))}")


def moves_on(app, screen, before):
    """Until the picture is another one: a loaded machine draws when it can."""
    later = f"{app.folder}/later.png"
    wait_until(lambda: app.alive() and differing(before, screen.picture(later)), "the next picture", step=0.3)
    return later


def cycle(app, screens):
    app.start(screens[0])
    app.no_driver()
    for generation, driver in enumerate(("softpipe", "llvmpipe")):
        here, there = screens[generation % 2], screens[1 - generation % 2]
        image = app.checkpoint()
        before = here.picture(f"{app.folder}/before.png")
        app.kill()
        app.restore(image, there, driver)
        app.no_driver()
        if app.program.static:
            # Draws when it is exposed, which it learns once it runs.
            os.kill(app.pid, signal.SIGCONT)
            after = f"{app.folder}/after.png"
            wait_until(lambda: app.alive() and not differing(before, there.picture(after)), "the same picture", 30, 0.3)
        else:
            wait_until(lambda: app.alive() and there.windows(), "a window")
            time.sleep(0.3)
            after = there.picture(f"{app.folder}/after.png")
            if n := differing(before, after):
                sys.exit(f"generation {generation}: {n} pixels differ")
            os.kill(app.pid, signal.SIGCONT)
            moves_on(app, there, after)
        if colours(after) < 3:
            sys.exit(f"generation {generation}: an empty picture")
        print(f"generation {generation}: the same picture on {there.display} with {driver}")


def renderer(app, screens):
    screen = screens[0]
    app.start(screen)
    usual = colours(screen.picture(f"{app.folder}/usual.png"))
    for time_ in range(3):
        before = screen.picture(f"{app.folder}/before.png")
        for p in wait_until(lambda: renderers_of(app.pid), "a renderer"):
            os.kill(p, signal.SIGKILL)
        after = moves_on(app, screen, before)
        # A scene without its textures, geometry or shaders has but a few of the colours.
        wait_until(lambda: app.alive() and colours(screen.picture(after)) > usual / 3, "a picture as rich as before", 60,
                   0.3)
        print(f"renderer {time_} killed: {colours(after)} colours, {usual} before")


def display(app, screens):
    app.start(screens[0])
    image = app.checkpoint()
    before = screens[0].picture(f"{app.folder}/before.png")
    app.kill()
    screens[0].close()
    r = subprocess.run(app.tool("restore", "--display", screens[0].display, image), capture_output=True, text=True,
                       stdin=subprocess.DEVNULL, **app.how)
    if r.returncode != 1 or r.stderr.count("\n") != 1 or f"display {screens[0].display} cannot be reached" not in r.stderr:
        sys.exit(f"restored without a display: {r.returncode}\n{r.stderr}")
    app.restore(image, screens[1], "llvmpipe")
    after = f"{app.folder}/after.png"
    wait_until(lambda: app.alive() and not differing(before, screens[1].picture(after)), "the same picture", 30, 0.3)


def main():
    name, how = sys.argv[1], sys.argv[2]
    program = PROGRAMS[name]
    if missing := program.missing():
        print(f"{missing} is not installed")
        sys.exit(77)
    user = "--user" in sys.argv[3:] and os.geteuid() == 0
    screens = [Screen(), Screen("-extension", "MIT-SHM", "-extension", "XVideo", "-extension", "DOUBLE-BUFFER")]
    with tempfile.TemporaryDirectory(prefix="glckpt-app-") as folder:
        os.chmod(folder, 0o755)
        app = App(program, folder, user)
        try:
            {"cycle": cycle, "display": display, "renderer": renderer}[how](app, screens)
        finally:
            app.end()
            if keep := os.environ.get("GLCKPT_TEST_PICTURES"):
                os.makedirs(keep, exist_ok=True)
                for p in ("before", "after", "later"):
                    if os.path.exists(f"{folder}/{p}.png"):
                        os.replace(f"{folder}/{p}.png", f"{keep}/{name}.{how}.{p}.png")
            for s in screens:
                s.close()


main()
