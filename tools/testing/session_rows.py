# SPDX-License-Identifier: MIT
"""Rows in which somebody uses the machine: types at the shell, starts a workload, takes a stick's results."""

import json
import re

from testing.row_parts import FAIL_STATUS, NO_VERDICT_STATUS, PASSED, RUN_LIMIT, run
from testing.runner import Row

# What is typed at the shell, and what must come of it, in this order.
SESSION = (
    ("help", r"^poweroff +turn it off$"),
    ("tasls\\x7f\\x7fks", r"^ +\d+ +1 +\d+ console +\d+:\d+"),
    ("nonsense\\x15run hello", r"^hello: hello: from user mode, .*\r?\n^hello: status 0$"),
    ("xyzzy", r"^xyzzy: no such command; help lists them$"),
    ("give up\\x03", r"^prague> give up\^C$"),
    ("run ring 10 3", r"^ring: 10 tasks, 3 rounds, by signals: \d+ ns by the kernel's clock, 0 checks failed *\r?\n"
                      r"^ring: status 0$"),
    ("run pingpong 0", r"^pingpong: '0' is not a number from 1 to 10000000 for ROUNDS; usage: pingpong \[ROUNDS\]"),
    ("run mapstorm 2 5", r"^mapstorm: status 0$"),
    ("names", r"^console$"),
    ("run hail", r'^hail: by the name "console"\r?\n^hail: status 0$'),
    ("run spin &", r"^\[0\] spin$"),
    ("cpu down 1", r"^CPU 1 is down$"),
    ("cpus", r"^CPU 1 \(APIC id 1\): down$"),
    ("cpu down 1", r"^CPU 1: ENODEV$"),
    ("cpu up 1", r"^CPU 1 is up$"),
    ("kill 0", r"^spin: EINTR$"),
    ("run spin\\r\\x03", r"^\^C\r?\n^spin: EINTR$"),
    ("counters", r"^switches +[1-9]\d*$"),
    ("\\x1b[A\\x1b[A\\x1b[A 1", r"kill 0 1\r?\n^no such program: see jobs$"),
    ("poweroff", r"^power: off$"))

# Tests and benchmarks, between which there are programs; many end when the first begin.
SELF_TEST_SESSION = (
    ("run ring 400 1000000 &", r"^\[0\] ring$"),
    ("cpu down 1", r"^CPU 1 is down$"),
    ("cpu up 1", r"^CPU 1 is up$"),
    ("test mm.space,mm.pressure,user.ipc,user.self_test,device.irq",
     r"^ok 1 [a-z.]+$(?s:.*?)^prague: [1-9]\d+ passed, 0 failed, \d+ skipped$(?s:.*?)^self-test: passed; init begins again$"),
    ("tasks", r"^ +\d+ +1 +\d+ console +\d+:\d+"),
    ("jobs", r"^prague> jobs$"),
    ("bench switch_mm_hit,flush_page", r'^bench: \{"name":"flush_page"(?s:.*?)^self-test: passed; init begins again$'),
    ("test nothing.*", r"^prague: 0 passed, 0 failed, 0 skipped$\s*^self-test: failed; init begins again$"),
    ("test", r"^test GLOB,\.\.\.$"),
    ("run hello", r"^hello: status 0$"),
    ("poweroff", r"^power: off$"))

SHOWN = 10  # seconds that results stay on the screen: enough for a picture of it

# The same on the keyboard, whose keys are characters, Shift, Ctrl and arrows.
KEYBOARD_SESSION = (
    ("tasls\\x08\\x08ks", r"^ +\d+ +1 +\d+ console +\d+:\d+"),
    ("Xyzzy-\"A_b\"", r'^Xyzzy-"A_b": no such command; help lists them$'),
    ("give up\\x03", r"^prague> give up\^C$"),
    ("nonsense\\x15run hello", r"^hello: hello: from user mode, .*\r?\n^hello: status 0$"),
    ("run spin\\r\\x03", r"^\^C\r?\n^spin: EINTR$"),
    ("poweroff", r"^power: off$"))


