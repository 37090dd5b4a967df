# SPDX-License-Identifier: MIT
"""docs/mutations.md: its tables, from the results.  The words around them stay."""

BEGIN, END = "<!-- tools/mutate/run --report -->", "<!-- end -->"


def last_trials(m, lines):
    """{leg: the last result} of @m as it is now, in the order of the legs."""
    found = {}
    for line in lines:
        if line["kind"] == "trial" and line["mutation"] == m.name and line["digest"] == m.digest():
            found[line["leg"]] = line
    return found


def cell(text):
    return text.replace("|", "\\|").replace("`", "'")


def row(m, trials):
    """One line of the table; @trials: not empty."""
    noticed = next((line for line in trials.values() if line["noticed"]), None)
    hazard = m.get("hazard")
    if noticed:
        said = f"`{cell(noticed['said'][:100])}`"
        return f"| {m.name} | {hazard} | {noticed['leg']} | {said} | {noticed['seconds']:.0f} |"
    tried = f"not explained; tried: {', '.join(trials)}"
    seconds = sum(line["seconds"] for line in trials.values())
    return f"| {m.name} | {hazard} | **lives** | {cell(m.get('lives')) or tried} | {seconds:.0f} |"


def tables(mutations, lines):
    text, area, not_run = [], None, []
    for m in mutations:
        trials = last_trials(m, lines)
        if not trials:
            not_run.append(m.name)
            continue
        if m.area != area:
            area = m.area
            text += ["", f"### {area}", "", "| mutation | hazard | leg | what it said | s |", "|---|---|---|---|--:|"]
        text.append(row(m, trials))
    if not_run:
        text += ["", f"Not run yet: {len(not_run)}: {', '.join(not_run)}."]
    return text


def totals(mutations, lines):
    """Per leg: how many were noticed of those that it tried."""
    legs, caught, tried = {}, 0, 0
    for m in mutations:
        trials = last_trials(m, lines)
        tried += bool(trials)
        caught += any(line["noticed"] for line in trials.values())
        for leg, line in trials.items():
            count = legs.setdefault(leg, [0, 0, 0.0])
            count[0] += line["noticed"]
            count[1] += 1
            count[2] += line["seconds"]
    text = ["| leg | noticed | of | seconds each |", "|---|--:|--:|--:|"]
    text += [f"| {leg} | {c[0]} | {c[1]} | {c[2] / c[1]:.0f} |" for leg, c in sorted(legs.items())]
    return text + [f"| all | {caught} | {tried} | |"]


def write(path, mutations, lines):
    old = path.read_text()
    head, tail = old.split(BEGIN)[0], old.split(END)[1]
    text = [BEGIN, "", *totals(mutations, lines), *tables(mutations, lines), "", END]
    path.write_text(head + "\n".join(text) + tail)
