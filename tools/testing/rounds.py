# SPDX-License-Identifier: MIT
"""The rounds of tools/soak: what round n of a seed is, whatever the rounds before it were."""

import random

from testing import axes as axes_file
from testing import rows
from testing.runner import Row

SIM_ONE_IN = 5  # rounds on simulated CPUs; the others boot a kernel
BOCHS_ONE_IN = 8  # of those that boot
TLBCHECK_ONE_IN = 4  # of those that may, where tools/run has it
SIM_SECONDS = 20
KERNELS = ("percpu", "classic")
SEEDS = 10**6  # seeds are below
STRESS = (0, 0, 1, 2)  # seconds of each storm
STORMS = 40  # more than there are
TLBCHECK_SLOWER = 200  # seconds
FEW_CPUS, MANY_CPUS = 4, 64
MANY_ONE_IN, MANY_SLOWER = 4, 200  # of rows with FEW_CPUS; seconds
SUITES = ("", "arch.*,mm.*", "sched.*,cpu.*", "mm.storm,cpu.storm,load.*,fault.*",
          "mm.isolation,mm.lazy,mm.slots,mm.shootdown,load.*")


def draw(rand, axis):
    return rand.choice(axis.values)


def combination(axes, rand, **given):
    """A value of each axis, so that it may run; of some it is @given."""
    while True:
        row = {axis.name: draw(rand, axis) for axis in axes.axes} | given
        if axes.allows(row):
            return row


def any_number_of_cpus(axes, rand, row, many):
    """@row with as many as its value of the axis, or fewer, down to the next smaller value; if
    @many, sometimes with more than the axis has, where memory holds their tests' threads."""
    sizes = sorted(int(value) for axis in axes.axes if axis.name == "smp" for value in axis.values)
    most = int(row["smp"])
    less = max([size for size in sizes if size < most], default=0)
    if many and most == FEW_CPUS and row["mem"] != "64M" and rand.randrange(MANY_ONE_IN) == 0:
        less, most = FEW_CPUS, MANY_CPUS
    return {**row, "smp": str(rand.randint(less + 1, most))}


def words_of(rand, stress):
    words = [f"seed={rand.randrange(1, SEEDS)}"]
    suites = rand.choice(SUITES)
    if stress:
        words.append(f"stress={stress}")
    if suites:
        words.append(f"test={suites}")
    return words


def simulation(rand, out, name):
    first = rand.randrange(1, SEEDS) * 1000
    command = [f"{out}/sim/sim-{rand.choice(KERNELS)}", "--seeds",
               f"{first}..{first + SEEDS}", "--seconds", str(SIM_SECONDS)]
    return Row(name, [command], limit=SIM_SECONDS * 3)


def boot(axes, rand, out, name, tlbcheck):
    """A row that boots a kernel.  @tlbcheck: tools/run has it, and its plugin is there."""
    emulator = "bochs" if rand.randrange(BOCHS_ONE_IN) == 0 else "qemu"
    row = combination(axes, rand, emulator=emulator, kernel=rand.choice(KERNELS),
                      suites=axes_file.NOT_GIVEN)
    checked = tlbcheck and emulator == "qemu" and row["pcid"] == "soft" and \
        rand.randrange(TLBCHECK_ONE_IN) == 0
    seconds = 3 * axes.seconds(row)
    if emulator == "bochs":
        seconds += rows.BOCHS_SLOWER
    else:
        row = any_number_of_cpus(axes, rand, row, many=not checked)
    if int(row["smp"]) > FEW_CPUS:
        seconds += MANY_SLOWER
    stress = 0 if checked or emulator == "bochs" else rand.choice(STRESS)
    seconds += STORMS * stress + (TLBCHECK_SLOWER if checked else 0)
    options = axes.options(row)
    options[-1] = " ".join([options[-1], *words_of(rand, stress)])
    if checked:
        options = ["--tlbcheck=accessed", *options]
    limit = rows.RUN_LIMIT + seconds
    return Row(name, [rows.run(out, *options, timeout=limit)], limit=limit + rows.RUN_MARGIN,
               must=(rows.PASSED,))


def make_round(axes, out, seed, number, tlbcheck=False):
    rand = random.Random(f"{seed}/{number}")
    name = f"{seed}-{number}"
    if rand.randrange(SIM_ONE_IN) == 0:
        return simulation(rand, out, name)
    return boot(axes, rand, out, name, tlbcheck)
