"""The table for people and the JSON for programs."""
import dataclasses
import json

HEADINGS = ("figure", "unit", "native", "glckpt", "ratio", "mark", "load")


def number(value):
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def spread(s, form=number):
    return "" if s is None else f"{form(s.median)} ({form(s.low)}..{form(s.high)})"


def row(figure):
    mark = figure.mark and f"{figure.mark} {'met' if figure.met else 'MISSED'}"
    return (figure.name, figure.unit, spread(figure.native), spread(figure.ours),
            spread(figure.ratio, lambda v: f"{v:.3f}" if v < 10 else number(v)), mark,
            f"{figure.load[0]:.1f}-{figure.load[1]:.1f}")


def print_table(figures):
    rows = [HEADINGS] + [row(f) for f in figures]
    widths = [max(len(r[i]) for r in rows) for i in range(len(HEADINGS))]
    rows.insert(1, tuple("-" * w for w in widths))
    for r in rows:
        print("| " + " | ".join(cell.ljust(w) for cell, w in zip(r, widths)) + " |")


def write_json(path, machine, settings, figures, skipped):
    with open(path, "w") as f:
        json.dump({"machine": machine, "settings": settings, "skipped": skipped,
                   "figures": [dataclasses.asdict(g) for g in figures]}, f, indent=1)
        f.write("\n")