def session_is_right(text, session=SESSION):
    """Each answer is there, behind the one before it."""
    at = text.find("prague> ")
    for line, answer in session:
        found = re.compile(answer, re.MULTILINE).search(text, max(at, 0))
        if at < 0 or not found:
            return f"shell: {line}: no {answer}"
        at = found.end()
    return None


def self_test_session_is_right(text):
    return session_is_right(text, SELF_TEST_SESSION)


def keyboard_session_is_right(text):
    return session_is_right(text, KEYBOARD_SESSION)


def typed(*lines):
    return ["tools/session", *(f"--type={line}" for line in lines)]


def keys(*lines):
    return ["tools/session", *(f"--keys={line}" for line in lines)]


def session_rows(out):
    """The shell: a session, and the end by a reboot."""
    talk = ["--talk", "--append", "init=init"]
    return [
        *[Row(f"shell-{twin}-{machine}-{firmware}",
              [typed(*(line for line, _ in SESSION)) +
               run(out, "--kernel", twin, "--build", build, "--machine", machine, "--firmware", firmware, *talk)],
              must=(r"^prague: result: pass \(turned off\)$",), check=session_is_right)
          for twin, build, machine, firmware in (("percpu", "debug", "q35", "bios"),
                                                 ("classic", "release", "pc", "uefi"))],
        *[Row(f"shell-self-test-{twin}",
              [typed(*(line for line, _ in SELF_TEST_SESSION)) +
               run(out, "--kernel", twin, "--build", build, "--firmware", "bios", *talk)],
              must=(r"^prague: result: pass \(turned off\)$",), check=self_test_session_is_right)
          for twin, build in (("percpu", "debug"), ("classic", "release"))],
        *[Row(f"shell-keyboard-{twin}-{firmware}",
              [keys(*(line for line, _ in KEYBOARD_SESSION)) +
               run(out, "--kernel", twin, "--build", build, "--machine", machine, "--firmware", firmware, *talk)],
              must=(r"^prague: result: pass \(turned off\)$",), check=keyboard_session_is_right)
          for twin, build, machine, firmware in (("percpu", "release", "pc", "uefi"),
                                                 ("classic", "debug", "q35", "bios"))],
        *[Row(f"shell-screen-{twin}-{firmware}",
              [["tools/session", "--type=run hello", "--keys=cpu down 1", f"--screen={out}/logs/{twin}.ppm",
                "--type=poweroff"] +
               run(out, "--kernel", twin, "--build", build, "--firmware", firmware, *talk),
               ["tools/screentext", f"{out}/logs/{twin}.ppm"]],
              must=(r"^screen: cpus: 4 of 4 online\nscreen:\s*\n"
                    r"screen: Prague\.  help lists what there is to say\.\nscreen: prague> run hello\n"
                    r"screen: hello: hello: from user mode, .*\nscreen: hello: status 0\n"
                    r"screen: prague> cpu down 1\nscreen: CPU 1 is down\nscreen: prague>$",))
          for twin, build, firmware in (("percpu", "debug", "uefi"), ("classic", "release", "bios"))],
        Row("shell-without-screen",
            [typed("run hello", "poweroff") + run(out, "--firmware", "bios", *talk, "--", "-vga", "none")],
            must=(r"^prague: result: pass \(turned off\)$", r"^console: no screen: ENODEV$",
                  r"^hello: status 0$")),
        Row("shell-without-keyboard",
            [typed("run hello", "poweroff") + run(out, "--firmware", "bios", *talk, "--", "-machine", "i8042=off")],
            must=(r"^prague: result: pass \(turned off\)$", r"^console: no keyboard: ENODEV$",
                  r"^hello: status 0$")),
        Row("shell-reboot", [typed("reboot") + run(out, "--firmware", "bios", *talk)],
            status=NO_VERDICT_STATUS, must=(r"^power: reboot$",), must_not=(r"triple fault",)),
        Row("shell-without-archive", [run(out, "--firmware", "bios", "--append", "init=init",
                                          "--image-option=--omit=archive.bin")],
            status=FAIL_STATUS, must=(r"^init: bin/init is not in the boot archive$",)),
    ]


