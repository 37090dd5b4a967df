# SPDX-License-Identifier: MIT
"""The claims of the discussion, and what results say of each.

An answer takes Results and gives an Answer; it raises results.Missing if the run has not got what
it needs.  All numbers in its sentences come from the results.
"""

import dataclasses

from experiments.plots import Plot
from experiments.results import EVENTS, INSTRUCTIONS, MODELLED, ONCE, Missing

KERNELS = ("percpu", "classic")
POLICIES = ("asid", "copy", "space")
NO_CPU = "Modelled, for a CPU of the sizes that docs/tlbmodel.md names. No CPU was measured."
NO_TIME = "Guest instructions under QEMU, not time: a TLB miss, a CR3 write and an exception count as little as an addition."


@dataclasses.dataclass
class Table:
    title: str
    heads: list
    rows: list


@dataclasses.dataclass
class Answer:
    sentence: str
    tables: list
    plots: list
    kind: str  # of the numbers, and what could not be measured


@dataclasses.dataclass
class Claim:
    name: str
    says: str  # of the discussion
    experiment: str
    answer: object  # a function


def shown(value):
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def percent(more, base):
    return f"{100 * (more - base) / base:+.0f} %"


# --- the rivals: what visit did --------------------------------------------------------------

def visit(found, unit, cpus, mms, kernel="percpu", pgd="asid", fill="setup"):
    return found.one(experiment="rivals", bench="visit", unit=unit, cpus=cpus, ring_mms=mms,
                     kernel=kernel, pgd=pgd, fill=fill)


def designs():
    """(how it is called, what it is in the results)"""
    yield "asid (ours)", {"kernel": "percpu", "pgd": "asid"}
    yield "asid, fill=touch", {"kernel": "percpu", "pgd": "asid", "fill": "touch"}
    yield "copy", {"kernel": "percpu", "pgd": "copy"}
    yield "space", {"kernel": "percpu", "pgd": "space"}
    yield "classic", {"kernel": "classic"}


def by_design(found, cpus, amount):
    """A table's rows: address spaces, and what amount(design, mms) says."""
    sizes = found.values("ring_mms", experiment="rivals")
    return [[mms, *(shown(amount(design, cpus, mms)) for _, design in designs())] for mms in sizes]


def memory(found):
    cpus = max(found.values("cpus", experiment="rivals"))
    asids = found.values("asids", experiment="rivals")[0]

    def pages(design, cpus, mms):
        return visit(found, EVENTS, cpus, mms, **design).amounts.get("pgds_now", 0)

    most = max(found.values("ring_mms", experiment="rivals"))
    ours, space = (pages({"pgd": pgd}, cpus, most) for pgd in ("asid", "space"))
    few = min(found.values("ring_mms", experiment="rivals"))
    used = pages({"pgd": "asid"}, cpus, few)
    return Answer(
        f"As the formula says, and no more: {most} address spaces on {cpus} CPUs with {asids} slots "
        f"each keep {ours} PGDs ({4 * ours} KiB; {cpus} x {asids} is {cpus * asids}), {few} keep {used}. One for each CPU and "
        f"address space, without a bound, would be {space} ({4 * space} KiB). With isolation each is 8 KiB.",
        [Table(f"PGD pages after all of {cpus} CPUs have visited all address spaces",
               ["address spaces", *(name for name, _ in designs())], by_design(found, cpus, pages))],
        [], "Events: pages that the pool has. What the formula forgets (slot records, the CPUs' own tables) is "
        "in docs/memory-cost.md. The classic kernel's PGDs are its address spaces' own.")


