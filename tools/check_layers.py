#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares every include of src/, include/spandrel, tests/, bench/ and examples/ with cmake/layers.txt.

usage: check_layers.py [ROOT]

A module includes only from the modules that its row grants; a folder inside a module that has a row in
[folders] only from lower folders; a folder beside src/ only from what its row in [outside] grants. No two
file units (x.h with x.cc) of a module may need each other. Tests (x_test, test_x, everything in a folder
`testing`), benchmarks and fuzz targets may also include from other modules of their own layer or below, from
any folder of their module, and from tests/ and bench/; they are included by tests only. Exceptions are named
in [debt]; one that is no longer needed is a fault too, so the list only gets shorter. Exits 1 and lists every
violation.
"""
import collections
import pathlib
import re
import sys

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(?:"([^"\n]+)"|<([^>\n]+)>)', re.MULTILINE)
TEST = re.compile(r"(_(test|bench|fuzz)\.(cc|cpp|h)|^test_\w+\.(cc|h))$")
TEST_FOLDERS = {"testing", "testdata"}
SUFFIXES = (".h", ".cc", ".cpp")
PUBLIC = "include/spandrel"
API = "opentelemetry"
# Parts of the OpenTelemetry packages that are not the API.
NOT_API = ("opentelemetry/sdk", "opentelemetry/exporters", "opentelemetry/ext", "opentelemetry/proto")

Table = collections.namedtuple("Table", "modules folders outside debt faults")
Module = collections.namedtuple("Module", "layer granted")


def read_folders(text):
    """'a < {b, c} < .' as {folder: level}; '.' is the module's own folder."""
    levels = {}
    for level, names in enumerate(text.split("<")):
        for name in names.strip().strip("{}").split(","):
            levels[name.strip()] = level
    return levels


def read_table(path):
    table = Table({}, {}, {}, set(), [])
    section = ""
    for line in path.read_text().splitlines():
        line = line.split("#")[0].strip()
        words = line.split()
        if not words:
            continue
        if line.startswith("["):
            section = line
        elif section == "":
            table.modules[words[1]] = Module(int(words[0]), set(words[2:]) - {"-"})
        elif section == "[folders]":
            name, _, levels = line.partition(":")
            table.folders[name.strip()] = read_folders(levels)
        elif section == "[outside]":
            table.outside[words[0]] = set(words[1:]) - {"-"}
        elif section == "[debt]":
            table.debt.add((words[0], words[2]))
        else:
            table.faults.append(f"cmake/layers.txt: unknown section {section}")
    return table


def table_faults(table, root):
    yield from table.faults
    for name, module in table.modules.items():
        for target in sorted(module.granted - {PUBLIC}):
            if target not in table.modules:
                yield f"cmake/layers.txt: {name} grants itself {target}, which has no row"
            elif table.modules[target].layer >= module.layer:
                yield (f"cmake/layers.txt: {name} (layer {module.layer}) grants itself {target} "
                       f"of layer {table.modules[target].layer}")
        if not (root / "src" / name).is_dir():
            yield f"cmake/layers.txt: src/{name} does not exist"
    for folder in sorted((root / "src").iterdir()):
        if folder.is_dir() and folder.name not in table.modules:
            yield f"src/{folder.name}: not in cmake/layers.txt"
    for module, levels in table.folders.items():
        for name in levels:
            if not (root / "src" / module / name).is_dir():
                yield f"cmake/layers.txt: src/{module}/{name} does not exist"


def sources_under(folder):
    if folder.is_dir():
        yield from (path for path in sorted(folder.rglob("*")) if path.suffix in SUFFIXES)


def includes_of(path):
    """(text between the marks, whether the marks are quotes) of each include."""
    for quoted, angled in INCLUDE.findall(path.read_text(errors="replace")):
        yield quoted or angled, bool(quoted)


def is_test(path):
    return TEST.search(path.name) is not None or not TEST_FOLDERS.isdisjoint(path.parts)


