"""For pvpython: turns isosurfaces of a wavelet in a render view, and prints frames per second."""
import sys
import time

from paraview import simple

FRAMES = int(sys.argv[1])

wavelet = simple.Wavelet(WholeExtent=[-20, 20, -20, 20, -20, 20])
contour = simple.Contour(Input=wavelet, ContourBy=["POINTS", "RTData"],
                         Isosurfaces=[100, 130, 157, 180, 200])
view = simple.CreateView("RenderView")
view.ViewSize = [800, 600]
surface = simple.Show(contour, view)
surface.Representation = "Surface"
simple.ColorBy(surface, ("POINTS", "RTData"))
simple.Show(wavelet, view).Representation = "Outline"
simple.ResetCamera(view)
simple.Render(view)
begin = time.time()
for _ in range(FRAMES):
    view.GetActiveCamera().Azimuth(3.6)
    simple.Render(view)
print(f"surface FPS {FRAMES / (time.time() - begin):.2f}", flush=True)
