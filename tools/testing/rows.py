# SPDX-License-Identifier: MIT
"""The rows of tools/test that are not a combination of axes, and the order of all.

Builds and host tests come first, since they are quick to say no; then rows that try to
fool the verdict, or give bad input; then the matrix.
"""

import json
import re

from testing import covering
from testing.row_parts import (BOCHS_SLOWER, FAIL_STATUS, HANG_STATUS, LOADER_STATUS, NO_VERDICT_STATUS, PANIC_STATUS,
                               PASSED, QEMU_PASS, RUN_LIMIT, RUN_MARGIN, SETUP_STATUS, SIM_LIMIT, make, run)
from testing.runner import Row
from testing.session_rows import photo_rows, session_rows, stick_rows, workload_rows

# For rows about a machine or the boot: the suites as a whole are the matrix's.
FEW = "test=arch.*,mm.map,mm.shootdown"
# Of tests/mutations, a few that are noticed soon, by different means (sim-break has those of the simulator).
MUTATIONS = ("region_of_a_hole", "unmap_without_a_flush", "swapgs_in_the_percpu_kernel")
# What the TLB checker watches in `make test`: what changes tables, and what uses them meanwhile.
CHECKED = "test=mm.space,mm.shootdown,mm.slots,mm.lazy,mm.isolation,mm.kmap"
FOUR_LEVELS, FIVE_LEVELS = r"^mm: 4 levels$", r"^mm: 5 levels$"


def again_rows(out, everything=False):
    """What is built by another compiler, and twice: of the four kernels that have most in common, one unless all are asked for."""
    again, clang = f"{out}/again", f"{out}/clang"
    clangs = [] if everything else ["KERNELS=percpu-debug"]
    kernels = ["percpu-release", "classic-release"] if everything else ["percpu-release"]
    twins = {twin: f"{again if twin in kernels else out}/{twin}/kernel.elf"
             for twin in ("percpu-release", "classic-release")}
    files = [f"{twin}/kernel.elf" for twin in kernels] + ["boot/BOOTX64.EFI", "boot/bios.elf",
                                                          "archive.bin", "prague.iso"]
    image = ["tools/mkimage", "--out", f"{again}/prague.iso", "--boot", f"{again}/boot", "--menu", "boot/menu.txt",
             "--percpu", twins["percpu-release"], "--classic", twins["classic-release"],
             "--archive", f"{again}/archive.bin"]
    return [
        Row("build-clang", [make(clang, "CC=clang", *clangs, "all")], limit=300),
        Row("build-reproducible",
            [["rm", "-rf", again], make(out, "all", "iso"), make(again, f"KERNELS={' '.join(kernels)}", "all"), image] +
            [["cmp", f"{out}/{file}", f"{again}/{file}"] for file in files], limit=300),
    ]


def build_rows(out, everything=False):
    """What needs no emulator."""
    return [
        Row("check", [make(out, "check")], limit=300),
        Row("check-checks", [make(out, "check-checks")], limit=120),
        Row("tools-test", [["python3", "-m", "unittest", "discover", "-s", "tests/tools", "-p", "*_test.py"]]),
        Row("host-test", [make(out, "host-test")], limit=300),
        Row("host-fuzz", [make(out, "host-fuzz")], limit=300),
        Row("sim-test", [make(out, "sim-test")], limit=SIM_LIMIT),
        Row("sim-break", [make(out, "sim-break-quick")], limit=SIM_LIMIT),
        Row("mutations-apply", [["tools/mutate/run", "--check"]]),
        Row("mutations", [["tools/mutate/run", "--again", "--seconds", "3", "--out", f"{out}/mutate-row",
                          "--results", f"{out}/mutate-row/results",
                           *MUTATIONS]], limit=300),
        Row("compile-commands", [make(out, "compile_commands.json"),
                                 ["tools/compile-commands", "--verify", "compile_commands.json"]]),
        *again_rows(out, everything),
    ]


def four_backtraces(text):
    """Each of the four CPUs' parts must have a line with a symbol."""
    parts = re.split(r"^CPU (\d+)(?:, which panicked| was here):$", text, flags=re.MULTILINE)
    shown = {cpu for cpu, part in zip(parts[1::2], parts[2::2])
             if re.search(r"^  0x[0-9a-f]{16} [a-z]\w+\S*\+0x[0-9a-f]+$", part, re.MULTILINE)}
    missing = {"0", "1", "2", "3"} - shown
    return f"no symbolised backtrace of CPU {', '.join(sorted(missing))}" if missing else None