class Checker:
    def __init__(self, root):
        self.root = root
        self.table = read_table(root / "cmake/layers.txt")
        self.used_debt = set()

    def run(self):
        yield from table_faults(self.table, self.root)
        for module in self.table.modules:
            yield from self.module_faults(module)
        for area, granted in self.table.outside.items():
            for path in sources_under(self.root / area):
                yield from self.outside_faults(path, area, granted)
        yield from self.cycle_faults()
        for file, target in sorted(self.table.debt - self.used_debt):
            yield f"cmake/layers.txt: the debt '{file} includes {target}' is paid: take it out"

    def in_debt(self, relative, target):
        if (relative, target) not in self.table.debt:
            return False
        self.used_debt.add((relative, target))
        return True

    def target_of(self, include):
        """The module, public folder or folder beside src/ that an include leads to; None when foreign."""
        first = include.split("/")[0]
        if first == "spandrel":
            return PUBLIC
        if "/" in include and first in self.table.modules:
            return first
        for area in self.table.outside:
            if "/" in include and (self.root / area / include).exists():
                return area
        return None

    # Files of src/.
    def module_faults(self, module):
        for path in sources_under(self.root / "src" / module):
            relative = str(path.relative_to(self.root))
            for include, quoted in includes_of(path):
                fault = self.fault_in_module(path, module, include, quoted)
                if fault and not self.in_debt(relative, self.target_of(include) or include):
                    yield f"{relative}: {fault}"
        yield from self.unnamed_folders(module)

    def fault_in_module(self, path, module, include, quoted):
        layer, granted = self.table.modules[module]
        target = self.target_of(include)
        if target in self.table.modules and is_test(pathlib.PurePosixPath(include)) and not is_test(path):
            return f"{include} is for tests only"
        if target == module:
            return self.folder_fault(path, module, include)
        if target is None:
            return f"{include} is to be named by its path from src" if quoted and "/" not in include else None
        if target in granted:
            return None
        if target in self.table.modules:
            if is_test(path) and self.table.modules[target].layer <= layer:
                return None
            return f"{module} (layer {layer}) may not include from {target}"
        if target != PUBLIC and is_test(path):
            return None
        return f"{module} may not include from {target}"

    def folder_of(self, module, name):
        """The folder in the module's row that a file belongs to: the longest that holds it, or None."""
        levels = self.table.folders[module]
        folder = str(pathlib.PurePosixPath(name).parent)
        while folder not in levels and folder != ".":
            folder = str(pathlib.PurePosixPath(folder).parent)
        return folder if folder in levels else None

    def folder_fault(self, path, module, include):
        if module not in self.table.folders or is_test(path):
            return None
        source = self.folder_of(module, path.relative_to(self.root / "src" / module))
        target = self.folder_of(module, pathlib.PurePosixPath(include).relative_to(module))
        if source is None or target is None or source == target:
            return None
        levels = self.table.folders[module]
        if levels[target] < levels[source]:
            return None
        return f"{module}/{source} may not include from {module}/{target}"

    def unnamed_folders(self, module):
        if module not in self.table.folders:
            return
        names = {path.relative_to(self.root / "src" / module)
                 for path in sources_under(self.root / "src" / module) if not is_test(path)}
        for name in sorted({name.parent for name in names if self.folder_of(module, name) is None
                            or (self.folder_of(module, name) == "." and name.parent != pathlib.Path("."))}):
            yield f"src/{module}/{name}: not in the row of {module} in [folders] of cmake/layers.txt"

    # Files beside src/.
    def outside_faults(self, path, area, granted):
        relative = str(path.relative_to(self.root))
        for include, quoted in includes_of(path):
            target = self.target_of(include)
            name = target or self.foreign_name(include)
            if self.allowed_outside(area, granted, include, quoted) or self.in_debt(relative, name):
                continue
            yield f"{relative}: {area} may not include from {name}"

    @staticmethod
    def foreign_name(include):
        return next((part for part in NOT_API if include.startswith(part + "/")), include)

    def allowed_outside(self, area, granted, include, quoted):
        target = self.target_of(include)
        if target is not None:
            return target == area or target in granted or "*" in granted
        if include.startswith(API + "/"):
            return area != PUBLIC or not include.startswith(NOT_API)
        return not quoted or area != PUBLIC

    # File units.
    def cycle_faults(self):
        roots = [self.root / "src" / module for module in self.table.modules] + [self.root / PUBLIC]
        found = {cycle for folder in roots for cycle in cycles_in(units_of(folder))}
        for cycle in sorted(found, key=sorted):
            yield f"file units that need each other: {' '.join(sorted(cycle))}"


def units_of(folder):
    """{unit: units it includes} of one module; a unit is 'module/path' without the suffix."""
    base = folder.parent
    needs = collections.defaultdict(set)
    for path in sources_under(folder):
        unit = str(path.relative_to(base).with_suffix(""))
        for include, _ in includes_of(path):
            target = str(pathlib.PurePosixPath(include).with_suffix(""))
            if target != unit and include.endswith(".h") and (base / include).is_file():
                needs[unit].add(target)
    return {unit: {target for target in targets if target.startswith(folder.name + "/")}
            for unit, targets in needs.items()}


def cycles_in(needs):
    """The sets of units that reach each other (Tarjan's strongly connected components, without recursion)."""
    index, low, stack, on_stack = {}, {}, [], set()
    for start in sorted(needs):
        if start in index:
            continue
        work = [(start, None)]
        while work:
            node, children = work.pop()
            if children is None:
                index[node] = low[node] = len(index)
                stack.append(node)
                on_stack.add(node)
                children = iter(sorted(needs.get(node, ())))
            for child in children:
                if child not in index:
                    work += [(node, children), (child, None)]
                    break
                if child in on_stack:
                    low[node] = min(low[node], index[child])
            else:
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
                if low[node] == index[node]:
                    part = set()
                    while node not in part:
                        part.add(stack.pop())
                    on_stack -= part
                    if len(part) > 1:
                        yield frozenset(part)


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent
    found = list(Checker(root).run())
    print("\n".join(found) if found else "layers: every include is allowed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
