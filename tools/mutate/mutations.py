# SPDX-License-Identifier: MIT
"""tests/mutations/*.txt: reading them, and putting a mutation into a tree.

A file is an area.  Its first lines, `key: value`, hold for all of its mutations; each
mutation begins with its name in brackets, may say other values, and then what to change:

    [mapping_stays_at_switch_out]
    why: one of two ways out forgets the mappings
    hazard: G3

    mm/kmap.h
    -	if (unlikely(kmap_depth != 0))
    -		kmap_take_down(s);
    +	(void)s;

Lines with - are replaced by those with +; lines with a blank are both.  What is there must be
there once.  An empty line ends a change; more of them, and more files, may follow.

    why, hazard		why it is realistic; rows of docs/hazards.md
    host		programs of tests/host that compile the file
    sim, simtimes	options of the simulator, or - for none; without the key it is not run;
			how many times longer than others
    suites, append	globs for test=, words for the kernel's command line
    kernels		which are booted, in this order; without the key both
    run			options of tools/run
    rows		rows of tools/test that must fail
    elf			yes: tools/check-elf looks at the kernel
    bochs, bochsappend	globs and words for Bochs; without the first it is not run
    tlbcheck, tlbcheckappend	the same for the checker of translations
    hold		functions in which it holds CPUs up
    kind, search, program	of tests/sim/break
    lives		why nothing notices, and nothing needs to; or which test is missing
"""

import dataclasses
import fnmatch
import hashlib
import pathlib
import re

KEYS = {"why", "hazard", "host", "sim", "simtimes", "suites", "append", "kernels", "run", "rows", "elf", "bochs",
        "bochsappend", "tlbcheck", "tlbcheckappend", "hold", "kind", "search", "program", "lives"}


class Malformed(Exception):
    """A line that cannot be read, or a change that does not apply; the text names it."""


@dataclasses.dataclass
class Edit:
    file: str
    old: str = ""
    new: str = ""


@dataclasses.dataclass
class Mutation:
    area: str
    name: str
    keys: dict
    edits: list = dataclasses.field(default_factory=list)

    def get(self, key, default=""):
        return self.keys.get(key, default)

    def digest(self):
        """Changes when the mutation does; the words about it may change."""
        return hashlib.sha256(repr(self.edits).encode()).hexdigest()[:12]

    def apply(self, root):
        """Put it into the tree at @root.  Returns {file: text before}."""
        before, after = {}, {}
        for edit in self.edits:
            text = after.get(edit.file)
            if text is None:
                text = before[edit.file] = (root / edit.file).read_text()
            if text.count(edit.old) != 1:
                raise Malformed(f"{self.area}: {self.name}: {edit.file} has {text.count(edit.old)} times:\n"
                                f"{edit.old}")
            after[edit.file] = text.replace(edit.old, edit.new)
        for file, text in after.items():
            (root / file).write_text(text)
        return before


class Reader:
    """One file, line by line."""

    def __init__(self, path):
        self.path, self.area = path, path.stem
        self.defaults, self.mutations = {}, []
        self.current = self.file = self.edit = None

    def take(self, line):
        if line[:1] in ("-", "+", " ") and self.file:
            self.take_change(line)
            return
        self.edit = None
        name = re.fullmatch(r"\[(\w+)\]", line)
        key = re.fullmatch(r"(\w+):\s*(.*)", line)
        if name:
            self.begin(name[1])
        elif key and key[1] in KEYS and not self.file:
            self.keys()[key[1]] = key[2]
        elif re.fullmatch(r"[\w./-]+/[\w.-]+", line) and self.current:
            self.file = line
        elif line and not line.startswith("#"):
            raise ValueError("neither a key, a name, a file nor a change")

    def keys(self):
        return self.current.keys if self.current else self.defaults

    def begin(self, name):
        if any(m.name == name for m in self.mutations):
            raise ValueError("a mutation has a name of its own")
        self.current, self.file = Mutation(self.area, name, dict(self.defaults)), None
        self.mutations.append(self.current)

    def take_change(self, line):
        if self.edit is None:
            self.edit = Edit(self.file)
            self.current.edits.append(self.edit)
        if line[0] != "+":
            self.edit.old += line[1:] + "\n"
        if line[0] != "-":
            self.edit.new += line[1:] + "\n"

    def read(self):
        for number, line in enumerate(self.path.read_text().splitlines(), 1):
            try:
                self.take(line)
            except ValueError as error:
                raise Malformed(f"{self.path}:{number}: {line}: {error}") from error
        for mutation in self.mutations:
            if not mutation.edits or not mutation.get("why"):
                raise Malformed(f"{self.path}: {mutation.name}: says not what changes, or why")
        return self.mutations


def load(folder):
    """All of them, by area."""
    found = [m for path in sorted(pathlib.Path(folder).glob("*.txt")) for m in Reader(path).read()]
    names = [m.name for m in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise Malformed(f"names of more than one mutation: {', '.join(sorted(twice))}")
    return found


def choose(mutations, globs):
    """Those whose name, area, or area/name a glob matches; none given: all."""
    return [m for m in mutations if not globs or any(
        fnmatch.fnmatchcase(text, glob) for glob in globs
        for text in (m.name, m.area, f"{m.area}/{m.name}"))]
