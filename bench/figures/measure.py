"""Alternating pairs, medians and spreads; the record that one figure becomes."""
import dataclasses
import os
import statistics
import sys


class Unavailable(Exception):
    """A figure cannot be had here: a program or a file is missing. Not a failure of glckpt."""


class Failed(Exception):
    """A run gave no figure though everything needed is there."""


@dataclasses.dataclass
class Spread:
    median: float
    low: float
    high: float
    values: list

    @classmethod
    def of(cls, values):
        return cls(statistics.median(values), min(values), max(values), list(values))


@dataclasses.dataclass
class Figure:
    name: str
    unit: str
    ours: Spread
    native: Spread = None
    ratio: Spread = None  # of each pair, ours to native
    mark: str = ""  # what issue 2 asks for, as text
    met: bool = None
    load: tuple = (0.0, 0.0)  # load average of the last minute, before and after


@dataclasses.dataclass
class Mark:
    limit: float
    at_least: bool  # else at most
    of_ratio: bool = True

    def judge(self, figure):
        measured = (figure.ratio if self.of_ratio else figure.ours).median
        figure.met = measured >= self.limit if self.at_least else measured <= self.limit
        figure.mark = f"{'>=' if self.at_least else '<='} {self.limit:g}"


def progress(text):
    print(f"  {text}", file=sys.stderr, flush=True)


def load_now():
    return os.getloadavg()[0]


def figure_of(name, unit, ours, native=None, mark=None, load=(0.0, 0.0)):
    figure = Figure(name, unit, Spread.of(ours), load=load)
    if native is not None:
        figure.native = Spread.of(native)
        figure.ratio = Spread.of([a / b for a, b in zip(ours, native) if b])
    if mark:
        mark.judge(figure)
    return figure


def alternate(name, pairs, run):
    """Runs native, ours, native, ours, ...: what else the machine does falls on both alike.

    `run(under_glckpt)` gives one value or a dict of values. Returns (native, ours, load)."""
    native, ours, before = [], [], load_now()
    for pair in range(pairs):
        native.append(run(False))
        ours.append(run(True))
        progress(f"{name} {pair + 1}/{pairs}: native {native[-1]}, glckpt {ours[-1]}")
    return native, ours, (before, load_now())