# provoke=KIND: the words that the panic must have.
PANICS = {
    "panic": r"^PANIC: CPU 2: provoked on purpose$",
    "panic_line_lent": r"^PANIC: CPU 2: provoked on purpose$",
    "page_fault": r"^PANIC: CPU 2: page fault: write of 0x",
    "stack_overflow": r"^PANIC: CPU 2: kernel stack overflow at 0x",
    "kmap_order": r"^PANIC: CPU 2: kunmap_local\(0x[0-9a-f]+\) in unmap_the_first\+\S+, but the last of 2 "
                  r"mappings was made in unmap_the_first\+0x",
    "kmap_overflow": r"^PANIC: CPU 2: kmap_local_page\(\) in map_for_ever\+0x[0-9a-f]+: 16 pages are",
    "kmap_exit": r"^PANIC: CPU 2: thread exit ends with 1 pages mapped, the last in exit_mapped\+0x",
    "kmap_user": r"^PANIC: CPU 2: thread user returns to user mode with 1 pages mapped, the last in "
                 r"user_mode_mapped\+0x",
    "migrate_exit": r"^PANIC: CPU 2: thread exit ends in a migrate-disabled section, which began in "
                    r"exit_pinned\+0x",
}
DEBUG_PANICS = {
    "lock_order": r"^PANIC: CPU 2: .*takes lock outer \(rank \d+\) while it holds",
    "self_deadlock": r"^PANIC: CPU 2: .*takes lock twice, which it holds",
    "call_with_irqs_off": r"^PANIC: CPU 2: .*run_on_cpus with interrupts off",
    "mutex_twice": r"^PANIC: CPU 2: .*thread greedy takes mutex first, which it holds",
    "mutex_order": r"^PANIC: CPU 2: thread backwards takes mutex first \(rank \d+\) while it holds second",
    "mutex_unlock": r"^PANIC: CPU 2: .*thread thief unlocks mutex first of thread keeper",
    "mutex_exit": r"^PANIC: CPU 2: .*thread forgetful ends and holds mutex first",
    "mutex_deadlock": r"^PANIC: CPU 2: deadlock: thread two waits for mutex first of thread one, "
                      r"which waits for mutex second of thread two",
    "timer_cancels_itself": r"^PANIC: CPU 2: .*cancels timer 0x[0-9a-f]+ in its own function",
    "timer_cancel_locked": r"^PANIC: CPU 0: .*cancels timer 0x[0-9a-f]+ of CPU 2 with a lock",
    "percpu_moves": r"^PANIC: CPU 2: this_cpu_ptr\(\) in point_at_own\+0x[0-9a-f]+, where the thread may be moved$",
    "kmap_irq": r"^PANIC: CPU 2: interrupt 0x[0-9a-f]+ came on 0 mappings and leaves 1$",
    "kmap_nmi": r"^PANIC: CPU 2: .*kmap_local_page\(\) in an NMI",
}
PERCPU_PANICS = {
    "mutex_equal": r"^PANIC: CPU 2: thread equals takes mutex another \(rank (\d+)\) while it holds first \(rank \1\)",
    "local_list": r"^PANIC: CPU 2: .*CPU-local address on a list",
}


def panic_row(out, kind, words, twin, build="debug"):
    return Row(f"panic-{kind}-{twin}" + ("" if build == "debug" else f"-{build}"),
               [run(out, "--firmware", "bios", "--kernel", twin, "--build", build, "--append",
                    f"provoke={kind} provoke_cpu=2")],
               status=PANIC_STATUS, must=(words, r"^prague: result: panic$"),
               must_not=(PASSED, r"^said while the line is lent"),
               check=four_backtraces)


def parked_row(out, twin):
    """CPUs 1 and 3 are parked: they are neither waited for nor woken."""
    return Row(f"panic-with-cpus-down-{twin}",
               [run(out, "--firmware", "bios", "--kernel", twin, "--append",
                    "provoke=panic_with_cpus_down")],
               status=PANIC_STATUS,
               must=(r"^PANIC: CPU 0: provoked on purpose$", r"^CPU 2 was here:$",
                     r"^prague: result: panic$"),
               must_not=(PASSED, r"^CPU [13] ", r"does not answer"))


