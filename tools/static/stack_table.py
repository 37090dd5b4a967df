# SPDX-License-Identifier: MIT
"""Reads tools/check-stack.table, which explains its own lines."""

import dataclasses
import fnmatch
import pathlib

POINTER = "->"  # whatever is called through a pointer


@dataclasses.dataclass
class Root:
    name: str
    limit: int
    context: str
    entries: list
    on_top: str = ""
    on_top_context: str = ""


@dataclasses.dataclass
class Indirect:
    caller: str
    signature: str
    names: list  # globs; with "!": not this one

    def allows(self, name, signature):
        name = name.split(".")[0]
        wanted = [glob for glob in self.names if not glob.startswith("!")]
        return (signature == self.signature and
                (not wanted or any(fnmatch.fnmatchcase(name, glob) for glob in wanted)) and
                not any("!" + name == glob for glob in self.names))


class Table:
    def __init__(self, path):
        self.roots, self.indirect, self.cuts, self.enters = [], [], [], []
        self.recursion, self.faults, self.new_stack, self.taken = {}, {}, set(), set()
        for number, line in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
            line = line.partition("#")[0].strip()
            if not line:
                continue
            kind, _, rest = line.partition(" ")
            try:
                getattr(self, "line_" + kind)(rest.strip())
            except (AttributeError, ValueError, IndexError) as error:
                raise SystemExit(f"{path}:{number}: {error}") from error

    def line_stack(self, rest):
        name, limit, context, entries, *top = [part.strip() for part in rest.split("|")]
        self.roots.append(Root(name, int(limit), context, entries.split(), *(top[0].split() if top else [])))

    def line_indirect(self, rest):
        caller, signature, *names = [part.strip() for part in rest.split("|")]
        self.indirect.append(Indirect(caller, signature, names[0].split() if names else []))

    def line_cut(self, rest):
        contexts, caller, callees = [part.strip() for part in rest.split("|")]
        self.cuts.append((contexts.split(), caller.split(), callees.split()))

    def line_enter(self, rest):
        contexts, functions, context = [part.strip() for part in rest.split("|")]
        self.enters.append((contexts.split(), functions.split(), context))

    def line_leave(self, rest):
        contexts, functions, context = [part.strip() for part in rest.split("|")]
        self.enters.append((contexts.split(), [f">{name}" for name in functions.split()], context))

    def line_recursion(self, rest):
        name, bound = rest.split()
        self.recursion[name] = int(bound)

    def line_faults(self, rest):
        names, target = [part.strip() for part in rest.split("|")]
        for name in names.split():
            self.faults.setdefault(name, []).append(target)

    def line_switches(self, rest):
        self.new_stack |= set(rest.split())

    def line_taken(self, rest):
        self.taken |= set(rest.split())

    # --- questions -------------------------------------------------------------------------

    def indirect_of(self, caller):
        return [rule for rule in self.indirect if rule.caller == caller]

    def is_cut(self, context, caller, callee, pointer=False):
        """Does @caller not call @callee in @context?  @pointer: it calls through one."""
        for contexts, callers, callees in self.cuts:
            if context not in contexts or not {caller, "*"} & set(callers):
                continue
            kept = {name[1:] for name in callees if name.startswith("!")}
            if {callee, "*"} & set(callees) or (kept and callee not in kept):
                return True
            if pointer and POINTER in callees:
                return True
        return False

    def context_of(self, callee, context, caller, pointer=False):
        """In which @callee runs when @caller calls it in @context."""
        for contexts, functions, then in self.enters:
            if context in contexts and {callee, f">{caller}",
                                        f">{caller}{POINTER}" if pointer else ""} & set(functions):
                return then
        return context

    def faults_of(self, name):
        return self.faults.get(name, [])

    def fault_targets(self):
        return {target for targets in self.faults.values() for target in targets}
