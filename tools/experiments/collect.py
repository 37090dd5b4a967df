# SPDX-License-Identifier: MIT
"""Running a Boot, and reading what it said."""

import json
import pathlib
import re
import statistics
import subprocess
import tempfile

from experiments import results
from insncount import marks
from testing.axes import ROOT

LIMIT = 300  # seconds that one boot may take
LINE = re.compile(r"^(bench|events|pmu|model): (\{.*\})$", re.MULTILINE)
IMAGE_LINE = re.compile(r"text ([\d.]+) KiB and ([\d.]+) KiB of self-tests, (\d+) instructions, "
                        r"swapgs: (\d+), gs-prefixed: (\d+)")
SETUP = ("kernel", "build", "pcid", "asids", "fill", "pgd", "pti", "kmap", "cpus")
NOT_AMOUNTS = {*SETUP, "name", "bench", "unit", "ops", "model", "figures", "cpu", "levels"}
EMPTY = "measure_overhead"  # the function whose samples have nothing between the marks
WARM = 8  # BENCH_WARM: the first samples are forgotten


class Failed(Exception):
    """A boot that did not end well; the text has its last lines."""


def command(boot, out, extra):
    options = list(boot.options)
    words = options.index("--append") + 1
    options[words] += " test=none" + (" icount=on" if boot.count in ("icount", "model") else "")
    how = {"icount": ["--icount"], "model": ["--icount", "--tlbmodel"],
           "plugin": ["--count", str(extra)], "events": []}[boot.count]
    return [str(ROOT / "tools/run"), "--out", str(out), "--build", "release", "--firmware", "bios",
            "--timeout", str(LIMIT), *options, *how]


def setup_of(boot, said):
    """What the kernel says it ran with, and the words that it does not say."""
    words = {name: results.number(value) for name, value in boot.words.items()}
    if "--emulator" in boot.options:
        words["emulator"] = boot.options[boot.options.index("--emulator") + 1]
    return words | {name: said[name] for name in SETUP if name in said}


def amounts_of(said):
    return {name: value for name, value in said.items()
            if name not in NOT_AMOUNTS and isinstance(value, (int, float))}


def from_lines(boot, text):
    """Results of the lines that the kernel, or the model, printed.  @boot.count may be "machine": ticks too."""
    for kind, line in LINE.findall(text):
        said = json.loads(line)
        setup = setup_of(boot, said)
        if kind == "bench" and boot.count in ("icount", "machine"):
            unit = results.INSTRUCTIONS if said["unit"] == "instructions" else results.TICKS
            yield results.Result(boot.experiment, said["name"], unit, setup, n=said["n"],
                                 min=said["min"], median=said["median"], max=said["max"])
        elif kind == "events" and boot.count != "model":
            yield results.Result(boot.experiment, said["name"], results.EVENTS, setup,
                                 ops=said["ops"], amounts=amounts_of(said))
        elif kind == "pmu" and said.get("ops"):
            yield results.Result(boot.experiment, said["name"], results.COUNTED, setup, ops=said["ops"],
                                 amounts=amounts_of(said))
        elif kind == "model" and said.get("ops"):
            yield results.Result(boot.experiment, said["bench"], results.MODELLED,
                                 setup | {"cpu": said["cpu"]}, ops=said["ops"],
                                 amounts=amounts_of(said))


def samples_by_function(path, elf):
    """{function: [instructions of each sample]}"""
    functions, samples = marks.Functions(elf), {}
    for line in path.read_text().splitlines():
        _, address, instructions = line.split()
        samples.setdefault(functions.name(int(address, 16)), []).append(int(instructions))
    return samples


def from_samples(boot, text, path, out):
    """
    Results of what the plugin counted.  A function that several benchmarks share has the samples
    of all, in the order in which they ran.
    """
    said = [json.loads(line) for kind, line in LINE.findall(text) if kind == "bench"]
    samples = samples_by_function(path, out / f"{said[0]['kernel']}-release/kernel.elf")
    least = min(samples.pop(EMPTY))
    own = {bench["name"]: samples.pop(bench["name"]) for bench in said if bench["name"] in samples}
    shared = iter([sample for numbers in samples.values() for sample in numbers]
                  if len(samples) == 1 else [])
    for bench in said:
        numbers = own.get(bench["name"]) or [sample for _, sample in
                                             zip(range(bench["n"] + WARM), shared)]
        numbers = [max(0, sample - least) for sample in numbers[WARM:]]
        if len(numbers) == bench["n"]:
            yield results.Result(boot.experiment, bench["name"], results.ONCE,
                                 setup_of(boot, bench), n=len(numbers), min=min(numbers),
                                 median=int(statistics.median(numbers)), max=max(numbers))


def image(kernel, out):
    """What the release kernel's image has in it, as tools/check-elf says."""
    arguments = [str(ROOT / "tools/check-elf"), str(out / f"{kernel}-release/kernel.elf"),
                 "--twin", kernel, "--build", "release"]
    ended = subprocess.run(arguments, capture_output=True, text=True, check=False)
    said = IMAGE_LINE.search(ended.stdout)
    if ended.returncode or said is None:
        raise Failed(f"{' '.join(arguments)}: {ended.stdout}{ended.stderr}")
    text, tests, *counts = said.groups()
    names = ("text_kib", "tests_kib", "instructions", "swapgs", "gs")
    amounts = dict(zip(names, (float(text), float(tests), *map(int, counts))))
    return results.Result("image", "image", results.CODE, {"kernel": kernel}, ops=1, amounts=amounts)


def run(boot, out):
    """The results of one boot."""
    with tempfile.TemporaryDirectory(prefix="prague-bench-") as work:
        extra = pathlib.Path(work) / "samples"
        arguments = command(boot, out, extra)
        ended = subprocess.run(arguments, capture_output=True, text=True, errors="replace",
                               check=False, stdin=subprocess.DEVNULL)
        text = ended.stdout.replace("\r", "")
        if ended.returncode:
            last = "\n".join(text.splitlines()[-12:])
            raise Failed(f"{' '.join(arguments)}: status {ended.returncode}\n{last}{ended.stderr}")
        found = list(from_lines(boot, text))
        if boot.count == "plugin":
            found += from_samples(boot, text, extra, out)
    return found