def panic_rows(out, everything=False):
    """Each kind in one kernel at least, by turns; in both if everything is asked for."""
    rows = []
    kinds = [*PANICS.items(), *DEBUG_PANICS.items()]
    for number, twin in enumerate(("percpu", "classic")):
        rows += [panic_row(out, kind, words, twin)
                 for kind, words in (kinds if everything else kinds[number::2])]
        rows += [panic_row(out, "panic", PANICS["panic"], twin, "release")]
        rows += [parked_row(out, twin)]
    return rows + [panic_row(out, kind, words, "percpu") for kind, words in PERCPU_PANICS.items()]


STALE_STATUS = 6  # tools/run: a flush is missing


def tlbcheck_rows(out):
    """The TLB checker: silent about mm/ as it is, and not about a flush that is left out."""
    def checked(name, twin, *options, **expected):
        return Row(f"tlbcheck-{name}-{twin}",
                   [make(out, "tlbcheck"),
                    run(out, "--firmware", "bios", "--mem", "96M", "--kernel", twin, *options, timeout=200)],
                   limit=220, **expected)

    ran = r"^tlbcheck: fill=\w+, 4 CPUs: [1-9]\d* loads of CR3, [1-9]\d* pages and .* [1-9]\d* table stores; "
    rows = []
    for twin, pti in (("percpu", "on"), ("classic", "off")):
        rows.append(checked("mm", twin, "--tlbcheck", "--append", f"pti={pti} {CHECKED}",
                            must=(PASSED, ran + "0 reports$"), must_not=(r"^tlbcheck: CPU ",)))
        rows.append(checked("fuzz", twin, "--tlbcheck", "--append", f"pti={pti} test=user.fuzz stress=5",
                            must=(PASSED, r"^ +# [1-9]\d* rounds$", ran + "0 reports$"),
                            must_not=(r"^tlbcheck: CPU ",)))
    for twin in ("percpu", "classic"):
        rows.append(checked("forgotten-flush", twin, "--tlbcheck=accessed", "--append",
                            "provoke=forgotten_flush provoke_cpu=2", status=STALE_STATUS,
                            must=(r"^tlbcheck: CPU 2, tag .*: could use an old translation$",
                                  r"^tlbcheck:   changed by CPU 2, ",
                                  r"^tlbcheck:     provoke_forgotten_flush\+0x",
                                  r"^tlbcheck:     serve_calls\+0x"),
                            must_not=(PASSED,)))
    rows.append(checked("untold", "percpu", "--tlbcheck", "--append", f"tlbcheck=off {FEW}",
                        status=SETUP_STATUS, must=(r"^tlbcheck: the kernel never told anything: nothing was checked$",)))
    rows.append(Row("tlbmodel-ring-percpu",
                    [make(out, "tlbcheck"),
                     run(out, "--tlbmodel", "--build", "release", "--icount", "--smp", "1", "--append",
                         "icount=on pcid=off bench=ring test=none")],
                    must=(PASSED, r'^model: {"model": "tlb", "figures": "modelled", "bench": "ring", "cpu": 0, '
                                  r'"ops": 101, .*"stlb_misses": [1-9]\d*, .*"pcid": "off"',)))
    return rows


def verdict_rows(out):
    """Nothing but a whole, passed run may look like one."""
    bios = ["--firmware", "bios"]
    no_serial = f"{out}/logs/no-serial.image"
    # The exit status tells a kernel that carried on from one that died: nobody else can.
    script = f"""
        tools/mkimage --out {no_serial} --boot {out}/boot --timeout 0 \
            --percpu {out}/percpu-debug/kernel.elf --cmdline 'emulator=qemu {FEW}' || exit 2
        eval "timeout {RUN_LIMIT} $(tools/run --print --firmware bios --image {no_serial} \
            -- -global isa-serial.iobase=0x2e8)"
        test $? = {QEMU_PASS}"""
    return [
        Row("verdict-triple-fault", [run(out, *bios, "--append", "provoke=triple_fault provoke_cpu=2")],
            status=NO_VERDICT_STATUS, must=(r"^provoke: triple_fault on CPU 2$",), must_not=(PASSED,)),
        Row("verdict-silence", [run(out, *bios, "--append", "provoke=silence provoke_cpu=2", timeout=10)],
            status=HANG_STATUS, must=(r"^provoke: silence on CPU 2$",), must_not=(PASSED,)),
        Row("verdict-failing-test", [run(out, *bios, "--append", f"provoke=test_failure {FEW}")],
            status=FAIL_STATUS, must=(r"^ +not ok \d+ ", r"^prague: \d+ passed, 1 failed",
                                      r"^prague: result: fail"), must_not=(PASSED,)),
        Row("verdict-no-test", [run(out, *bios, "--append", "test=nothing.*")],
            status=FAIL_STATUS, must=(r"^prague: result: fail \(no test ran",), must_not=(PASSED,)),
        Row("verdict-no-serial-port", [run(out, *bios, "--append", FEW, "--", "-global", "isa-serial.iobase=0x2e8")],
            status=NO_VERDICT_STATUS, must_not=(PASSED,)),
        Row("no-serial-port-carries-on", [["sh", "-c", script]]),
    ]


