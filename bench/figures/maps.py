"""A draw, and one after all was rewritten, while a large buffer is mapped persistently (programs/persistent_map.cpp)."""
import os

from .measure import Failed, alternate, figure_of

SIZES = (64, 256)


def run_once(host, settings, under_glckpt):
    sizes = SIZES[:1] if settings.quick else SIZES
    text = host.output(host.launcher(under_glckpt) + [host.program("persistent_map"), "5" if settings.quick else "60"]
                       + [str(s) for s in sizes], 240,
                       env=host.environment(os.path.join(host.folder, "home"), display=False))
    values = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3 and words[0].startswith(("draw_", "rewrite_")):
            values[words[0]] = (float(words[1]), float(words[2]))
    if len(values) != 2 * len(sizes):
        raise Failed(f"bench_persistent_map printed too little: {text[-400:].strip()}")
    return values


def figures(host, settings):
    native, ours, load = alternate("persistent-map", settings.pairs,
                                   lambda glckpt: run_once(host, settings, glckpt))
    out = []
    for name in ours[0]:
        for which, end in enumerate(("", ".cpu")):
            out.append(figure_of("persistent-map." + name + end, "ns", [v[name][which] for v in ours],
                                 [v[name][which] for v in native], load=load))
    return out


def all_figures():
    return {"persistent-map": figures}
