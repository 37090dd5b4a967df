# SPDX-License-Identifier: MIT
"""Results that a machine wrote to its stick: \\prague\\results\\RUN.jsonl (lib/kept.h, boot/uefi/results.c).

Each line is an object of one member: run (the first), bench, events, pmu, end (the last, if the run
came to its end).
"""

import dataclasses
import json
import os
import pathlib
import re
import subprocess
import tempfile

from experiments import collect, experiment, results

FOLDER = "prague/results"
SECTOR = 512
TABLE, ENTRY_SIZE, ENTRIES = 446, 16, 4  # of the MBR
EFI_SYSTEM = 0xef
# Words of the command line that a result is labelled with; the kernel's lines say the others.
WORDS = ("ring_mms", "top_entries", "ring_pages", "ring_kernel", "physmap", "kmem", "la57")
WORD = re.compile(r"(?:^|\s)(\w+)=(\S+)")
DATE = re.compile(r"^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)")


class Unreadable(Exception):
    """The text is for the user."""


@dataclasses.dataclass
class Run:
    """One file."""

    name: str
    lines: list  # objects

    @property
    def about(self):
        return self.lines[0]["run"]

    @property
    def ended(self):
        return "end" in self.lines[-1]

    @property
    def passed(self):
        return self.ended and self.lines[-1]["end"]["passed"]

    def text(self):
        """The lines as the kernel has shown them."""
        return "".join(f"{kind}: {json.dumps(said, separators=(',', ':'))}\n"
                       for line in self.lines for kind, said in line.items())


def run_of(name, text):
    try:
        lines = [json.loads(line) for line in text.splitlines()]
    except ValueError as error:
        raise Unreadable(f"{name}: {error}") from error
    if not lines or any(not isinstance(line, dict) or len(line) != 1 for line in lines) or "run" not in lines[0]:
        raise Unreadable(f"{name}: not a file of results")
    return Run(name, lines)


def offset_of_fat(path):
    """Where the EFI system partition begins, in bytes; 0 without a partition table that has one."""
    with open(path, "rb") as disk:
        table = disk.read(SECTOR)[TABLE:]
    for at in range(0, ENTRIES * ENTRY_SIZE, ENTRY_SIZE):
        entry = table[at:at + ENTRY_SIZE]
        if len(entry) == ENTRY_SIZE and entry[4] == EFI_SYSTEM:
            return int.from_bytes(entry[8:12], "little") * SECTOR
    return 0


def mtools(*command):
    quiet = dict(os.environ, MTOOLS_SKIP_CHECK="1", MTOOLSRC=os.devnull)
    ended = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False,
                           stdin=subprocess.DEVNULL)
    if ended.returncode:
        raise Unreadable(f"{' '.join(command)}: {ended.stderr.strip()}")


def folder_of(path, work):
    """The folder of results of @path (a mounted stick, the folder itself, an image, or a disk), there or copied into @work."""
    if path.is_dir():
        return path / FOLDER if (path / FOLDER).is_dir() else path
    mtools("mcopy", "-s", "-n", "-i", f"{path}@@{offset_of_fat(path)}", f"::{FOLDER}", work)
    return pathlib.Path(work) / "results"


def names(path):
    """Of all that is in the folder."""
    with tempfile.TemporaryDirectory(prefix="prague-stick-") as work:
        return sorted(file.name for file in folder_of(path, work).iterdir())


def files(path):
    """{name: text} of the files of results."""
    with tempfile.TemporaryDirectory(prefix="prague-stick-") as work:
        return {file.stem: file.read_text() for file in folder_of(path, work).glob("*.jsonl")}


def runs(path):
    """All runs of a stick, the oldest first, as far as the machine knew the date."""
    return [run_of(name, text) for name, text in sorted(files(path).items())]


def latest(found):
    """Of each kernel the last run that came to its end."""
    return list({run.about["kernel"]: run for run in found if run.ended}.values())


def results_of(run):
    said = dict(WORD.findall(run.about["cmdline"]))
    words = {name: value for name, value in said.items() if name in WORDS}
    found = list(collect.from_lines(experiment.Boot("stick", "machine", (), words), run.text()))
    if any(result.unit == results.INSTRUCTIONS for result in found):
        raise Unreadable(f"{run.name}: icount=on, but nothing counts instructions on a machine")
    return found


def about(runs_taken):
    """What the first line of a file of results says."""
    machine = runs_taken[0].about
    dates = [DATE.match(run.name) for run in runs_taken]
    return {"date": ", ".join("{}-{}-{} {}:{}".format(*date.groups()) if date else "not known" for date in dates),
            "commit": "not known", "compiler": "compiler not known",
            "emulator": "a hypervisor" if machine["hypervisor"] else "none",
            "machine": f"{machine['vendor']} family {machine['family']} model {machine['model']} "
                       f"stepping {machine['stepping']}, {machine['cpu'].strip()}",
            "cpus": machine["cpus"], "tsc_khz": machine["tsc_khz"],
            "runs": [run.name for run in runs_taken]}
