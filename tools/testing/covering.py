# SPDX-License-Identifier: MIT
"""A small set of rows in which every allowed pair of values occurs.

Greedy: each row starts from the uncovered pair that is rarest, and takes axis by axis the
value that covers most that is still uncovered, then the one that costs least, then the one
used least so far.  Several rows are tried with the axes in different order, from a fixed
seed, and the best is kept; so the same file gives the same rows.  Whether a partial row can be completed is asked of a search
that backtracks, so a `never` line may rule out anything.
"""

import collections
import itertools
import random

SEED = 1
TRIES = 60  # orders of the axes tried for each row
SETS = 4  # whole sets made; the shortest is kept


def pairs_of(row):
    """The pairs of (axis, value) in a row."""
    return {frozenset(pair) for pair in itertools.combinations(row.items(), 2)}


def complete(axes, row, rest):
    """@row with values for the axes in @rest, or None: there is none that may run."""
    if not axes.allows(row):
        return None
    if not rest:
        return row
    for value in rest[0].values:
        done = complete(axes, {**row, rest[0].name: value}, rest[1:])
        if done:
            return done
    return None


def others(axes, row):
    return [axis for axis in axes.axes if axis.name not in row]


def allowed_pairs(axes):
    """Every pair that some allowed row has."""
    pairs = set()
    for a, b in itertools.combinations(axes.axes, 2):
        for x, y in itertools.product(a.values, b.values):
            pair = {a.name: x, b.name: y}
            if complete(axes, pair, others(axes, pair)):
                pairs.add(frozenset(pair.items()))
    return pairs


def grow(axes, pair, missing, order, used):
    """A row with @pair, its other values chosen greedily in @order.  @used counts values."""
    row = dict(sorted(pair))
    for axis in order:
        if axis.name in row:
            continue
        best = None
        for value in axis.values:
            longer = {**row, axis.name: value}
            if not complete(axes, longer, others(axes, longer)):
                continue
            new = sum(frozenset(((axis.name, value), item)) in missing for item in row.items())
            score = (new, -axes.seconds(longer), -used[axis.name, value])
            if best is None or score > best[0]:
                best = (score, longer)
        row = best[1]
    return row


def worth(axes, row, missing):
    """Rows that cover more are better; of those, the cheaper."""
    return len(pairs_of(row) & missing), -axes.seconds(row)


def one_set(axes, wanted, rand):
    missing, rows, used = set(wanted), [], collections.Counter()
    while missing:
        ranked = sorted(missing, key=sorted)
        best = None
        for _ in range(TRIES):
            order = rand.sample(axes.axes, len(axes.axes))
            row = grow(axes, rand.choice(ranked), missing, order, used)
            score = worth(axes, row, missing)
            if best is None or score > best[0]:
                best = (score, row)
        rows.append(best[1])
        missing -= pairs_of(best[1])
        used.update(best[1].items())
    return rows


def covering_set(axes):
    """The rows, each a dict from axis name to value."""
    rand = random.Random(SEED)
    wanted = allowed_pairs(axes)
    sets = [one_set(axes, wanted, rand) for _ in range(SETS)]
    best = min(sets, key=lambda rows: sum(axes.seconds(row) + 5 for row in rows))
    return [{axis.name: row[axis.name] for axis in axes.axes} for row in best]


def full_product(axes):
    """Every allowed row there is."""
    names = [axis.name for axis in axes.axes]
    for values in itertools.product(*(axis.values for axis in axes.axes)):
        row = dict(zip(names, values))
        if axes.allows(row):
            yield row


def uncovered(axes, rows):
    """The allowed pairs that no row has, and the rows that may not run."""
    missing = allowed_pairs(axes)
    for row in rows:
        missing -= pairs_of(row)
    return sorted(missing, key=sorted), [row for row in rows if not axes.allows(row)]
