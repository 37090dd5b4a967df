# SPDX-License-Identifier: MIT
"""tests/matrix.axes: reading it, and what its lines mean."""

import dataclasses
import pathlib
import shlex

ROOT = pathlib.Path(__file__).resolve().parents[2]
AXES = ROOT / "tests/matrix.axes"
NOT_GIVEN = "-"


class Malformed(Exception):
    """A line that cannot be read; the text names it."""


@dataclasses.dataclass(frozen=True)
class Axis:
    name: str
    how: str  # --option of tools/run, or word= of the kernel's command line
    values: tuple


@dataclasses.dataclass(frozen=True)
class Combination:
    """Values of some axes.  A row has it when it has one of the values of each."""

    values: dict  # axis name: set of values
    reason: str = ""
    seconds: int = 0

    def is_in(self, row):
        """@row may be partial: an axis without a value is none of them."""
        return all(row.get(axis) in values for axis, values in self.values.items())


class Axes:
    """The whole file."""

    def __init__(self, text, name="axes"):
        self.axes, self.nevers, self.slows, self.extra, self.slow_rows = [], [], [], {}, {}
        readers = self.readers()
        for number, line in enumerate(text.splitlines(), 1):
            kind, *rest = line.partition("#")[0].split(maxsplit=1) or [""]
            if not kind:
                continue
            try:
                readers[kind](rest[0])
            except (KeyError, ValueError, IndexError) as error:
                raise Malformed(f"{name}:{number}: {line.strip()}: {error!r}") from error

    def readers(self):
        """{first word of a line: what takes the rest}"""
        return {"axis": self.read_axis, "never": self.read_never, "slow": self.read_slow,
                "row": self.read_row}

    def read_axis(self, text):
        name, how, *values = text.split()
        if not values or len(set(values)) != len(values):
            raise ValueError("an axis has values, each once")
        self.axes.append(Axis(name, how, tuple(values)))

    def read_combination(self, words):
        values = {}
        for word in words:
            name, equals, listed = word.partition("!=" if "!=" in word else "=")
            axis = next((axis for axis in self.axes if axis.name == name), None)
            if axis is None:
                raise ValueError(f"no axis {name}")
            # A value may hold commas and = itself: what is written is the value, or a list.
            written = {listed} if listed in axis.values else set(listed.split(","))
            if not written <= set(axis.values):
                raise ValueError(f"{name} has no such value: {listed}")
            values[name] = written if equals == "=" else set(axis.values) - written
        return values

    def read_never(self, text):
        words, colon, reason = text.partition(" : ")
        if not colon or not reason.strip():
            raise ValueError("a reason is missing")
        self.nevers.append(Combination(self.read_combination(words.split()), reason.strip()))

    def read_slow(self, text):
        seconds, *words = text.split()
        if words[0].startswith("row="):
            self.slow_rows[words[0].removeprefix("row=")] = int(seconds)
            return
        self.slows.append(Combination(self.read_combination(words), seconds=int(seconds)))

    def read_row(self, text):
        name, *options = shlex.split(text)
        if name in self.extra:
            raise ValueError("a row has a name of its own")
        self.extra[name] = options

    def allows(self, row):
        """Could @row, perhaps partial, run as far as it is known?"""
        return not any(never.is_in(row) for never in self.nevers)

    def seconds(self, row):
        return sum(slow.seconds for slow in self.slows if slow.is_in(row))

    def options(self, row):
        """@row as options of tools/run."""
        options, words = [], []
        for axis in self.axes:
            value = row[axis.name]
            if value == NOT_GIVEN:
                continue
            if axis.how.startswith("--"):
                options += [axis.how, value]
            else:
                words.append(axis.how + value)
        return options + (["--append", " ".join(words)] if words else [])

    @staticmethod
    def in_a_name(value):
        return value.replace(",", "+").replace("=", "_").replace(".*", "")

    def name(self, row):
        """A name that says what the row is: percpu-debug-uefi-..."""
        return "-".join(self.in_a_name(row[axis.name]) for axis in self.axes
                        if row[axis.name] != NOT_GIVEN)


def load(path=AXES):
    return Axes(path.read_text(), str(path.relative_to(ROOT)))
