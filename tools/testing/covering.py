# SPDX-License-Identifier: MIT
"""A small set of rows in which every allowed pair of values occurs.

Greedy: each row starts from the value with most pairs uncovered, and takes axis by axis the
value that covers most, then the one that costs least, then the one used least so far.
Several rows are tried with the axes in different order, from a fixed seed, and the best is
kept; so the same file gives the same rows.  Then, again and again, some rows are dropped and
made anew, and the cheaper set is kept.  Whether a partial row can be completed is asked of a
search that backtracks, so `never` lines may rule out anything, and say in many what a row of
one kind has to be.

In the search an item, which is a value of an axis, is a bit, and a row a set of bits.
"""

import collections
import itertools
import random

SEED = 1
TRIES = 10  # orders of the axes tried for each row
ROUNDS = 100  # of dropping rows
DROPPED = 4  # rows at a time
ROW_SECONDS = 10  # what a row takes of which no `slow` line says more


class Bits:
    """The axes with a bit for each item."""

    def __init__(self, axes):
        self.items = [(axis.name, value) for axis in axes.axes for value in axis.values]
        self.bit = {item: 1 << number for number, item in enumerate(self.items)}
        self.axes = [[self.bit[axis.name, value] for value in axis.values] for axis in axes.axes]
        self.nevers = [self.combination(never) for never in axes.nevers]
        self.slows = [(self.combination(slow), slow.seconds) for slow in axes.slows]
        named = {bit for never in self.nevers for values in never for bit in self.split(values)}
        self.named = [axis for axis in self.axes if named & set(axis)]
        self.named_bits = sum(map(sum, self.named))
        self.known = {}
        self.beside = self.all_beside()

    def combination(self, combination):
        """For each axis in it the bits of its values."""
        return [sum(self.bit[name, value] for value in values)
                for name, values in combination.values.items()]

    def split(self, row):
        return [bit for bit in self.bit.values() if row & bit]

    def row(self, row):
        return dict(item for item in self.items if row & self.bit[item])

    def allows(self, row):
        return not any(all(row & values for values in never) for never in self.nevers)

    def seconds(self, row):
        return sum(seconds for slow, seconds in self.slows if all(row & values for values in slow))

    def possible(self, row):
        """Can a partial row be completed?  Only axes that `never` lines name matter."""
        row &= self.named_bits
        if row not in self.known:
            self.known[row] = self.search(row)
        return self.known[row]

    def search(self, row):
        if not self.allows(row):
            return False
        axis = next((axis for axis in self.named if not row & sum(axis)), None)
        return axis is None or any(self.possible(row | bit) for bit in axis)

    def pairs(self):
        """Every pair of items that some allowed row has."""
        return [(one, other) for a, b in itertools.combinations(self.axes, 2)
                for one, other in itertools.product(a, b) if self.possible(one | other)]

    def all_beside(self):
        """For each item those that it can be beside."""
        beside = collections.Counter()
        for one, other in self.pairs():
            beside[one] |= other
            beside[other] |= one
        return beside


class Set:
    """@rows and what it takes besides, made one by one until no pair is missing."""

    def __init__(self, bits, rand, rows=()):
        self.bits, self.rand = bits, rand
        self.rows, self.used = [], collections.Counter()
        self.missing = dict(bits.beside)  # item: those that it was not yet beside
        for row in rows:
            self.add(row)
        while any(self.missing.values()):
            self.add(self.best())

    def add(self, row):
        self.rows.append(row)
        for item in self.bits.split(row):
            self.missing[item] &= ~row
            self.used[item] += 1

    def best(self):
        most = max(others.bit_count() for others in self.missing.values())
        first = [item for item, others in self.missing.items() if others.bit_count() == most]
        tried = []
        for _ in range(TRIES):
            order = self.rand.sample(self.bits.axes, len(self.bits.axes))
            tried.append(self.grow(self.rand.choice(first), order))
        return max(tried, key=self.worth)

    def worth(self, row):
        """Rows that cover more are better; of those, the cheaper."""
        new = sum((self.missing[item] & row).bit_count() for item in self.bits.split(row))
        return new, -self.bits.seconds(row)

    def grow(self, row, order):
        """@row, which is an item, with its other values chosen greedily in @order."""
        for axis in order:
            if not row & sum(axis):
                row |= max((item for item in axis if self.bits.possible(row | item)),
                           key=lambda item, row=row: ((self.missing[item] & row).bit_count(),
                                                      -self.bits.seconds(row | item),
                                                      -self.used[item]))
        return row

    def seconds(self):
        return sum(self.bits.seconds(row) + ROW_SECONDS for row in self.rows)


def covering_set(axes):
    """The rows, each a dict from axis name to value."""
    rand, bits = random.Random(SEED), Bits(axes)
    best = Set(bits, rand)
    for _ in range(ROUNDS):
        kept = rand.sample(best.rows, max(len(best.rows) - DROPPED, 0))
        best = min(Set(bits, rand, kept), best, key=Set.seconds)
    return [bits.row(row) for row in best.rows]


def full_product(axes):
    """Every allowed row there is."""
    names = [axis.name for axis in axes.axes]
    for values in itertools.product(*(axis.values for axis in axes.axes)):
        row = dict(zip(names, values))
        if axes.allows(row):
            yield row


def pairs_of(row):
    """The pairs of (axis, value) in a row."""
    return {frozenset(pair) for pair in itertools.combinations(row.items(), 2)}


def allowed_pairs(axes):
    bits = Bits(axes)
    return {frozenset(bits.row(one | other).items()) for one, other in bits.pairs()}


def uncovered(axes, rows):
    """The allowed pairs that no row has, and the rows that may not run."""
    missing = allowed_pairs(axes)
    for row in rows:
        missing -= pairs_of(row)
    return sorted(missing, key=sorted), [row for row in rows if not axes.allows(row)]
