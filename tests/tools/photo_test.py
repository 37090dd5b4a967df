# SPDX-License-Identifier: MIT
"""Codes of lib/qr.c as zbarimg reads them, and what is made of photos: unittest discover -s tests/tools -p '*_test.py'"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from experiments import machines, photo, results, stick  # noqa: E402

VERSIONS = 40
HEAD = """PRAGUE1
id={id}
kernel={kernel}
build=release
cpus=4
tsc_khz=3000000
vendor=GenuineIntel
cpu=A CPU @ 3 GHz = fast
family=6
model=158
stepping=10
hypervisor=0
passed=1
ms=1234
unit=tsc
n=101
pcid=on
asids=16
fill=setup
pgd=asid
pti=on
kmap=window
cmdline=kernel={kernel} ring_mms=4 bench=*
-
"""


def code(kernel="percpu", ident="20260102-030405-1", median=30, end="end=2,0"):
    return HEAD.format(id=ident, kernel=kernel) + f"cr3_write=20,{median},90\nring=1,2,3,55\n{end}\n"


class Photo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        work = tempfile.TemporaryDirectory()
        cls.addClassCleanup(work.cleanup)
        cls.work = pathlib.Path(work.name)
        cls.program = cls.work / "qr_image"
        subprocess.run(["gcc", "-std=gnu11", "-O1", "-I", ROOT, "-o", cls.program, ROOT / "tests/tools/qr_image.c",
                        ROOT / "lib/qr.c"], check=True)

    def picture(self, text, name="photo.pgm"):
        made = subprocess.run([self.program], input=text.encode(), capture_output=True, check=True)
        path = self.work / name
        path.write_bytes(made.stdout)
        return path

    def test_each_version_is_read(self):
        seen, n = set(), 1
        while n <= 2953:
            text = "".join(chr(33 + (i * 7 + i // 90) % 90) for i in range(n))
            path = self.picture(text)
            seen.add(int(path.read_bytes().split()[1]))
            read = subprocess.run([*photo.ZBARIMG, path], capture_output=True, check=True).stdout
            self.assertEqual(read.decode(), text, n)
            n += 14 if n < 600 else 60
        self.assertEqual(len(seen), VERSIONS)

    def test_a_photo_is_a_run(self):
        for path in (self.picture(code()), self.work / "text"):
            (self.work / "text").write_text(code())
            run, = machines.runs(path)
            self.assertEqual((run.name, run.passed), ("20260102-030405-1", True))
            first, second = stick.results_of(run)
            self.assertEqual((first.bench, first.unit, first.n, first.min, first.median, first.max),
                             ("cr3_write", results.TICKS, 101, 20, 30, 90))
            self.assertEqual(second.n, 55)
            self.assertEqual((first.setup["ring_mms"], first.setup["asids"], first.setup["pti"]), (4, 16, "on"))
            self.assertIn("A CPU @ 3 GHz = fast", stick.about([run])["machine"])

    def test_one_number_is_one_sample(self):
        run = photo.run_of("x", code(end="boot=4711\nend=3,0"))
        *_, boot = stick.results_of(run)
        self.assertEqual((boot.bench, boot.n, boot.min, boot.median, boot.max), ("boot", 1, 4711, 4711, 4711))
        with self.assertRaises(stick.Unreadable):
            photo.run_of("x", code(end="boot=4711,4712\nend=3,0"))

    def test_a_run_without_a_name_has_the_files(self):
        run, = machines.runs(self.picture(code(ident="-"), "living-room.pgm"))
        self.assertEqual(run.name, "living-room")

    def test_what_is_not_whole(self):
        good = code()
        for bad in (good.replace("end=2,0\n", ""), good.replace("end=2", "end=3"), good.replace("n=101\n", ""),
                    good.replace("=20,", "=x,"), good.replace("-\n", "", 1), "PRAGUE1", good.replace("PRAGUE1", "PRAGUE12")):
            with self.assertRaises(stick.Unreadable, msg=bad):
                photo.run_of("x", bad)

    def test_a_picture_without_a_code(self):
        path = self.work / "dark.pgm"
        path.write_bytes(b"P5 100 100 255\n" + bytes(10000))
        with self.assertRaises(stick.Unreadable):
            machines.runs(path)

    def test_two_photos_are_compared(self):
        sources = [self.picture(code("percpu", "1", 10), "p.pgm"), self.picture(code("classic", "2", 40), "c.pgm")]
        written = self.work / "both.jsonl"
        subprocess.run([ROOT / "tools/results-from", "--to", written, *sources], check=True, capture_output=True)
        page = self.report(written)
        self.assertIn("| cr3_write | ticks of the TSC | 40 | 10 | 0.250 |", page)

    def report(self, source):
        page = self.work / "page.md"
        subprocess.run([ROOT / "tools/report", source, "--html", self.work / "page.html", "--markdown", page], check=True,
                       capture_output=True)
        return page.read_text()

    def test_report_takes_a_stick_a_folder_a_file_and_a_photo(self):
        said = photo.run_of("x", code()).lines
        folder = self.work / "stick" / stick.FOLDER
        folder.mkdir(parents=True)
        file = folder / "20260102-030405-1.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in said))
        for source in (self.work / "stick", folder, file, self.picture(code())):
            self.assertIn("| cr3_write | percpu | 101 | 20 | 30 | 90 |", self.report(source), source)


if __name__ == "__main__":
    unittest.main()
