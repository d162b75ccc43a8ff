#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares every include under src/ with the table in cmake/layers.txt.

A module includes only from the modules that its row grants. Tests, benchmarks and fuzz targets may
also include from other modules of their own layer or below. Exits 1 and lists every violation.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([a-z_]+)/([^">]+)[">]', re.MULTILINE)
PUBLIC = "include/spandrel"


def read_table(path):
    """Returns {module: (layer, granted modules)} and the set of (file, module) exceptions."""
    rows, debt, in_debt = {}, set(), False
    for line in path.read_text().splitlines():
        words = line.split("#")[0].split()
        if not words:
            continue
        if words == ["[debt]"]:
            in_debt = True
        elif in_debt:
            debt.add((words[0], words[2]))
        else:
            rows[words[1]] = (int(words[0]), set(words[2:]) - {"-"})
    return rows, debt


def violations_in(path, module, rows, debt):
    layer, granted = rows[module]
    is_test = re.search(r"_(test|bench|fuzz)\.(cc|h)$", path.name) is not None or path.parent.name == "testing"
    relative = str(path.relative_to(ROOT))
    for target, _ in INCLUDE.findall(path.read_text()):
        if target == "spandrel":
            allowed = module in ("sdk", "instrument")
        elif target == module or target not in rows:
            continue
        else:
            allowed = target in granted or (is_test and rows[target][0] <= layer)
        if not allowed and (relative, target) not in debt:
            yield f"{relative}: {module} (layer {layer}) may not include from {target}"


def main():
    rows, debt = read_table(ROOT / "cmake/layers.txt")
    found = []
    for module, (layer, granted) in rows.items():
        for target in granted - {PUBLIC}:
            if rows[target][0] >= layer:
                found.append(f"cmake/layers.txt: {module} (layer {layer}) grants itself {target} of layer {rows[target][0]}")
        for path in sorted((ROOT / "src" / module).rglob("*")):
            if path.suffix in (".h", ".cc"):
                found.extend(violations_in(path, module, rows, debt))
    for folder in (ROOT / "src").iterdir():
        if folder.is_dir() and folder.name not in rows:
            found.append(f"src/{folder.name}: not in cmake/layers.txt")
    print("\n".join(found) if found else "layers: every include is allowed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
