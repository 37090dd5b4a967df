# SPDX-License-Identifier: MIT
"""Two results of the same thing, beside each other."""

import dataclasses

from experiments import results

COUNTED = (results.INSTRUCTIONS, results.ONCE, results.TICKS)
SMALL = 0.01  # a change below is none worth telling, ...
FEW = 2  # ... nor is one of so few


@dataclasses.dataclass
class Pair:
    bench: str
    setup: dict  # of the second
    unit: str
    first: results.Result
    second: results.Result

    @property
    def ratio(self):
        return self.second.median / self.first.median if self.first.median else float("inf")

    @property
    def is_noise(self):
        """What both were at some time: the medians may differ by chance."""
        return self.first.median != self.second.median and \
            self.first.min <= self.second.max and self.second.min <= self.first.max

    @property
    def verdict(self):
        change = self.second.median - self.first.median
        if abs(change) <= max(FEW, SMALL * self.first.median):
            return ""
        if self.is_noise:
            return "noise"
        return "more" if change > 0 else "less"


def pairs(first, second, without=()):
    """Of results whose setup is alike but for the words in @without."""
    found = {}
    for result in first:
        if result.unit in COUNTED and result.n:
            found[result.key(without)] = result
    for result in second:
        other = found.get(result.key(without))
        if other is not None and result.n:
            yield Pair(result.bench, result.setup, result.unit, other, result)


def twins(all_results):
    """Classic and percpu of one file; of percpu, pgd=asid, which classic says too."""
    kernels = [all_results.all(kernel=kernel) for kernel in ("classic", "percpu")]
    return pairs(*kernels, without=("kernel",))


def differing(pairs_found):
    """
    The words of the setup that are not the same in all, so that a table names only those; the
    kernel is none if it is what differs within each pair.
    """
    setups = [pair.setup for pair in pairs_found]
    twins_of_each = {pair.first.setup.get("kernel") != pair.setup.get("kernel") for pair in pairs_found}
    words = {word for setup in setups for word in setup} - ({"kernel"} if True in twins_of_each else set())
    return sorted(word for word in words
                  if len({str(setup.get(word)) for setup in setups}) > 1)


def table(pairs_found, heads):
    """Lines.  @heads: what the first and the second are called."""
    pairs_found = sorted(pairs_found, key=lambda pair: pair.second.key())
    words = differing(pairs_found)
    rows = [["benchmark", *words, *heads, "ratio", ""]]
    for pair in pairs_found:
        rows.append([pair.bench, *(str(pair.setup.get(word, "-")) for word in words),
                     str(pair.first.median), str(pair.second.median), f"{pair.ratio:.3f}",
                     pair.verdict])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    numbers = len(rows[0]) - 4
    for row in rows:
        yield "  ".join(cell.rjust(width) if i >= numbers else cell.ljust(width)
                        for i, (cell, width) in enumerate(zip(row, widths))).rstrip()