def odd_cpu(lacking):
    """What makes QEMU's second CPU of three one that lacks a feature."""
    model = "max-x86_64-cpu,core-id=0,thread-id=0"
    return ["-smp", "1,maxcpus=3,sockets=3", "-device", f"{model},socket-id=1,{lacking}=off",
            "-device", f"{model},socket-id=2"]


def machine_rows(out):
    """Machines that lack something, and words that are wrong: one clear line each."""
    bios = ["--firmware", "bios"]
    words = f"{FEW} nonsense=1 cpus=x physmap=some kmem=1 provoke_cpu=-1 seed"
    named = ("nonsense=1", "cpus=x", "physmap=some", "kmem=1", "provoke_cpu=-1", "seed")
    return [
        Row("bad-words", [run(out, *bios, "--append", words)],
            must=(PASSED, *(rf"^command line: .*'?{re.escape(word)}'?: " for word in named))),
        Row("no-framebuffer-bios", [run(out, *bios, "--append", FEW, "--", "-vga", "none")],
            must=(PASSED, r"^console: the firmware gave no framebuffer")),
        Row("no-framebuffer-uefi", [run(out, "--append", FEW, "--", "-vga", "none")],
            must=(PASSED, r"^console: the firmware gave no framebuffer")),
        Row("no-acpi", [run(out, *bios, "--machine", "pc", "--append", FEW, "--", "-no-acpi")],
            must=(PASSED, r"^acpi: the firmware gave no tables", r"^cpus: 1 of 1 online$")),
        Row("too-little-memory-for-all-cpus", [run(out, *bios, "--mem", "9M", "--smp", "64",
                                                       "--append", "test=arch.percpu")],
            must=(PASSED, r"^cpus: CPU \d+ \(APIC id \d+\): no memory for its tables, left off$")),
        # GRUB says so and waits for a key; the time limit ends it.
        Row("too-little-memory-for-the-loader", [run(out, *bios, "--mem", "2M", timeout=6)],
            status=HANG_STATUS, must=(r"^error: out of memory\.$",), must_not=(PASSED,)),
        Row("disabled-cpus", [run(out, *bios, "--append", FEW, "--", "-smp", "2,maxcpus=4")],
            must=(PASSED, r"^cpus: 2 of 2 online$")),
        Row("la57-on-without-it", [run(out, *bios, "--cpu", "max,la57=off", "--append", f"la57=on {FEW}")],
            must=(PASSED, r"^prague-loader: la57=on: this CPU has no five-level paging", FOUR_LEVELS)),
        *[Row(f"cpu-without-{lacking}-{twin}",
              [run(out, *bios, "--kernel", twin, "--cpu", "max,la57=on", "--append", FEW, "--",
                   *odd_cpu(lacking))],
              must=(PASSED, rf"^cpus: CPU 1 \(APIC id 1\) lacks {lacking}, which the boot CPU has: left off$",
                    r"^cpus: 2 of 3 online$", FIVE_LEVELS))
          for lacking in ("la57", "umip") for twin in ("percpu", "classic")],
        Row("fewer-cpus", [run(out, *bios, "--append", f"cpus=2 {FEW}")],
            must=(PASSED, r"^cpus: APIC id \d+ left off", r"^cpus: 2 of 2 online$")),
    ]


# What QEMU must have said: both CPUs are reported to work, one is refused as busy, both go.
HOTADD_SAID = tuple(rf"^qmp: {words}" for words in (
    r'ACPI_DEVICE_OST .*"added-1", .*"source": 1, "status": 0',
    r'ACPI_DEVICE_OST .*"added-2", .*"source": 1, "status": 0',
    r'ACPI_DEVICE_OST .*"added-2", .*"source": 3, "status": 130',
    r"DEVICE_DELETED .*/added-1", r"DEVICE_DELETED .*/added-2"))


