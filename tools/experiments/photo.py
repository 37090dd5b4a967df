# SPDX-License-Identifier: MIT
"""Results in a QR code, as a kernel shows it on the screen (kernel/summary.c; docs/real-hardware.md has the form).

A file is a picture, which zbarimg reads, or the text that some other reader of codes has made of one.
"""

import pathlib
import subprocess

from experiments import stick

MAGIC, HEAD_ENDS, END = "PRAGUE1", "-", "end"
ZBARIMG = ("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", "-Sbinary")
NUMBERS = ("cpus", "tsc_khz", "family", "model", "stepping")
TEXTS = ("kernel", "build", "vendor", "cpu", "cmdline")
SETUP = ("pcid", "fill", "pgd", "pti", "kmap")


def is_text(path):
    with open(path, "rb") as file:
        return file.read(len(MAGIC)) == MAGIC.encode()


def text_of(path):
    if is_text(path):
        return path.read_text()
    try:
        ended = subprocess.run([*ZBARIMG, str(path)], capture_output=True, check=False)
    except FileNotFoundError as error:
        raise stick.Unreadable(f"{path}: zbarimg is missing: make setup") from error
    text = ended.stdout.decode(errors="replace")
    if ended.returncode or not text.startswith(MAGIC):
        raise stick.Unreadable(f"{path}: no code of results is seen in it")
    return text


def pairs_of(name, lines):
    for line in lines:
        key, equals, value = line.partition("=")
        if not equals:
            raise stick.Unreadable(f"{name}: not a pair: {line}")
        yield key, value


def setup_of(head):
    return {word: head[word] for word in ("kernel", "build", *SETUP)} | {
        "asids": int(head["asids"]), "cpus": int(head["cpus"])}


def bench_of(head, name, values):
    """The object of a line "bench: "."""
    numbers = [int(value) for value in values.split(",")]
    least, median, most, *count = numbers if len(numbers) != 1 else [*numbers * 3, 1]
    return {"name": name, "unit": head["unit"], "n": count[0] if count else int(head["n"]),
            "min": least, "median": median, "max": most} | setup_of(head)


def about(head):
    return ({"id": head["id"], "hypervisor": head["hypervisor"] == "1"} |
            {word: head[word] for word in TEXTS} | {word: int(head[word]) for word in NUMBERS})


def run_of(name, text):
    """A run as the stick's file has it, but for events."""
    magic, *lines = text.strip().splitlines()
    try:
        ends = lines.index(HEAD_ENDS)
        head = dict(pairs_of(name, lines[:ends]))
        *benches, (end, counts) = pairs_of(name, lines[ends + 1:])
        there, left_off = map(int, counts.split(","))
        said = [{"run": about(head)}, *({"bench": bench_of(head, *pair)} for pair in benches),
                {"end": {"passed": head["passed"] == "1", "ms": int(head["ms"])}}]
    except (KeyError, ValueError) as error:
        raise stick.Unreadable(f"{name}: not a whole code of results: {error}") from error
    if magic != MAGIC or end != END or there != len(benches):
        raise stick.Unreadable(f"{name}: not a whole code of results")
    if left_off:
        print(f"{name}: {left_off} results had no room in the code")
    return stick.Run(head["id"] if head["id"] != "-" else pathlib.Path(name).stem, said)


def run_at(path):
    return run_of(str(path), text_of(path))
