"""Nanoseconds that a call costs the app's thread (see programs/gl_calls.cpp)."""
import os

from .measure import Failed, alternate, figure_of

CALLS = ("glVertex3f", "glUniform4fv", "glDrawArrays", "glBufferSubData_4KiB",
         "glTexSubImage2D_1MiB", "round_trip_median", "round_trip_p99")


def run_once(host, settings, under_glckpt):
    bursts = 10 if settings.quick else 60
    text = host.output(host.launcher(under_glckpt) + [host.program("gl_calls"), str(bursts)], 120,
                       env=host.environment(os.path.join(host.folder, "home"), display=False))
    values = {}
    for line in text.splitlines():
        words = line.split()
        if words and words[0] in (*CALLS, "driver_here"):
            values[words[0]] = (float(words[1]), float(words[2]))
    driver_here = values.pop("driver_here", (0,))[0]
    if under_glckpt and driver_here:
        raise Failed("glckpt-run did not take over the GL calls: these would be native figures")
    if len(values) != len(CALLS):
        raise Failed(f"bench_gl_calls printed too little: {text[-400:].strip()}")
    return values


def figures(host, settings):
    native, ours, load = alternate("calls", settings.pairs,
                                   lambda glckpt: run_once(host, settings, glckpt))

    def column(name, runs, which):
        return [values[name][which] for values in runs]
    out = []
    for name in CALLS:
        out.append(figure_of(name, "ns", column(name, ours, 0), column(name, native, 0),
                             load=load))
        # Time on the processor: what the call costs when others do not interrupt it.
        if column(name, ours, 1)[0]:
            out.append(figure_of(name + ".cpu", "ns", column(name, ours, 1),
                                 column(name, native, 1), load=load))
    return out


def all_figures():
    return {"calls": figures}