def hotadd_row(out, name, *options, must):
    return Row(name, [["tools/hotadd",
                       *run(out, *options, "--append", "hotadd=on trace=on test=cpu.hotadd",
                            "--", "-smp", "2,maxcpus=8")]],
               must=(PASSED, r"^ +ok 1 they_come_work_and_go$", *HOTADD_SAID, *must))


def hotadd_rows(out):
    """CPUs that the host puts in and takes out, through QEMU's monitor."""
    bios = ["--firmware", "bios"]
    return [
        *[hotadd_row(out, f"hotadd-{machine}-{twin}", *bios, "--machine", machine, "--kernel", twin,
                     must=(rf"^cpu slots: 8 at port {port}, 6 empty$",))
          for machine, port in (("q35", "0xcd8"), ("pc", "0xaf00"))
          for twin in ("percpu", "classic")],
        Row("hotadd-not-qemu", [run(out, *bios, "--append", f"hotadd=on {FEW}", "--",
                                    "-smp", "2,maxcpus=4", "-machine", "x-oem-id=PRAGUE")],
            must=(PASSED, r"^cpu slots: the DSDT is not QEMU's", r"^cpus: 2 of 2 online$")),
    ]


def loader_rows(out, everything=False):
    """Kernel files that must be refused, by both loaders."""
    rows = []
    kinds = {"truncated": "outside the file", "empty": "shorter", "wrong_class": "64-bit",
             "overlapping": "share a virtual page", "writable_text": "writable and executable"}
    for firmware in ("bios", "uefi"):
        # How a file is judged is the same code in both; that it is asked, each shows by one.
        judged = kinds if everything or firmware == "bios" else {"truncated": kinds["truncated"]}
        for kind, words in judged.items():
            broken = f"{out}/logs/{kind}-{firmware}.elf"
            rows.append(Row(
                f"kernel-file-{kind.replace('_', '-')}-{firmware}",
                [["tools/break-elf", kind, f"{out}/percpu-debug/kernel.elf", broken],
                 run(out, "--firmware", firmware, f"--image-option=--percpu={broken}")],
                status=LOADER_STATUS, must_not=(PASSED,),
                must=(rf"^prague-loader: error: kernel-percpu\.elf: .*{words}",)))
        rows.append(Row(
            f"kernel-file-missing-{firmware}",
            [run(out, "--firmware", firmware, "--image-option=--omit=kernel-percpu.elf")],
            status=LOADER_STATUS, must_not=(PASSED,),
            must=(r"^prague-loader: error: .*kernel-percpu\.elf is missing",)))
    return rows


def archive_rows(out):
    """With a boot archive, without one, and with one that is cut off."""
    rows, exec_tests = [], "test=exec.*"
    for firmware, physmap in (("bios", "kernel"), ("uefi", "all")):
        cut = f"{out}/logs/archive-cut-{firmware}.bin"
        rows.append(Row(
            f"archive-{firmware}-physmap-{physmap}",
            [run(out, "--firmware", firmware, "--append", f"physmap={physmap} {exec_tests}")],
            must=(PASSED, r"^archive: [1-9]\d* files, ", r"^ +ok \d+ loads_hello_from_the_archive$")))
        rows.append(Row(
            f"archive-missing-{firmware}",
            [run(out, "--firmware", firmware, "--append", exec_tests,
                 "--image-option=--omit=archive.bin")],
            must=(PASSED, r"^archive: none, ", r"^ +ok \d+ loads_hello_from_the_archive # SKIP ")))
        rows.append(Row(
            f"archive-cut-{firmware}",
            [["sh", "-c", f"head -c 1024 {out}/archive.bin > {cut}"],
             run(out, "--firmware", firmware, "--append", exec_tests,
                 f"--image-option=--archive={cut}")],
            must=(PASSED, r"^archive: not used: header at 0: the file lies outside the archive$",
                  r"^ +ok \d+ loads_hello_from_the_archive # SKIP ")))
    return rows


