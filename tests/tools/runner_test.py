# SPDX-License-Identifier: MIT
"""What is shown of a failed row's log."""

import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from testing import runner  # noqa: E402

FILLER = ["    ok 1 something"] * (2 * runner.TAIL)


class WorthShowing(unittest.TestCase):
    def shown(self, *lines):
        return runner.worth_showing([*FILLER, *lines, *FILLER])

    def test_what_failed_comes_before_the_end(self):
        for line in ("    not ok 3 nothing_is_lost", "not ok 2 user.storm",
                     "    # tests/user_check.c:103: after is 0x1, expected before = 0x2",
                     "check_revoke: user/bin/check_revoke.c:30: x is 1, expected 0",
                     "PANIC: CPU 2: provoked on purpose",
                     "tlbcheck: CPU 2, tag 0x1: could use an old translation"):
            self.assertEqual(self.shown(line), [line] + FILLER[-runner.TAIL:])
            self.assertEqual(runner.worth_showing([*FILLER, line, "status"]),
                             [line] + FILLER[-runner.TAIL + 2:] + ["status"])

    def test_nothing_else_does(self):
        for line in ("    ok 3 nothing_is_lost", "    # 195 steps", "prague: result: fail"):
            self.assertEqual(self.shown(line), FILLER[-runner.TAIL:])

    def test_neither_twice_nor_without_end(self):
        bad = ["    not ok 1 x"] * (2 * runner.TAIL)
        self.assertEqual(runner.worth_showing(bad[:3]), bad[:3])
        self.assertEqual(len(runner.worth_showing([*bad, *FILLER])), 2 * runner.TAIL)


if __name__ == "__main__":
    unittest.main()
