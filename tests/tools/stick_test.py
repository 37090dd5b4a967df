# SPDX-License-Identifier: MIT
"""What tools/results-from makes of a stick: python3 -m unittest discover -s tests/tools -p '*_test.py'"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "tools"
sys.path.insert(0, str(TOOLS))

from experiments import compare, results, stick  # noqa: E402

SECTOR, FIRST, SECTORS = 512, 64, 2048  # of the partition


def lines(kernel, median=100, unit="tsc", ended=True, cmdline="ring_mms=4 emulator=none"):
    said = [{"run": {"id": "x", "kernel": kernel, "build": "release", "cpus": 4, "tsc_khz": 1000, "vendor": "V",
                     "cpu": "C ", "family": 6, "model": 1, "stepping": 0, "hypervisor": False, "loader": "L",
                     "cmdline": cmdline}},
            {"bench": {"name": "ring", "unit": unit, "n": 101, "min": median, "median": median, "max": median,
                       "kernel": kernel, "build": "release", "pcid": "on", "asids": 16, "cpus": 4}},
            {"events": {"name": "ring", "ops": 101, "switches": 202, "kernel": kernel, "build": "release"}}]
    return said + ([{"end": {"passed": True, "ms": 5}}] if ended else [])


def counts(kernel, **amounts):
    return {"pmu": {"name": "ring", "ops": 101, **amounts, "kernel": kernel, "build": "release", "pcid": "on", "cpus": 4}}


def text(said):
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in said)


def write(folder, files):
    folder = folder / stick.FOLDER
    folder.mkdir(parents=True)
    for name, said in files.items():
        (folder / name).write_text(said)


class Stick(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.work = pathlib.Path(work.name)

    def taken(self, files):
        write(self.work, files)
        return stick.latest(stick.runs(self.work))

    def test_the_last_of_each_kernel_that_ended(self):
        taken = self.taken({"20260101-000000-1.jsonl": text(lines("percpu", 1)),
                            "20260102-000000-1.jsonl": text(lines("percpu", 2)),
                            "20260103-000000-1.jsonl": text(lines("percpu", 3, ended=False)),
                            "20260101-000000-2.jsonl": text(lines("classic", 4)),
                            "pending.txt": "run=a"})
        self.assertEqual({run.name for run in taken}, {"20260102-000000-1", "20260101-000000-2"})

    def test_units_and_words(self):
        run, = self.taken({"20260102-030405-1.jsonl": text(lines("percpu", 7))})
        bench, events = stick.results_of(run)
        self.assertEqual((bench.unit, bench.median, bench.setup["ring_mms"]), (results.TICKS, 7, 4))
        self.assertNotIn("emulator", bench.setup)
        self.assertEqual((events.unit, events.amounts), (results.EVENTS, {"switches": 202}))
        self.assertEqual(stick.about([run])["date"], "2026-01-02 03:04")

    def test_what_the_cpu_counted(self):
        said = lines("percpu")
        said.insert(1, {"pmu": {"version": 4, "counters": ["instructions", "cycles", "load_walks"]}})
        said.insert(4, counts("percpu", instructions=4040, cycles=8080, load_walks=0))
        run, = self.taken({"1.jsonl": text(said)})
        found = results.Results({}, stick.results_of(run))
        counted = found.one(unit=results.COUNTED)
        self.assertEqual((counted.bench, counted.per_op("instructions"), counted.per_op("cycles")), ("ring", 40, 80))
        self.assertEqual(counted.amounts, {"instructions": 4040, "cycles": 8080, "load_walks": 0})
        self.assertEqual(len(found.results), 3)

    def test_no_counters(self):
        run, = self.taken({"1.jsonl": text(lines("percpu")[:1] + [{"pmu": {"none": "CPUID has no leaf 0AH"}}] +
                                           lines("percpu")[1:])})
        self.assertEqual([result.unit for result in stick.results_of(run)], [results.TICKS, results.EVENTS])

    def test_the_page_of_a_machine_has_them(self):
        run = [*lines("percpu")[:-1], counts("percpu", cycles=202), lines("percpu")[-1]]
        write(self.work, {"1.jsonl": text(run)})
        subprocess.run([TOOLS / "report", self.work, "--html", self.work / "page", "--markdown", self.work / "text"],
                       check=True, stdout=subprocess.DEVNULL)
        self.assertIn("| ring | percpu | 2.0 |", (self.work / "text").read_text())

    def test_twins_are_compared(self):
        taken = self.taken({"1.jsonl": text(lines("percpu", 10)), "2.jsonl": text(lines("classic", 20))})
        found = results.Results({}, [result for run in taken for result in stick.results_of(run)])
        self.assertEqual([pair.ratio for pair in compare.twins(found)], [0.5])

    def test_a_machine_counts_no_instructions(self):
        run, = self.taken({"1.jsonl": text(lines("percpu", unit="instructions"))})
        with self.assertRaises(stick.Unreadable):
            stick.results_of(run)

    def test_as_it_was_shown(self):
        run, = self.taken({"1.jsonl": text(lines("percpu", cmdline='a="b c" d=\\'))})
        self.assertEqual(run.text(), "".join(
            f"{kind}: {json.dumps(said, separators=(',', ':'))}\n"
            for line in lines("percpu", cmdline='a="b c" d=\\') for kind, said in line.items()))

    def test_files_that_are_none(self):
        good = text(lines("percpu"))
        for bad in ("", "{}\n", "[1]\n", good[:-20], good.replace("run", "ran", 1), '{"bench":{}}\n' + good):
            with self.assertRaises(stick.Unreadable, msg=bad):
                stick.run_of("x", bad)

    def test_an_image_with_partitions(self):
        write(self.work, {"1.jsonl": text(lines("percpu"))})
        image = self.work / "image"
        entry = bytes([0, 0, 0, 0, stick.EFI_SYSTEM, 0, 0, 0]) + FIRST.to_bytes(4, "little") + SECTORS.to_bytes(4, "little")
        image.write_bytes(bytes(stick.TABLE + stick.ENTRY_SIZE) + entry + bytes((FIRST + SECTORS) * SECTOR))
        where = f"{image}@@{FIRST * SECTOR}"
        subprocess.run(["mformat", "-i", where, "-T", str(SECTORS), "-h", "64", "-s", "32", "::"], check=True)
        with self.assertRaises(stick.Unreadable):  # no folder
            stick.runs(image)
        subprocess.run(["mcopy", "-s", "-i", where, str(self.work / "prague"), "::"], check=True)
        self.assertEqual([run.name for run in stick.runs(image)], ["1"])


if __name__ == "__main__":
    unittest.main()