def gdb_rows(out):
    """The commands of tools/gdb, and tables that only a debugger can make wrong."""
    rows = []
    shown = {"off": (r"^ 256\.\.510 [1-9]\d* ", r"^ 511 0x", r"^ 511 510 0x"),
             "on": (r"^ 256\.\.510 0 ", r"^ 511 256\.\.510 [1-9]\d* ", r"^ 511 511 510 0x")}
    for twin, la57 in (("percpu", "on"), ("classic", "off")):
        rows.append(Row(
            f"gdb-commands-{twin}-la57-{la57}",
            [["tools/gdb/batch", "--elf", f"{out}/{twin}-debug/kernel.elf", "--script",
              "tools/gdb/show.gdb", *run(out, "--firmware", "bios", "--kernel", twin, "--cpu",
                                         f"max,la57={la57}", "--append", FEW)]],
            must=(PASSED, r"^cpu_id on CPU 2 = 2 at 0x[0-9a-f]+$",
                  r"^CPU 2: neutral root at 0x[0-9a-f]+$", *shown[la57])))
    for name, words in (("phantom", r"^cpus: CPU 2 \(APIC id 2\) does not answer its SIPI: left off$"),
                        ("duplicate", r"^acpi: MADT entry \d+ .* a CPU before it has the APIC id"),
                        ("absurd", r"^acpi: MADT entry \d+ .* a CPU cannot have the APIC id 0xff"),
                        ("checksum", r"^acpi: the table at 0x[0-9a-f]+ has a bad checksum, not used$")):
        online = "1 of 1" if name == "checksum" else "2 of 3" if name == "phantom" else "2 of 2"
        rows.append(Row(
            f"madt-{name}",
            [["tools/gdb/batch", "--elf", f"{out}/percpu-debug/kernel.elf", "--script",
              f"tools/gdb/madt-{name}.gdb", *run(out, "--firmware", "bios", "--append", FEW,
                                                 "--", "-smp", "2,maxcpus=4")]],
            must=(PASSED, words, rf"^cpus: {online} online$")))
    return rows


def counters_add_up(text):
    """Four CPUs' lines and one for all, which has the sum of each counter."""
    lines = [json.loads(line) for line in re.findall(r"^counters: (\{.*\})$", text, re.MULTILINE)]
    *cpus, everything = lines or [{}]
    if [line.get("cpu") for line in lines] != [0, 1, 2, 3, "all"]:
        return f"counters: lines of {[line.get('cpu') for line in lines]}"
    wrong = [name for name, value in everything.items()
             if name not in ("cpu", "pgds_now", "pgds_peak")
             and value != sum(line[name] for line in cpus)]
    if wrong:
        return f"counters: not the sum of the CPUs': {', '.join(wrong)}"
    return None if everything["switches"] and everything["flushes"] else "counters: all 0"


def counter_rows(out):
    return [Row(f"counters-{twin}-{build}",
                [run(out, "--firmware", "bios", "--kernel", twin, "--build", build, "--append",
                     "counters=on test=mm.counters,mm.shootdown.skips_*")],
                must=(PASSED,), check=counters_add_up)
            for twin, build in (("percpu", "release"), ("classic", "debug"))]


# An event's name in a decoded line: what counter has as many, when no ring ran over.
TRACED = {"switch": "switches", "bind": "slots_set_up", "ring_pass": "ring_passes",
          "switch_flush": "switch_flushes", "neutral": "neutral_loads", "flush": "flushes",
          "lazy_copy": "lazy_faults", "ipi_skipped": "ipis_skipped", "cow": "cow_copies",
          "whole_flush": "whole_flushes", "fault": "page_faults"}
DECODED = re.compile(r"^ *\d+ CPU (\d+) +(?:no mm|mm \d+) +(\w+) +\S", re.MULTILINE)


def order_is_right(events):
    """CPU 1's first INVLPG lies between the IPI that asked for it and later flushes of CPU 0."""
    told, flushed = ("0", "ipi"), ("1", "invlpg")
    if told not in events or flushed not in events:
        return False
    here = events.index(flushed)
    return events.index(told) < here and ("0", "flush") in events[here:]


def trace_agrees(text):
    """Decoded lines are in the order of time, and as many as were counted."""
    wrong = counters_add_up(text)
    if wrong:
        return wrong
    lines = DECODED.findall(text)
    if not order_is_right(lines):
        return "trace: what CPU 1 did stands at the wrong place"
    counted = json.loads(re.search(r'^counters: (\{"cpu":"all".*)$', text, re.MULTILINE)[1])
    names = [name for _, name in lines]
    differ = [f"{name} {names.count(name)}, {counter} {counted[counter]}"
              for name, counter in TRACED.items() if names.count(name) != counted[counter]]
    return f"trace: {'; '.join(differ)}" if differ else None


