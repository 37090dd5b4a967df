# SPDX-License-Identifier: MIT
"""What all files of rows are made of: commands, limits and ends."""

RUN_MARGIN = 20  # seconds for making the image, and for ending
BOCHS_SLOWER = 60  # seconds
SIM_LIMIT = 900  # hosts without FSGSBASE take several times as long
RUN_LIMIT = 90  # tools/run's hang detector, for rows that are not slow
SETUP_STATUS, LOADER_STATUS, PANIC_STATUS, NO_VERDICT_STATUS, HANG_STATUS, FAIL_STATUS = 2, 5, 3, 4, 124, 1
QEMU_PASS = 33  # what QEMU exits with when the kernel told isa-debug-exit that all passed
PASSED = r"^prague: result: pass$"


def make(out, *targets):
    return ["make", "--no-print-directory", f"O={out}", *targets]


def run(out, *options, timeout=RUN_LIMIT):
    return ["tools/run", "--out", out, "--timeout", str(timeout), *options]
