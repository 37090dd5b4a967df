# SPDX-License-Identifier: MIT
"""Results of real machines, wherever they come from: a stick, its files, or photos of a screen."""

import json

from experiments import photo, results, stick

PICTURES = (".png", ".jpg", ".jpeg", ".ppm", ".pgm", ".webp")


def first_line(path):
    """As an object, if it is one."""
    with open(path, "rb") as file:
        try:
            return json.loads(file.readline(1 << 16))
        except ValueError:
            return None


def is_results(path):
    """A file of results that tools/bench or tools/results-from wrote, and not one of a machine?"""
    if not path.is_file():
        return False
    line = first_line(path)
    return isinstance(line, dict) and "run" in line and "date" in line["run"]


def runs(path):
    """The runs at one place, the oldest first."""
    if path.is_file() and (path.suffix.lower() in PICTURES or photo.is_text(path)):
        return [photo.run_at(path)]
    if path.is_file() and path.suffix == ".jsonl":
        return [stick.run_of(path.stem, path.read_text())]
    return stick.runs(path)


def gather(taken):
    """Results of @taken, which are runs."""
    found = [result for run in taken for result in stick.results_of(run)]
    return results.Results(stick.about(taken), found)


def read(path):
    """Of each kernel the last run that came to its end."""
    taken = stick.latest(runs(path))
    if not taken:
        raise stick.Unreadable(f"{path}: no run of which there is something to take")
    return gather(taken)