def faults(found):
    def lazy(cpus, entries, **design):
        return found.one(experiment="grow", bench="grow", unit=EVENTS, cpus=cpus,
                         top_entries=entries, **design).per_op("lazy_faults")

    rows, sizes = [], found.values("top_entries", experiment="grow")
    for cpus in found.values("cpus", experiment="grow"):
        for entries in sizes:
            rows.append([cpus, entries, *(shown(lazy(cpus, entries, kernel="percpu", fill=fill))
                                          for fill in ("setup", "touch")),
                         shown(lazy(cpus, entries, kernel="classic")), cpus * 256])
    cpus, entries = max(found.values("cpus", experiment="grow")), max(sizes)
    most = lazy(cpus, entries, kernel="percpu", fill="setup")
    each = found.median(experiment="paths", bench="lazy_fault", unit=INSTRUCTIONS, kernel="percpu",
                        pgd="asid", pti="off", pcid="soft")
    return Answer(
        f"The bound holds, and is only reached on purpose: an address space that fills {entries} top-level entries while "
        f"each of {cpus} CPUs has it loaded takes {shown(most)} lazy faults in its life, of {cpus * 256}. One with {min(sizes)} entries takes "
        f"{min(sizes)} on each CPU. Such a fault is {each} instructions, and the classic kernel has none.",
        [Table("Lazy faults in the life of an address space",
               ["CPUs", "entries", "percpu, fill=setup", "percpu, fill=touch", "classic", "bound"], rows)],
        [], "Events. The worst case: an address space that is loaded everywhere before it has anything.")


# --- switches -------------------------------------------------------------------------------

def few_mms(found):
    def hit(kernel, asids):
        return found.median(experiment="slots", bench="switch_mm_hit", unit=INSTRUCTIONS,
                            kernel=kernel, asids=asids)

    sizes = [asids for asids in found.values("asids", experiment="slots") if asids > 1]
    rows = [[asids, *(hit(kernel, asids) for kernel in KERNELS)] for asids in sizes]
    ours, theirs = hit("percpu", 16), hit("classic", 16)
    misses = found.one(experiment="model", bench="ring", unit=MODELLED, kernel="percpu", pti="off",
                       pcid="soft", ring_mms=4, asids=16).per_op("stlb_misses")
    return Answer(
        f"True: a switch to an address space whose slot is there takes {ours} instructions in the percpu kernel and {theirs} in the classic one, "
        f"with {min(sizes)} slots as with {max(sizes)}; nothing is copied, and of 4 address spaces in turn {shown(misses)} TLB misses a switch remain.",
        [Table("Instructions of a switch that hits", ["slots", *KERNELS], rows)], [],
        f"{NO_TIME} TLB misses: {NO_CPU}")


def copies(found):
    cpus = max(found.values("cpus", experiment="rivals"))

    def copied(design, cpus, mms):
        return visit(found, EVENTS, cpus, mms, **design).per_op("entries_copied") / (cpus * mms)

    sizes = found.values("ring_mms", experiment="rivals")
    asids = found.values("asids", experiment="rivals")[0]
    fits = [mms for mms in sizes if mms <= asids]
    return Answer(
        f"True of slots that suffice: {max(fits)} address spaces in {asids} slots copy {shown(copied({}, cpus, max(fits)))} entries a visit. "
        f"With {max(sizes)} address spaces each visit in turn is a new pair, and copies {shown(copied({}, cpus, max(sizes)))} entries, all that the address space has. "
        f"Never 2 KiB: what is not populated is not copied. Copying at each switch (pgd=copy) copies {shown(copied({'pgd': 'copy'}, cpus, min(sizes)))} a visit "
        f"with {min(sizes)} address spaces already.",
        [Table(f"Top-level entries copied for each visit of a CPU to an address space with 4 entries, {cpus} CPUs",
               ["address spaces", *(name for name, _ in designs())], by_design(found, cpus, copied))],
        [], "Events, after 8 rounds that are not counted. The order is the worst for a cache that drops the least recently used: "
        "each address space in turn.")