def trace_rows(out):
    """Rings at the end of tests and in a panic, as tools/trace says them."""
    rows = []
    for twin, build, words, status, must, check in (
            ("percpu", "release", "counters=on trace_records=4096 test=mm.counters", 0,
             (PASSED, r" CPU 0 .* ipi +CPUs 1 ", r" kmap +0x[0-9a-f]+ ", r" bind +slot \d+ "),
             trace_agrees),
            ("classic", "debug", "counters=on trace_records=4096 test=mm.counters", 0, (PASSED,),
             trace_agrees),
            ("percpu", "debug", "provoke=panic provoke_cpu=2", PANIC_STATUS,
             (r"^prague: result: panic$", r"^ +0 CPU 0 +no mm +note +2 "), None)):
        log = f"{out}/logs/trace-{twin}-{build}.serial"
        options = run(out, "--firmware", "bios", "--kernel", twin, "--build", build, "--append",
                      f"'trace=on {words}'")
        script = f"{' '.join(options)} > {log}; test $? = {status} && cat {log} && tools/trace {log}"
        rows.append(Row(f"trace-{twin}-{build}", [["sh", "-c", script]], must=must, check=check))
    return rows


def hotplug_rows(out):
    """A task in a migrate-disabled section sleeps, and its CPU is to go: who is in the way is said."""
    said = (r"^cpus: CPU 1 waits for thread sleeper, for 1\d\d\d ms in a section that begins at "
            r"sleep_in_a_section\+0x[0-9a-f]+$")
    return [Row(f"asked-to-go-{twin}-{build}",
                [run(out, "--firmware", "bios", "--kernel", twin, "--build", build, "--append",
                     "test=cpu.pinned.task_*,cpu.pinned.latency_*")],
                must=(PASSED, said))
            for twin, build in (("percpu", "release"), ("classic", "debug"))]


# Instructions that a benchmark may take, its CR3 write included, and that 63 more CPUs online,
# of which none uses the mm, may add.
LIMITS = {"switch_mm_hit": 33, "slot_setup": 250, "lazy_fault": 150, "flush_page": 90,
          "thread_switch_same_mm": 140, "thread_switch_other_mm": 140,
          "migrate_pair": 12}
LIMIT_MORE = 20
KMAP_PAIR = r"(\d|[1-3]\d|40)"  # percpu: at most 40
# What user mode may take, in the percpu kernel without isolation; a fault is 350 beside the zeroing
# of its page, which counts 4157.
USER_LIMITS = {"null_syscall": 45, "ipc_round_trip": 300, "ipc_round_trip_64w": 600, "notify_wake": 250, "yield_other_mm": 200,
               "fault_anon": 4157 + 350}


# What the CPU that asks may execute, its waits left out, which would be a hundred times as much.
HOTPLUG_LIMITS = {"hotplug_up": 6500, "hotplug_down": 5500}


def stages_add_up(text):
    """Of each kernel the boot is one sample, and the sum of its stages."""
    found = [json.loads(line) for line in re.findall(r"^bench: (\{.*\})$", text, re.MULTILINE)]
    for kernel in ("percpu", "classic"):
        took = {bench["name"]: bench["median"] for bench in found if bench["kernel"] == kernel and bench["n"] == 1}
        boot = took.pop("boot", 0)
        if boot == 0 or sum(took.values()) != boot or min(took.values()) == 0:
            return f"count: {kernel}: a boot of {boot} instructions has the stages {took}"
    return None


def user_is_quick(text):
    """Each of USER_LIMITS was measured, and its median is no more."""
    found = [json.loads(line) for line in re.findall(r"^bench: (\{.*\})$", text, re.MULTILINE)]
    medians = {bench["name"]: bench["median"] for bench in found}
    wrong = [f"{name} {medians.get(name)}, at most {limit}" for name, limit in USER_LIMITS.items()
             if name not in medians or medians[name] > limit]
    return f"count: {'; '.join(wrong)}" if wrong else None


