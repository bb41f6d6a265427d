"""For pymol: turns a peptide in several representations, and prints frames per second of each."""
import os
import threading
import time

from pymol import cmd

FRAMES = int(os.environ["GLCKPT_BENCH_FRAMES"])


def turn():
    time.sleep(2)  # the window is there
    cmd.viewport(640, 480)
    cmd.fab("ACDEFGHIKLMNPQRSTVWY" * 2, "peptide", ss=1)
    cmd.orient()
    for representation in ("lines", "sticks", "cartoon", "spheres", "surface"):
        cmd.hide("everything")
        cmd.show(representation)
        cmd.refresh()
        cmd.sync()
        begin = time.time()
        for _ in range(FRAMES):
            cmd.turn("y", 3)
            cmd.refresh()
            cmd.sync()
        print(f"{representation} FPS {FRAMES / (time.time() - begin):.2f}", flush=True)
    cmd.quit()


threading.Thread(target=turn, daemon=True).start()
