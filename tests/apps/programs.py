"""The real programs that are taken through the whole job: how each is started, and what it shows."""
import os
import shutil


class Program:
    def __init__(self, command, *, warm=3.0, static=False, prepare=None, env=None):
        self.command = command
        self.warm = warm  # seconds before the first checkpoint
        self.static = static  # draws only when asked to
        self.prepare = prepare
        self.env = env or {}

    def missing(self):
        """The command that is not installed here, or None."""
        return None if shutil.which(self.command[0]) else self.command[0]


def openarena_home(home):
    """A level that plays itself: bots, no sound, no questions."""
    game = os.path.join(home, ".openarena", "baseoa")
    os.makedirs(game)
    with open(os.path.join(game, "autoexec.cfg"), "w") as f:
        f.write("set in_nograb 1\nset in_mouse 0\nset r_swapInterval 0\nset cg_drawFPS 0\n"
                "set com_hunkmegs 256\nset cl_allowDownload 0\n")
    with open(os.path.join(game, "bots.cfg"), "w") as f:
        f.write("wait 100\naddbot grism 4\naddbot sarge 4\nteam spectator\nwait 100\nfollownext\n")


def glmark2(scene, name="glmark2"):
    return Program([name, "--run-forever", "-s", "400x300", "-b", scene])


PROGRAMS = {
    "glxgears": Program(["glxgears"]),
    "glmark2-jellyfish": glmark2("jellyfish"),
    "glmark2-ideas": glmark2("ideas"),
    "glmark2-terrain": glmark2("terrain"),
    "glmark2-buffer-map": glmark2("buffer:update-method=map"),
    "glmark2-es2": glmark2("jellyfish", "glmark2-es2"),
    "xcalc": Program(["xcalc"], static=True),
    "xclock": Program(["xclock", "-update", "1"]),
    "openarena": Program(
        ["/usr/games/openarena", "+set", "s_initsound", "0", "+set", "r_fullscreen", "0", "+set", "r_mode", "-1",
         "+set", "r_customwidth", "320", "+set", "r_customheight", "240", "+set", "com_introplayed", "1",
         # (opengl2 adapts to the light in a texture that only the GPU has: gone when the renderer is killed.)
         "+set", "cl_renderer", "opengl1",
         "+set", "bot_enable", "1", "+set", "g_warmup", "0", "+devmap", "oa_dm1", "+exec", "bots.cfg"],
        warm=12, prepare=openarena_home, env={"SDL_AUDIODRIVER": "dummy", "ALSOFT_DRIVERS": "null"}),
}
