# SPDX-License-Identifier: MIT
"""Plots: SVG by gnuplot."""

import dataclasses
import subprocess

SIZE = "720,400"
STYLES = ("lt rgb '#1b6ca8' pt 7", "lt rgb '#c0392b' pt 5", "lt rgb '#2e8b57' pt 9",
          "lt rgb '#8e44ad' pt 11", "lt rgb '#d68910' pt 13", "lt rgb '#566573' pt 6",
          "lt rgb '#16a085' pt 4")


class Failed(Exception):
    """gnuplot made nothing of it."""


@dataclasses.dataclass
class Plot:
    name: str  # of the file
    title: str
    x: str
    y: str
    lines: dict  # label: [(x, y)]
    log_x: bool = True
    log_y: bool = False


def script(plot):
    yield f"set terminal svg size {SIZE} dynamic enhanced font 'sans-serif,13' background rgb 'white'"
    yield f"set title {quoted(plot.title)}"
    yield f"set xlabel {quoted(plot.x)}"
    yield f"set ylabel {quoted(plot.y)}"
    yield "set key outside below maxrows 2"
    yield "set grid lc rgb '#dddddd'"
    yield "set border 3"
    yield "set tics nomirror"
    if plot.log_x:
        yield "set logscale x 2"
    yield "set logscale y" if plot.log_y else "set yrange [0:*]"
    places = sorted({x for points in plot.lines.values() for x, _ in points})
    if plot.log_x:
        yield f"set xrange [{places[0] * 0.9}:{places[-1] * 1.1}]"
    yield f"set xtics ({', '.join(str(x) for x in places)})"
    for number, points in enumerate(plot.lines.values()):
        yield f"$data{number} << EOD"
        yield from (f"{x} {y}" for x, y in points)
        yield "EOD"
    yield "plot " + ", ".join(
        f"$data{number} with linespoints {STYLES[number % len(STYLES)]} lw 2 title {quoted(label)}"
        for number, label in enumerate(plot.lines))


def quoted(text):
    return "'" + text.replace("'", "''").replace("_", r"\_") + "'"


def svg(plot):
    """The text of an SVG file."""
    made = subprocess.run(["gnuplot"], input="\n".join(script(plot)), text=True,
                          capture_output=True, check=False)
    if made.returncode or "</svg>" not in made.stdout:
        raise Failed(f"{plot.name}: gnuplot: {made.stderr.strip()}")
    return made.stdout[made.stdout.index("<svg"):]
