# SPDX-License-Identifier: MIT
"""tests/experiments/NAME.axes: reading it, and the runs that it asks for."""

import dataclasses

from testing import axes, covering

FOLDER = axes.ROOT / "tests/experiments"
COUNTS = ("icount", "plugin", "model", "events")


class Experiment(axes.Axes):
    """One file."""

    def __init__(self, text, name):
        self.asks, self.count = "", ""
        super().__init__(text, name)
        if self.count not in COUNTS or not self.asks:
            raise axes.Malformed(f"{name}: asks TEXT, and count {'|'.join(COUNTS)}, are missing")

    def readers(self):
        return super().readers() | {"asks": self.read_asks, "count": self.read_count}

    def read_asks(self, text):
        self.asks = text.strip()

    def read_count(self, text):
        self.count = text.strip()

    def word_axes(self):
        """Axes of the kernel's command line but bench=: what a result is labelled with."""
        return [axis for axis in self.axes if axis.how.endswith("=") and axis.name != "bench"]


@dataclasses.dataclass(frozen=True)
class Boot:
    """One run of a kernel."""

    experiment: str
    count: str
    options: tuple  # of tools/run
    words: dict  # of the kernel's command line: name without =: value

    def label(self):
        words = dict(zip(self.options[::2], self.options[1::2]))
        said = " ".join(f"{name}={value}" for name, value in self.words.items())
        return f"{self.experiment}: {words['--kernel']}, {words['--smp']} CPUs, {said}"


def names():
    return sorted(path.stem for path in FOLDER.glob("*.axes"))


def load(name):
    path = FOLDER / f"{name}.axes"
    return Experiment(path.read_text(), str(path.relative_to(axes.ROOT)))


def boots(name):
    """All runs of an experiment."""
    experiment = load(name)
    for row in covering.full_product(experiment):
        words = {axis.how[:-1]: row[axis.name] for axis in experiment.word_axes()
                 if row[axis.name] != axes.NOT_GIVEN}
        yield Boot(name, experiment.count, tuple(experiment.options(row)), words)