def enough(found):
    def turn(kernel, mms, asids):
        return found.median(experiment="ring", bench="ring", unit=INSTRUCTIONS, kernel=kernel,
                            ring_mms=mms, asids=asids)

    sizes = found.values("ring_mms", experiment="ring")
    slots = found.values("asids", experiment="ring")
    rows = [[mms, asids, turn("percpu", mms, asids), turn("classic", mms, asids)]
            for mms in sizes for asids in slots]
    lines = {f"{mms} address spaces": [(asids, turn("percpu", mms, asids)) for asids in slots]
             for mms in sizes}
    few, most = min(slots), max(slots)
    some = sizes[len(sizes) // 2]
    return Answer(
        f"As many as there are address spaces in turn, and then it does not matter how many: {some} of them take {turn('percpu', some, 6)} "
        f"instructions a turn with 6 slots and {turn('percpu', some, most)} with {most} (classic: {turn('classic', some, 6)} and {turn('classic', some, most)}). "
        f"A slot too few costs the percpu kernel {turn('percpu', some, 6) - turn('percpu', some, most)} a switch, "
        f"the classic one {turn('classic', some, 6) - turn('classic', some, most)}; and both the TLB of the slot that was taken.",
        [Table("Instructions of a turn: a switch, 4 pages read in the kernel and 4 in user mode",
               ["address spaces", "slots", *KERNELS], rows)],
        [Plot("ring", "A turn of N address spaces, percpu", f"slots ({few} to {most})",
              "instructions a turn", lines)],
        f"{NO_TIME} Taken in turn, which is the worst case for any number that does not suffice.")


TAG_EVENTS = ("cr3_keeps", "cr3_flushes", "slots_set_up", "entries_copied", "ring_passes", "switch_flushes")
TAG_BENCHES = (("switch_mm_hit", 4), ("switch_mm_lag", 4), ("slot_setup", 4), ("ring", 4), ("ring", 64))


def by_tags(found):
    """(are the events with PCID those of pcid=soft?, a table of them)"""
    def events(kernel, bench, mms, pcid):
        result = found.one(experiment="pcid", unit=EVENTS, kernel=kernel, bench=bench, ring_mms=mms, pcid=pcid)
        return result.setup["emulator"], [shown(result.per_op(name)) for name in TAG_EVENTS]

    cells = [(bench, mms, kernel) for bench, mms in TAG_BENCHES for kernel in KERNELS]
    same = all(events(kernel, bench, mms, "on")[1] == events(kernel, bench, mms, "soft")[1] for bench, mms, kernel in cells)
    rows = []
    for bench, mms, kernel in cells:
        for pcid in ("on", "soft", "off"):
            emulator, counted = events(kernel, bench, mms, pcid)
            rows.append([f"{bench} of {mms}" if bench == "ring" else bench, kernel, pcid, emulator, *counted])
    return same, Table("Events for each sample, with what comes between two of them; no isolation",
                       ["", "kernel", "pcid", "emulator", "CR3 writes that keep", "that flush", "slots set up", "entries copied",
                        "passes", "flushes of a slot that lags"], rows)


def without_pcid(found):
    def misses(kernel, pti, pcid, asids=16):
        return found.one(experiment="model", bench="ring", unit=MODELLED, kernel=kernel, pti=pti,
                         pcid=pcid, asids=asids, ring_mms=4)

    rows = [[pti, pcid, asids, *(shown(misses(kernel, pti, pcid, asids).per_op(name))
                                 for name in ("stlb_misses", "walk_refs") for kernel in KERNELS)]
            for pti in ("off", "on") for pcid in ("soft", "off") for asids in (1, 16)]

    def more(pti, asids):
        ours, theirs = (misses(kernel, pti, "off", asids).per_op("stlb_misses") for kernel in KERNELS)
        return shown(round(ours - theirs, 2))

    def instructions(kernel, bench, pcid):
        return found.median(experiment="paths", bench=bench, unit=INSTRUCTIONS, kernel=kernel,
                            pcid=pcid, pti="off", pgd="asid")

    table = [[bench, pcid, *(instructions(kernel, bench, pcid) for kernel in KERNELS)]
             for bench in ("switch_mm_hit", "slot_setup") for pcid in ("soft", "off")]
    without, tagged = (misses("percpu", "off", pcid).per_op("stlb_misses") for pcid in ("off", "soft"))
    isolated = misses("percpu", "on", "off").per_op("stlb_misses")
    same, events = by_tags(found)
    return Answer(
        f"Without PCID each switch empties the TLB of what is not global, in either kernel: {shown(without)} misses a turn where "
        f"tags have {shown(tagged)}, and {shown(isolated)} with isolation. What the percpu kernel adds to that, with 16 slots: {more('off', 16)} without isolation and {more('on', 16)} with it; "
        f"with one slot, a PGD copied at each switch, {more('off', 1)} and {more('on', 1)}. The machine that was feared pays for its missing tags more than for its own tables. "
        f"On a CPU with PCID, of Bochs, the events are {'those' if same else 'not those'} of pcid=soft, which stands for it here.",
        [Table("Modelled for a turn of 4 address spaces",
               ["isolation", "pcid", "slots", "misses, percpu", "misses, classic", "walk references, percpu",
                "walk references, classic"], rows),
         Table("Instructions", ["", "pcid", *KERNELS], table), events],
        [], f"{NO_CPU} Events: what the kernel counted, with pcid=on in Bochs, else in QEMU. Instructions: guest instructions under QEMU. pcid=soft is the protocol of tags on a CPU without; the model keeps what tags may keep.")


# --- fork, GS, kmap -----------------------------------------------------------------------------

def fork(found):
    def once(kernel, bench, pti="off"):
        return found.median(experiment="whole", bench=bench, unit=ONCE, kernel=kernel, pti=pti)

    def net(kernel, pti="off"):
        return once(kernel, "fork_exit_wait", pti) - once(kernel, "user_thread", pti)

    rows = [[pti, kernel, net(kernel, pti), once(kernel, "slot_setup", pti)]
            for pti in ("off", "on") for kernel in KERNELS]
    share = 100 * once("percpu", "slot_setup") / net("percpu")
    return Answer(
        f"Noise it is: fork, exit and wait of a small task take {net('percpu')} instructions in the percpu kernel and {net('classic')} in the classic one "
        f"({percent(net('percpu'), net('classic'))}); setting the child's slot up, copies included, is {once('percpu', 'slot_setup')} of them, {share:.1f} %.",
        [Table("Instructions, a rep counted once", ["isolation", "kernel", "fork, exit, wait",
                                                    "a slot's set-up"], rows)],
        [], "Guest instructions by a plugin of QEMU, a string instruction with rep once. The set-up is that of a slot whose old and new "
        "address space have 4 entries each.")


def gs(found):
    def image(kernel, what):
        return found.one(bench="image", kernel=kernel).amounts[what]

    def path(kernel, bench, pti):
        return found.median(experiment="paths", bench=bench, unit=INSTRUCTIONS, kernel=kernel,
                            pcid="soft", pti=pti, pgd="asid")

    benches = ("null_syscall", "ipc_round_trip", "notify_wake", "yield_other_mm", "fault_anon",
               "percpu_add", "percpu_increment", "percpu_other", "thread_switch_user")
    rows = [[bench, *(path(kernel, bench, pti) for pti in ("off", "on") for kernel in KERNELS)]
            for bench in benches]
    table = [[head, *(image(kernel, what) for kernel in KERNELS)] for head, what in
             (("KiB of text, without self-tests", "text_kib"), ("instructions, with self-tests", "instructions"),
              ("swapgs", "swapgs"), ("instructions with a gs prefix", "gs"))]
    null = {kernel: path(kernel, "null_syscall", "off") for kernel in KERNELS}
    return Answer(
        f"It goes away whole: the percpu image has {image('percpu', 'swapgs')} swapgs and {image('percpu', 'gs')} instructions with a gs prefix, the classic one "
        f"{image('classic', 'swapgs')} and {image('classic', 'gs')}. A system call is {null['classic'] - null['percpu']} instructions shorter "
        f"({null['percpu']} to {null['classic']}); an access to a CPU's own variable is one instruction in both. "
        f"What is gained is less in instructions than in what need not be thought of in entry code.",
        [Table("The images", ["", *KERNELS], table),
         Table("Instructions of paths from user mode, and of eight accesses",
               ["", "percpu, pti=off", "classic, pti=off", "percpu, pti=on", "classic, pti=on"], rows)],
        [], f"{NO_TIME} swapgs and LFENCE in particular take more time than their count says.")


def kmap(found):
    def cost(kernel, bench, kind, pti="off"):
        return found.median(experiment="kmap", bench=bench, unit=INSTRUCTIONS, kernel=kernel,
                            kmap=kind, pti=pti)

    benches = ("kmap_pair", "yield_kmap_0", "yield_kmap_1", "yield_kmap_4")
    rows = [[bench, pti, *(cost(kernel, bench, kind, pti) for kernel in KERNELS
                           for kind in ("window", "direct"))]
            for bench in benches for pti in ("off", "on")]
    pair = {kernel: cost(kernel, "kmap_pair", "window") for kernel in KERNELS}
    held = {kernel: cost(kernel, "yield_kmap_1", "window") - cost(kernel, "yield_kmap_0", "window")
            for kernel in KERNELS}
    return Answer(
        f"One page mapped and dropped takes {pair['percpu']} instructions where the classic kernel's takes {pair['classic']}, since the address needs no CPU in it and its holder need not "
        f"be pinned; a mapping held over two switches costs {held['percpu']} more against {held['classic']}. No IPI in either. And a thread "
        f"that holds one may move to another CPU in the percpu kernel: the pointer stays good.",
        [Table("Instructions", ["", "isolation", "percpu", "percpu, kmap=direct", "classic",
                                "classic, kmap=direct"], rows)],
        [], NO_TIME)


# --- shootdowns ------------------------------------------------------------------------------

def shootdowns(found):
    def events(bench, cpus, name, **design):
        return found.one(experiment="shoot", bench=bench, unit=EVENTS, cpus=cpus,
                         **{"fill": "setup", "kernel": "percpu"} | design).per_op(name)

    def cost(bench, cpus, **design):
        return found.median(experiment="shoot", bench=bench, unit=ONCE, cpus=cpus,
                            **{"fill": "setup", "kernel": "percpu"} | design)

    sizes = found.values("cpus", experiment="shoot")
    benches = [f"{change}_{where}" for change in ("unmap", "protect")
               for where in ("shared", "near", "own")]
    names = ("ipis_sent", "ipis_skipped", "ring_passes", "switch_flushes")
    rows = [[bench, cpus, kernel, *(shown(events(bench, cpus, name, kernel=kernel)) for name in names),
             cost(bench, cpus, kernel=kernel)]
            for bench in benches for cpus in sizes for kernel in KERNELS]
    lines = {f"{kernel}, {where}": [(cpus, cost(f"unmap_{where}", cpus, kernel=kernel))
                                    for cpus in sizes]
             for kernel in KERNELS for where in ("own", "near")}
    most = max(sizes)
    return Answer(
        f"All IPIs of memory that one CPU uses alone, if it asks for a top-level entry of its own: with {most} CPUs an unmap sends {shown(events('unmap_own', most, 'ipis_sent'))} "
        f"and skips {shown(events('unmap_own', most, 'ipis_skipped'))}, and when those CPUs come back they flush nothing ({shown(events('unmap_own', most, 'ring_passes'))} passes, "
        f"{shown(events('unmap_own', most, 'switch_flushes'))} flushes). The classic kernel sends {shown(events('unmap_own', most, 'ipis_sent', kernel='classic'))}. Below an entry that "
        f"the others hold nothing is gained: {shown(events('unmap_near', most, 'ipis_sent'))} in both.",
        [Table("For each change: IPIs, what others do when they come back, and instructions of the CPU that changes",
               ["", "CPUs", "kernel", "IPIs sent", "skipped", "passes", "flushes later",
                "instructions"], rows)],
        [Plot("shoot", "One page unmapped: instructions of the CPU that does it", "CPUs", "instructions, with the wait for others",
              lines, log_y=True)],
        "Events, and guest instructions of one CPU by a plugin; those in which it waits for others depend on how the emulator runs them, so only "
        "those without a wait are exact. An entry that a CPU has copied when it set the slot up is held, whoever uses it.")


# --- isolation, designs ------------------------------------------------------------------------

def isolation(found):
    def path(kernel, bench, pti):
        return found.median(experiment="paths", bench=bench, unit=INSTRUCTIONS, kernel=kernel,
                            pcid="soft", pti=pti, pgd="asid")

    benches = ("null_syscall", "ipc_round_trip", "notify_wake", "yield_other_mm", "switch_mm_hit",
               "slot_setup", "flush_page", "fault_anon")
    rows = [[bench, *(path(kernel, bench, pti) for kernel in KERNELS for pti in ("off", "on"))]
            for bench in benches]
    more = {kernel: path(kernel, "null_syscall", "on") - path(kernel, "null_syscall", "off")
            for kernel in KERNELS}
    setup = {kernel: path(kernel, "slot_setup", "on") for kernel in KERNELS}
    return Answer(
        f"It costs both the same at the entry: {more['percpu']} instructions a system call in the percpu kernel, {more['classic']} in the classic one. It doubles each slot's "
        f"PGD, and a set-up is then {setup['percpu']} to {setup['classic']}.",
        [Table("Instructions", ["", "percpu, pti=off", "percpu, pti=on", "classic, pti=off",
                                "classic, pti=on"], rows)], [], NO_TIME)


def rivals(found):
    cpus = max(found.values("cpus", experiment="rivals"))
    sizes = found.values("ring_mms", experiment="rivals")

    def each(design, cpus, mms):
        return visit(found, ONCE, cpus, mms, **design).median / mms

    def pages(design, cpus, mms):
        return visit(found, EVENTS, cpus, mms, **design).amounts.get("pgds_now", 0)

    heads = ["address spaces", *(name for name, _ in designs())]
    few, many = min(sizes), max(sizes)
    cost = {name: (each(design, cpus, few), each(design, cpus, many)) for name, design in designs()}
    said = "; ".join(f"{name} {round(a)} and {round(b)}" for name, (a, b) in cost.items())
    ours, copy, classic = (round(cost[name][1]) for name in ("asid (ours)", "copy", "classic"))
    return Answer(
        f"Instructions of a visit with {few} and with {many} address spaces on {cpus} CPUs: {said}. Copying pays at each switch; one PGD for each CPU and space pays "
        f"in memory ({pages({'pgd': 'space'}, cpus, many)} pages to {pages({}, cpus, many)}). The cache of (cpu, asid) pairs costs what classic costs as long as its slots suffice. "
        f"Beyond that it loses {ours - classic} instructions a switch to classic, and is {copy - ours} better than copying.",
        [Table(f"Instructions of a visit: a switch, and a read below each of 4 entries, {cpus} CPUs", heads,
               by_design(found, cpus, lambda *of: round(each(*of)))),
         Table(f"PGD pages, {cpus} CPUs", heads, by_design(found, cpus, pages))],
        [Plot("rivals", f"A visit to one of N address spaces in turn, {cpus} CPUs, 16 slots", "address spaces", "instructions",
              {name: [(mms, each(design, cpus, mms)) for mms in sizes] for name, design in designs()})],
        f"{NO_TIME} Of one CPU, by a plugin of QEMU.")


# --- CPUs and boots that come -------------------------------------------------------------------

def life(found):
    def walk(kernel, bench, cpus, pti="off"):
        return found.one(experiment="life", bench=f"hotplug_{bench}", unit=ONCE, kernel=kernel,
                         cpus=cpus, pti=pti).min

    def stage(kernel, name, pti="off"):
        return found.median(experiment="boot", bench=name, unit=INSTRUCTIONS, kernel=kernel, pti=pti)

    sizes = found.values("cpus", experiment="life")
    few, most = min(sizes), max(sizes)
    rows = [[cpus, pti, *(walk(kernel, bench, cpus, pti) for bench in ("up", "down") for kernel in KERNELS)]
            for cpus, pti in (*((cpus, "off") for cpus in sizes), (few, "on"))]
    stages = sorted({result.bench for result in found.all(experiment="boot", unit=INSTRUCTIONS)})
    table = [[name, pti, *(stage(kernel, name, pti) for kernel in KERNELS),
              stage("percpu", name, pti) - stage("classic", name, pti)] for name in stages for pti in ("off", "on")]
    more = walk("percpu", "up", few) - walk("classic", "up", few)
    isolated = walk("percpu", "up", few, "on") - walk("classic", "up", few, "on")
    made = sum(stage("percpu", name) - stage("classic", name) for name in ("boot_tables", "boot_pages"))
    return Answer(
        f"A little, once: to bring a CPU up, one of {few}, takes the CPU that does it {walk('percpu', 'up', few)} instructions in the percpu kernel and "
        f"{walk('classic', 'up', few)} in the classic one: {more} more, with isolation {isolated}, for the PGDs that it keeps in reserve; with {most} CPUs it is "
        f"{walk('percpu', 'up', most) - walk('classic', 'up', most)} more. To take it down takes {walk('percpu', 'down', few)} and {walk('classic', 'down', few)}. "
        f"Of a boot, the stages that make tables and memory ready are {made} instructions longer, of {stage('percpu', 'boot_tables') + stage('percpu', 'boot_pages')}.",
        [Table("Instructions of the CPU that brings another up, and takes it down, without its waits: the least of 101",
               ["CPUs", "isolation", "up, percpu", "up, classic", "down, percpu", "down, classic"], rows),
         Table("Instructions of one boot, and of its stages",
               ["", "isolation", *KERNELS, "more"], table)],
        [], "Guest instructions by a plugin of QEMU, a rep once, without what the CPU executes while it waits for the other one or for the 10 ms behind INIT; what the "
        "other CPU does itself, such as to give its slots back, is not in them. Boots: one CPU, each iteration of a rep counted, one sample; most of a boot is text that is drawn on a "
        "screen, memory that is cleared and the wait for a clock.")


CLAIMS = (
    Claim("memory", "The total overhead would be \"4kB * num cpus * num ASIDs per CPU (or 8k for PTI)\".",
          "rivals", memory),
    Claim("faults", "\"... and a few extra page faults (max num cpus * 256 per mm over the entire lifetime of that mm).\"",
          "grow, paths", faults),
    Claim("few-mms", "\"The common case of a CPU switching back and forth between a small number of mms would have no significant overhead.\"",
          "slots, model", few_mms),
    Claim("copies", "\"... copies of the full 2kB mess would only be needed when a new (cpu,asid) is allocated.\"",
          "rivals", copies),
    Claim("asids", "\"... we'd need to increase the number of ASIDs significantly. Right now we use only 6.\"",
          "ring", enough),
    Claim("no-pcid", "\"For CPUs which do not support PCID this sucks.\"", "model, paths, pcid", without_pcid),
    Claim("fork", "\"I'm not worried about fork as the copy will probably be just noise.\"", "whole", fork),
    Claim("gs", "\"... to make GS kernel usage and the related mess in the ASM code go away completely.\"",
          "paths, and the images", gs),
    Claim("kmap", "\"... having percpu pagetables to get sane kmaps.\"", "kmap", kmap),
    Claim("shootdowns", "Lazily faulted entries were seen as a cost. They also tell who needs no shootdown.",
          "shoot", shootdowns),
    Claim("isolation", "\"... our initial reaction in Prague to the looming PTI challenge.\"", "paths", isolation),
    Claim("rivals", "One PGD a CPU, copied at each switch; one for each CPU and space; or a cache of (cpu, asid) pairs?",
          "rivals", rivals),
    Claim("life", "Each CPU has tables of its own, which are made when it comes and given back when it goes.",
          "life, boot", life),
)


def answers(found):
    """(claim, its Answer or None, what is missing)"""
    for claim in CLAIMS:
        try:
            yield claim, claim.answer(found), ""
        except Missing as missing:
            yield claim, None, str(missing)
