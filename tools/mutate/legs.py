# SPDX-License-Identifier: MIT
"""The legs: what may notice a mutation, from the cheapest on.

A leg makes a mutation's trials: commands that build, one that runs, and how its log is read.
Two mutations with the same command share its baseline.
"""

import dataclasses
import re
import shlex
import typing

BOCHS_CPU = "corei7_haswell_4770"
PANIC, HANG = 3, 124  # statuses of tools/run
SCHED_FILES = {"kernel/sched.c", "kernel/place.c", "kernel/sched_check.c", "kernel/sched_cpu.c", "kernel/thread.c",
               "kernel/wait.c", "kernel/wait.h", "kernel/run_queue.h", "arch/x86_64/migrate.h"}  # of sim-sched


class Broken(Exception):
    """What can be said of no mutation: it does not compile, or a leg fails without it."""


@dataclasses.dataclass
class Trial:
    """One command.  @said: of the log and the status of a run that failed."""

    leg: str
    builds: list
    command: list
    said: typing.Callable
    limit: int = 240  # seconds, when nothing is known yet

    def key(self):
        return shlex.join(self.command)


def first(pattern, text):
    found = re.search(pattern, text, re.MULTILINE)
    return found[1].strip() if found else None


def said_by_kernel(text, status):
    """The panic; or the first test that failed, by its whole name; or how far it came."""
    panic = first(r"PANIC: (?:CPU \d+: )?(.*)", text)
    if panic:
        suite = re.findall(r"# Subtest: (\S+)", text)
        return f"{suite[-1] if suite else 'boot'}: {panic}"
    suite = "boot"
    for line in text.splitlines():
        suite = first(r"# Subtest: (\S+)", line) or suite
        failed = first(r"^    not ok \d+ (\S+)", line)
        if failed:
            return f"{suite}.{failed}"
    return f"{suite}: {'hangs' if status == HANG else f'ends with status {status}'}"


def said_by_checker(text, status):
    """What could be stale, or what the kernel said."""
    return first(r"^tlbcheck: (?:CPU \d+, )?(tag.*)", text) or said_by_kernel(text, status)


def said_by_sim(text, status):
    found = re.search(r"FAILED seed (\d+) .*?: (.*)", text)
    if found:
        return f"seed {found[1]}: {found[2]}"
    return "hangs" if status == HANG else " ".join(text.split())[-110:] or f"status {status}"


def said_by_host(text, status):
    failed = first(r"^\[  FAILED  \] (test_\w+|\w+)$", text)
    panic = first(r"^.*?(panic: .*|ERROR: AddressSanitizer: \S+|runtime error: .*)$", text)
    program = first(r"^host: (\S+) .* [1-9]\d* failed$", text)
    return ": ".join(word for word in (program, failed or panic) if word) or f"status {status}"


def said_by_rows(text, _status):
    return first(r"^FAIL +\S+ s +(\S+)", text) or "a row fails"


def said_by_elf(text, status):
    return (text.strip().splitlines() or [f"status {status}"])[-1]


class Legs:
    """Makes trials for one tree with its build directory, both relative to where it runs."""

    def __init__(self, out, sim_seconds):
        self.out, self.sim_seconds = out, sim_seconds

    def make(self, *targets):
        return ["make", "--no-print-directory", f"O={self.out}", *targets]

    def kernel(self, twin, build="debug"):
        return [self.make(f"KERNEL={twin}", f"BUILD={build}", "kernel"), self.make("boot", "archive")]

    def host(self, m):
        if m.get("host", "-") == "-":
            return []
        tests = f"HOST_TESTS={m.get('host')}"
        return [Trial("host", [self.make(tests, "host-build")], self.make(tests, "host-test"), said_by_host)]

    def sim(self, m):
        """Both kernels' tables, where both have the file."""
        if not m.get("sim"):
            return []
        options = [] if m.get("sim") == "-" else m.get("sim").split()
        seconds = self.sim_seconds * int(m.get("simtimes", "1"))
        trials = []
        for twin in m.get("kernels", "percpu classic").split():
            program = f"{self.out}/sim/sim-{twin}"
            pgd = ["--pgd", "asid"] if twin == "percpu" and "--pgd" not in options else []
            trials.append(Trial(f"sim-{twin}", [["make", "-f", "tests/sim/sim.mk", f"O={self.out}", program]],
                                [program, "--seeds", "1..100000000", "--seconds", str(seconds),
                                 *pgd, *options], said_by_sim))
        return trials

    def sched(self, m):
        """The scheduler on simulated CPUs, without address spaces."""
        if not {edit.file for edit in m.edits} & SCHED_FILES:
            return []
        program = f"{self.out}/sim/sim-sched"
        return [Trial("sim-sched", [["make", "-f", "tests/sim/sim.mk", f"O={self.out}", program]],
                      [program, "--seeds", "1..100000000", "--seconds", str(self.sim_seconds)], said_by_sim)]

    def elf(self, m):
        if m.get("elf") != "yes":
            return []
        return [Trial("elf", self.kernel(twin), ["tools/check-elf", f"{self.out}/{twin}-debug/kernel.elf",
                                                 "--twin", twin, "--build", "debug"], said_by_elf)
                for twin in m.get("kernels", "percpu").split()]

    def run(self, *options):
        return ["tools/run", "--out", self.out, "--timeout", "240", *options]

    def suites(self, m, leg, *options, build="debug", key="suites"):
        globs = m.get(key) or m.get("suites")
        if not globs:
            return []
        words = f"test={globs} {m.get(f'{leg}append') or m.get('append')}".strip()
        return [Trial(f"{leg}-{twin}", self.kernel(twin, build),
                      self.run("--kernel", twin, "--build", build, "--smp", "4", "--firmware", "bios", *options,
                               *shlex.split(m.get("run")), "--append", words), said_by_checker)
                for twin in m.get("kernels", "percpu classic").split()]

    def qemu(self, m):
        return self.suites(m, "qemu")

    def rows(self, m):
        names = m.get("rows").split()
        if not names:
            return []
        twins = {twin for twin in ("percpu", "classic") for name in names if twin in name} or {"percpu"}
        builds = [command for twin in sorted(twins) for command in self.kernel(twin)]
        if any(name.startswith(("count-", "photo-percpu")) for name in names):  # of release kernels
            builds = [command for twin in ("classic", "percpu") for command in self.kernel(twin, "release")]
        return [Trial("rows", builds, ["tools/test", "--jobs", "1", "--out", self.out, *names], said_by_rows)]

    def bochs(self, m):
        if not m.get("bochs"):
            return []
        words = f"pcid=on test={m.get('bochs')} {m.get('bochsappend') or m.get('append')}".strip()
        return [Trial(f"bochs-{twin}", self.kernel(twin),
                      self.run("--kernel", twin, "--emulator", "bochs", "--cpu", BOCHS_CPU, "--smp", "4",
                               "--append", words), said_by_kernel, limit=400)
                for twin in m.get("kernels", "percpu").split()[:1]]

    def tlbcheck(self, m):
        """QEMU with a checker of each access's translation."""
        if not m.get("tlbcheck"):
            return []
        hold = ["--hold", m.get("hold")] if m.get("hold") else []
        trials = self.suites(m, "tlbcheck", "--tlbcheck", "--mem", "96M", *hold, key="tlbcheck")
        for trial in trials:
            trial.builds.append(self.make("tlbcheck"))
        return trials


# In this order.
LEGS = ("host", "elf", "sim", "sched", "qemu", "rows", "tlbcheck", "bochs")