def count_rows(out):
    limits = [f"--limit={name}={limit}" for name, limit in LIMITS.items()]
    hotplug_limits = [f"--limit={name}={limit}" for name, limit in HOTPLUG_LIMITS.items()]
    return [
        Row("count-instructions",
            [make(out, "insncount"),
             ["tools/count-instructions", "--out", out, "--bench", ",".join(LIMITS),
              "--cpus", "1,64", *limits, f"--more={LIMIT_MORE}"]],
            limit=4 * (RUN_LIMIT + RUN_MARGIN),
            must=tuple(rf"^count: {twin} flush_page, {cpus} CPUs online: \d+ instructions"
                       for twin in ("percpu", "classic") for cpus in (1, 64))),
        # Both kernels beside each other, for who reads the log: no number is judged here.
        Row("bench-quick", [["tools/bench", "quick", "--out", out, "--to", f"{out}/quick.jsonl"],
                            ["tools/compare", f"{out}/quick.jsonl"]],
            must=(r"^compare: [1-9]\d* compared",)),
        Row("count-kmap", [run(out, "--build", "release", "--icount", "--smp", "1", "--append",
                               "icount=on pcid=soft pti=off bench=kmap_pair test=none")],
            must=(PASSED, rf'^bench: {{"name":"kmap_pair","unit":"instructions",.*"median":{KMAP_PAIR},')),
        Row("count-user", [run(out, "--build", "release", "--icount", "--smp", "1", "--append",
                               f"icount=on pcid=soft pti=off bench={','.join(USER_LIMITS)} test=none")],
            must=(PASSED, r'^pmu: {"none":"a hypervisor, with version 0 in CPUID leaf 0AH"}'), check=user_is_quick),
        # Bochs tells of counters, has none, and faults where they would be read.
        Row("count-bochs", [run(out, "--emulator", "bochs", "--build", "release", "--smp", "1", "--append",
                                "pcid=on bench=switch_mm_hit test=none")],
            must=(PASSED, r'^pmu: {"none":"CPUID leaf 0AH tells of counters, but they do not count"}',
                  r'^bench: {"name":"switch_mm_hit",')),
        Row("count-hotplug", [make(out, "insncount"),
                              ["tools/count-instructions", "--out", out, "--bench", "hotplug_*", "--cpus", "2",
                               "--append", "pcid=soft pti=off", *hotplug_limits]]),
        Row("count-boot", [run(out, "--kernel", twin, "--build", "release", "--icount", "--smp", "1", "--append",
                               "icount=on pcid=soft pti=off bench=boot* test=none") for twin in ("percpu", "classic")],
            must=(PASSED,), check=stages_add_up),
    ]


def matrix_row(out, name, options, seconds):
    limit = RUN_LIMIT + 3 * seconds
    words = options[-1].split()
    five = "max,la57=on" in options and "la57=off" not in words
    row = Row(name, [run(out, *options, timeout=limit)], limit=limit + RUN_MARGIN,
              must=(PASSED, FIVE_LEVELS if five else FOUR_LEVELS))
    # The choices that the kernel prints, where the row makes them.
    row.must += tuple(rf"^mm: .*\b{word}\b" for word in words if word.startswith(("pcid=", "pti=")))
    return row


# What Bochs's CPUs have of tags; the log of a row says so.
BOCHS_HAS = {
    "corei7_haswell_4770": ("pcid", "invpcid"),
    "corei7_sandy_bridge_2600k": ("pcid",),
    "core2_penryn_t9600": (),
}


def bochs_row(out, name, options, seconds=BOCHS_SLOWER):
    row = matrix_row(out, name, options, seconds)
    has = next(BOCHS_HAS[option] for option in options if option in BOCHS_HAS)
    for feature in ("pcid", "invpcid"):
        line = (rf"^cpu: .*\b{feature}\b",)
        if feature in has:
            row.must += line
        else:
            row.must_not += line
    if not any("pcid=" in option for option in options):
        row.must += (r"^mm: pcid=on " if "pcid" in has else r"^mm: pcid=soft ",)
    return row


def matrix_rows(axes, out, everything):
    combinations = covering.full_product(axes) if everything else covering.covering_set(axes)
    rows = [(name, options, axes.slow_rows.get(name, 0)) for name, options in axes.extra.items()]
    rows += [(axes.name(row), axes.options(row), axes.seconds(row)) for row in combinations]
    rows = [bochs_row(out, name, options) if "bochs" in options
            else matrix_row(out, name, options, seconds) for name, options, seconds in rows]
    # The longest first, so that two at a time end together.
    return sorted(rows, key=lambda row: -row.limit)


def every_row(axes, out, everything=False):
    return (build_rows(out, everything) + verdict_rows(out) + panic_rows(out, everything) + machine_rows(out) +
            hotadd_rows(out) + hotplug_rows(out) + session_rows(out) + workload_rows(out, everything) + photo_rows(out) + stick_rows(out, everything) + loader_rows(out, everything) + archive_rows(out) + gdb_rows(out) +
            counter_rows(out) + trace_rows(out) + tlbcheck_rows(out) +
            count_rows(out) + matrix_rows(axes, out, everything))
