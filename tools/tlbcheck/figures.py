# SPDX-License-Identifier: MIT
"""What tools/run --tlbmodel shows of the figures that the plugin has written.

The plugin knows the workloads by name; what kernel it was, with which parameters, the kernel
says in its own line for the same benchmark, whose numbers are the instructions.
"""

import json
import re

BENCH_LINE = re.compile(r"^bench: (\{.*\})$")
FROM_THE_KERNEL = ("kernel", "build", "pcid", "asids", "fill", "pgd", "pti", "kmap", "cpus")
COLUMNS = (("accesses", "accesses"), ("L1 misses", "l1_misses"), ("STLB misses", "stlb_misses"),
           ("faults", "faults"), ("walk refs", "walk_refs"), ("CR3 loads", "loads"),
           ("that flush", "flushing_loads"))


def kernel_words(serial_lines):
    """{benchmark: what the kernel says it ran with}"""
    words = {}
    for line in serial_lines:
        match = BENCH_LINE.match(line)
        if match:
            said = json.loads(match[1])
            words[said["name"]] = {key: said[key] for key in FROM_THE_KERNEL if key in said}
    return words


def read(path, serial_lines):
    """The plugin's lines, each with the kernel's words for its benchmark."""
    words = kernel_words(serial_lines)
    figures = [json.loads(line) for line in path.read_text().splitlines()]
    return [{**figure, **words.get(figure["bench"], {})} for figure in figures]


def table(figures):
    """Lines: for each workload and CPU, modelled events for each time that it ran."""
    heads = ["bench", "cpu", "ops", *(head for head, _ in COLUMNS)]
    rows = [[figure["bench"], str(figure["cpu"]), str(figure["ops"]),
             *(f"{figure[key] / figure['ops']:.2f}" for _, key in COLUMNS)]
            for figure in figures if figure["ops"]]
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    yield "modelled, for each op:"
    for row in [heads, *rows]:
        yield "  ".join([row[0].ljust(widths[0]),
                         *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]).rstrip()
