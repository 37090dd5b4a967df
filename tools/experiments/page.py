# SPDX-License-Identifier: MIT
"""The report: one HTML page with everything in it, and Markdown with its plots beside it."""

import html

from experiments import plots

STYLE = """
body { font: 16px/1.5 sans-serif; color: #222; background: #fff; max-width: 60em; margin: auto; padding: 1em }
h1 { font-size: 1.5em } h2 { font-size: 1.2em; margin-top: 2em; border-top: 1px solid #ccc; padding-top: 1em }
blockquote { margin: 0; padding-left: 1em; border-left: 3px solid #1b6ca8; color: #444 }
.answer { font-weight: bold } .kind { color: #555; font-size: 0.9em }
.wide { overflow-x: auto } table { border-collapse: collapse; font-size: 0.85em; margin: 0.5em 0 }
td, th { padding: 0.2em 0.6em; text-align: right; border-bottom: 1px solid #ddd; white-space: nowrap }
td:first-child, th:first-child { text-align: left } caption { text-align: left; font-style: italic; white-space: nowrap }
svg { max-width: 100%; height: auto }
"""
TITLE = "What (cpu, asid) page tables cost"


def run_line(run):
    if "machine" in run:
        return (f"Run of {run['date']}; {run['machine']}; {run['cpus']} CPUs, emulator: {run['emulator']}; "
                f"ticks of the TSC, of which a second has {run['tsc_khz']}000.")
    return (f"Run of {run['date']}, commit {run['commit']}; {run['emulator']}; {run['compiler']}; release builds, "
            f"BIOS. No real machine was measured.")


def html_table(table):
    def row(cells, tag):
        return "<tr>" + "".join(f"<{tag}>{html.escape(str(cell))}</{tag}>" for cell in cells) + "</tr>"

    return "\n".join(['<div class="wide"><table>', f"<caption>{html.escape(table.title)}</caption>",
                      row(table.heads, "th"), *(row(cells, "td") for cells in table.rows),
                      "</table></div>"])


def html_claim(claim, answer, missing):
    yield f'<h2 id="{claim.name}">{html.escape(claim.name)}</h2>'
    yield f"<blockquote>{html.escape(claim.says)}</blockquote>"
    yield f"<p>Experiment: {html.escape(claim.experiment)}</p>"
    if answer is None:
        yield f'<p class="answer">Not answered by this run: {html.escape(missing)}</p>'
        return
    yield f'<p class="answer">{html.escape(answer.sentence)}</p>'
    yield from (plots.svg(plot) for plot in answer.plots)
    yield from (html_table(table) for table in answer.tables)
    yield f'<p class="kind">{html.escape(answer.kind)}</p>'


def html_head(run):
    yield "<!DOCTYPE html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{TITLE}</title><style>{STYLE}</style></head><body>"
    yield f"<h1>{TITLE}</h1><p>{html.escape(run_line(run))}</p>"


def html_machine(run, tables):
    """Of a machine, whose ticks answer no claim."""
    yield from html_head(run)
    yield from (html_table(table) for table in tables)
    yield "</body></html>"


def html_page(run, answered, lost, comparison):
    yield from html_head(run)
    for each in answered:
        yield from html_claim(*each)
    yield '<h2 id="losses">Where the percpu kernel loses</h2>'
    yield html_table(lost)
    yield '<h2 id="all">The two kernels beside each other</h2>'
    yield html_table(comparison)
    yield "</body></html>"


def markdown_table(table):
    yield f"{table.title}:"
    yield ""
    yield "| " + " | ".join(str(head) for head in table.heads) + " |"
    yield "|" + "---|" * len(table.heads)
    for cells in table.rows:
        yield "| " + " | ".join(str(cell) for cell in cells) + " |"
    yield ""


def markdown_claim(claim, answer, missing, folder):
    yield from (f"## {claim.name}", "", f"> {claim.says}", "")
    if answer is None:
        yield from (f"**Not answered by this run**: {missing}", "")
        return
    yield from (f"**{answer.sentence}**", "", f"Experiment: {claim.experiment}. {answer.kind}", "")
    for plot in answer.plots:
        yield from (f"![{plot.title}]({folder}/{plot.name}.svg)", "")
    for table in answer.tables:
        yield from markdown_table(table)


def markdown_machine(run, tables):
    yield from (f"# {TITLE}", "", run_line(run), "")
    for table in tables:
        yield from markdown_table(table)


def markdown(run, answered, lost, folder):
    """@folder: where the plots are, from the page."""
    yield from (f"# {TITLE}", "", "What the discussion of 2020 said, and what was found. Written by `tools/report`.", "",
                run_line(run), "")
    for each in answered:
        yield from markdown_claim(*each, folder)
    yield from ("## Where the percpu kernel loses", "")
    yield from markdown_table(lost)
