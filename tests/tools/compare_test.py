# SPDX-License-Identifier: MIT
"""What tools/compare makes of results: python3 -m unittest discover -s tests/tools -p '*_test.py'"""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

from experiments import claims, compare, experiment, results  # noqa: E402


def result(median, low=None, high=None, bench="switch_mm_hit", unit=results.INSTRUCTIONS, **setup):
    return results.Result("quick", bench, unit, {"kernel": "percpu", "pti": "off"} | setup, n=101,
                          min=low or median, median=median, max=high or median)


def verdict(before, after):
    return next(compare.pairs([before], [after])).verdict


class Compare(unittest.TestCase):
    def test_ten_more_are_flagged(self):
        self.assertEqual(verdict(result(29), result(39)), "more")
        self.assertEqual(verdict(result(39), result(29)), "less")

    def test_the_same_is_not(self):
        self.assertEqual(verdict(result(29), result(29)), "")

    def test_a_few_are_not(self):
        self.assertEqual(verdict(result(29), result(31)), "")
        self.assertEqual(verdict(result(29), result(32)), "more")

    def test_one_per_cent_is_not(self):
        self.assertEqual(verdict(result(12000), result(12120)), "")
        self.assertEqual(verdict(result(12000), result(12121)), "more")

    def test_what_both_were_is_noise(self):
        self.assertEqual(verdict(result(100, 90, 160), result(130, 120, 140)), "noise")
        self.assertEqual(verdict(result(100, 90, 119), result(130, 120, 140)), "more")

    def test_only_like_is_compared(self):
        self.assertEqual(list(compare.pairs([result(1)], [result(1, pti="on")])), [])
        self.assertEqual(list(compare.pairs([result(1)], [result(1, unit=results.ONCE)])), [])
        self.assertEqual(list(compare.pairs([result(1)], [result(1, unit=results.EVENTS)])), [])

    def test_twins(self):
        both = results.Results({}, [result(31), result(29, kernel="classic")])
        pair, = compare.twins(both)
        self.assertEqual((pair.first.median, pair.second.median), (29, 31))


class Results(unittest.TestCase):
    def test_what_is_written_is_read(self):
        written = results.Results({"date": "now"}, [
            result(29, 28, 40), results.Result("grow", "grow", results.EVENTS, {"cpus": 4}, ops=101,
                                               amounts={"lazy_faults": 404})])
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "results"
            results.write(written, path)
            read = results.read(path)
        self.assertEqual(read.run, written.run)
        self.assertEqual(read.results, written.results)
        self.assertEqual(read.one(bench="grow").per_op("lazy_faults"), 4)
        self.assertEqual(read.one(bench="grow").per_op("ipis_sent"), 0)

    def test_none_and_two_are_missing(self):
        both = results.Results({}, [result(1), result(2, pti="on")])
        self.assertEqual(both.median(pti="on"), 2)
        for wanted in ({"pti": "auto"}, {"kernel": "percpu"}):
            self.assertRaises(results.Missing, both.one, **wanted)
        self.assertRaises(results.Missing, both.values, "asids")

    def test_a_file_without_a_run_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "results"
            path.write_text('{"bench": 1}\n')
            self.assertRaises(results.Missing, results.read, path)


class Experiments(unittest.TestCase):
    def test_each_can_be_read_and_has_both_kernels(self):
        for name in experiment.names():
            kernels = {boot.options[boot.options.index("--kernel") + 1]
                       for boot in experiment.boots(name)}
            self.assertEqual(kernels, {"percpu", "classic"}, name)

    def test_no_claim_is_answered_by_nothing(self):
        for claim, answer, missing in claims.answers(results.Results({}, [])):
            self.assertIsNone(answer, claim.name)
            self.assertTrue(missing, claim.name)


if __name__ == "__main__":
    unittest.main()
