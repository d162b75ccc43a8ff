#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the layout of the Markdown files: what a program that does not know Markdown, such as clang-format,
makes of one is found here.

usage: check_markdown.py [FILE...]     (default: those that git knows or would add)

A file begins with its title; headings have a space after the marks; fences are closed; the rows of a table have
the same number of cells, under a line of dashes; outside of lists no text is indented, which would make it code;
no line ends in spaces. Links and paths are tools/check_docs.py's business. Exits 1 and lists every fault.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^\s*(`{3,}|~{3,})(.*)$")
LIST_ITEM = re.compile(r"^\s*([-*+]|\d+[.)])\s")
DASHES = re.compile(r"^\|(\s*:?-+:?\s*\|)+$")


def tracked_markdown():
    listing = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
                             cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in listing.stdout.splitlines()]


def cells_in(row):
    """How many cells a row has; a bar in a code span counts only when it is not escaped, as GitHub reads it."""
    return len(re.findall(r"(?<!\\)\|", row.strip())) - 1


def without_fences(lines):
    """(line number, line) of what is outside fenced code; a fence that stays open gives (its number, None)."""
    opened, opened_at = None, 0
    for number, line in enumerate(lines, 1):
        fence = FENCE.match(line)
        if opened is None and fence:
            opened, opened_at = fence.group(1), number
        elif opened is None:
            yield number, line
        elif fence and fence.group(1).startswith(opened) and not fence.group(2).strip():
            opened = None
    if opened is not None:
        yield opened_at, None


def table_faults(rows):
    """Faults of one table, rows as (line number, line)."""
    if len(rows) < 2 or not DASHES.match(rows[1][1].strip()):
        yield rows[0][0], "a table needs a line of dashes under its first row"
        return
    width = cells_in(rows[0][1])
    for number, row in rows[1:]:
        if not row.rstrip().endswith("|"):
            yield number, "a row of a table ends with a bar"
        elif cells_in(row) != width:
            yield number, f"{cells_in(row)} cells in a table of {width}"


def faults_in(text):
    """(line number, what is wrong) of each fault."""
    lines = text.splitlines()
    if not lines or not re.match(r"^# \S", lines[0]):
        yield 1, "a file begins with its title: '# ' and words"
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            yield number, "the line ends in spaces"
    table, in_list = [], False
    for number, line in [*without_fences(lines), (len(lines) + 1, "")]:
        if line is None:
            yield number, "the fence is never closed"
            continue
        if line.lstrip().startswith("|"):
            table.append((number, line))
            continue
        if table:
            yield from table_faults(table)
            table = []
        if re.match(r"^#{1,6}[^#\s]|^#{7}", line):
            yield number, "a heading has a space after at most six marks"
        in_list = bool(LIST_ITEM.match(line)) or (in_list and (not line or line.startswith(" ")))
        if line.startswith(("    ", "\t")) and not in_list:
            yield number, "indented text outside of a list is code: use a fence"


def main():
    paths = [pathlib.Path(name).resolve() for name in sys.argv[1:]] or tracked_markdown()
    found = [f"{path.relative_to(ROOT)}:{number}: {fault}" for path in paths
             for number, fault in sorted(faults_in(path.read_text()))]
    print("\n".join(found) if found else f"markdown: {len(paths)} files are in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
