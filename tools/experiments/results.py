# SPDX-License-Identifier: MIT
"""Results: a file of JSON lines.

The first line tells of the run: {"run": {"date", "commit", "emulator", ...}}.  Each other is one
result: experiment, how it was counted, benchmark, unit, setup (what the kernel ran with), and
either n, min, median, max, or ops and amounts, which are sums over all ops.
"""

import dataclasses
import json

INSTRUCTIONS, ONCE, TICKS = "instructions", "instructions, a rep once", "ticks of the TSC"
EVENTS, MODELLED, CODE = "events", "modelled", "the image"
COUNTED = "counted by the CPU"


@dataclasses.dataclass
class Result:
    experiment: str
    bench: str
    unit: str
    setup: dict
    n: int = 0
    min: int = 0
    median: int = 0
    max: int = 0
    ops: int = 0
    amounts: dict = dataclasses.field(default_factory=dict)

    def is_like(self, wanted):
        """@wanted names members, or words of the setup."""
        return all(self.__dict__.get(key, self.setup.get(key)) == value
                   for key, value in wanted.items())

    def per_op(self, name):
        return self.amounts.get(name, 0) / self.ops

    def key(self, without=()):
        """What two results of the same thing have in common."""
        setup = {name: value for name, value in self.setup.items() if name not in without}
        return self.experiment, self.bench, self.unit, json.dumps(setup, sort_keys=True)


class Missing(Exception):
    """There is no such result, or more than one."""


class Results:
    def __init__(self, run, results):
        self.run, self.results = run, results

    def all(self, **wanted):
        return [result for result in self.results if result.is_like(wanted)]

    def one(self, **wanted):
        found = self.all(**wanted)
        if len(found) != 1:
            raise Missing(f"{len(found)} results like {wanted}")
        return found[0]

    def median(self, **wanted):
        return self.one(**wanted).median

    def values(self, word, **wanted):
        """What @word of the setup is in such results, in order; at least one value."""
        found = {result.setup[word] for result in self.all(**wanted) if word in result.setup}
        if not found:
            raise Missing(f"no results with {word} like {wanted}")
        return sorted(found)


def number(text):
    return int(text) if isinstance(text, str) and text.isdigit() else text


def read(path):
    """Raises Missing if @path holds no results."""
    lines = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    if not lines or "run" not in lines[0]:
        raise Missing(f"{path}: the first line tells of no run")
    return Results(lines[0]["run"], [Result(**line) for line in lines[1:]])


def write(results, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [{"run": results.run}]
    for result in results.results:
        members = dataclasses.asdict(result)
        lines.append({name: value for name, value in members.items()
                      if value not in (0, {}) or name in ("min", "median", "max") and result.n})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