def workload_rows(out, everything=False):
    """Programs that keep the machine busy, started by the kernel's command line."""
    twins = ("percpu", "classic") if everything else ("percpu",)
    return [
        *[Row(f"workload-ring-{twin}",
              [run(out, "--firmware", "bios", "--kernel", twin, "--build", "release", "--smp", "4", "--mem", "512M",
                   "--append", 'init="ring 1000 1"')],
              must=(r"^ring: 1000 tasks are alive", r"^ring: 1000 tasks, 1 rounds, by signals: .* 0 checks failed",
                    r"^prague: result: pass \(init has ended\)$"))
          for twin in twins],
        Row("workload-wrong-words",
            [run(out, "--firmware", "bios", "--append", 'init="ring 4001"')], status=FAIL_STATUS,
            must=(r"^ring: '4001' is not a number from 2 to 4000 for TASKS; usage: ring \[TASKS\] ",
                  r"^prague: result: fail \(init has ended\)$"), must_not=(r"are alive",)),
    ]


def photo_is_right(text):
    """What the code says is what the lines said, each with its three numbers, or the one that there is."""
    said = [json.loads(line) for line in re.findall(r"^bench: (\{.*\})$", text, re.MULTILINE)]
    wanted = [f"{bench['name']}={bench['min']}" + (f",{bench['median']},{bench['max']}" if bench["n"] != 1 else "")
              for bench in said]
    read = text.partition("\n-\n")[2].partition("\nend=")[0].splitlines()
    return None if read and read == wanted else f"photo: {len(wanted)} results were said, and read was {read}"


def photo_rows(out):
    """The code on the screen, as a camera sees it, has the results."""
    rows = []
    for twin, build, firmware, words in (("percpu", "release", "uefi", "bench=*"),
                                         ("classic", "debug", "bios", "bench=switch*,kmap*,null_syscall")):
        picture = f"{out}/logs/photo-{twin}.png"
        rows.append(Row(
            f"photo-{twin}-{firmware}",
            [["tools/session", f"--prompt=for {SHOWN} s\\r\\n", f"--screen={picture}"] +
             run(out, "--kernel", twin, "--build", build, "--firmware", firmware, "--until", "photo: goes on",
                 "--append", f"photo={SHOWN} test=none {words}"),
             ["tools/results-from", "--to", f"{out}/logs/photo-{twin}.jsonl", picture],
             ["zbarimg", "--quiet", "--raw", "--oneshot", "-Sbinary", picture]],
            must=(r"^summary: switch_mm_hit +\d+ +\d+", r"^photo: the screen shows the results, [2-9] pixels a module",
                  r"^PRAGUE1$", rf"^kernel={twin}$", r"^end=\d+,0$"),
            check=photo_is_right))
    return rows + [Row("photo-without-screen",
                       [run(out, "--firmware", "bios", "--append", "photo=60 bench=cr3_write test=none", "--",
                            "-vga", "none")],
                       must=(PASSED, r"^summary: cr3_write +\d+ +\d+$", r"^photo: no screen, no code$"))]


def stick_rows(out, everything=False):
    """Results of a stick: saved over warm resets, lost when memory is, and where nothing can be saved."""
    ways = ("chain", "damaged", "cut-off", "cold") if everything else ("chain", "damaged")
    short = "save=reboot bench=cr3_write test=none"
    return [
        *[Row(f"usb-{how}", [["tools/usb-round-trip", "--out", out, how]], limit=3 * RUN_LIMIT)
          for how in ways],
        Row("usb-by-bios", [run(out, "--firmware", "bios", "--disk", "usb", "--append", short)],
            must=(PASSED, r"^save: the loader reserved no memory: ", r"^save: the machine is not reset, "),
            must_not=(r"^power: reboot$",)),
        Row("usb-read-only", [run(out, "--append", short)],
            must=(PASSED, r"^prague-loader: .*pending\.txt cannot be written: results are not saved$",
                  r"^save: the machine is not reset, "),
            must_not=(r"^power: reboot$",)),
    ]
