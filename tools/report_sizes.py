#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints how long the files and functions of src/ and include/ are, and which folders one look no longer takes in.

usage: report_sizes.py [FOLDER...]     (default: every module of src/, and include/spandrel)

To look at, not a gate: it never fails. Functions are found by a brace counter, not by a compiler, so a rare one
is missed; their length is from the first line of the signature to the closing brace. Tests, benchmarks and fuzz
targets are left out.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MANY_FILES = 25
LONGEST = 10
NOT_MEASURED = re.compile(r"(_(test|bench|fuzz)|^test_\w+)\.(cc|h)$|\.cpp$")
# Comments, raw strings, strings and characters: what may hold braces that are none.
OPAQUE = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.MULTILINE)
SCOPE = re.compile(r'^\s*(?:template\s*<.*>\s*)?(?:export\s+)?(?:inline\s+)?(namespace|class|struct|union|extern\b)')
FUNCTION_NAME = re.compile(r"([\w:~]+|operator\s*\S+?)\s*\(")


def blank(match):
    """Spaces of the same shape, so that line numbers stay."""
    return re.sub(r"[^\n]", " ", match.group(0))


def kind_of(head, scopes):
    """What a brace opens, from the text before it: scope, function, initializer (of a member) or other."""
    if scopes and scopes[-1] not in ("scope",):
        return "other"
    if SCOPE.match(head) and not re.search(r"\)\s*(const|noexcept|override|->.*)?\s*$", head):
        return "scope"
    outside = re.sub(r"\([^()]*\)", "()", re.sub(r"\([^()]*\)", "", head))
    if "(" not in head or re.search(r"(?<!operator)(?<![=!<>])=(?!=)", outside):
        return "other"
    if re.search(r"\)\s*(noexcept\s*)?:[^:]", head) and re.search(r"[\w>]\s*$", head):
        return "initializer"
    return "function"


def functions_in(text):
    """(lines, line of the start, name) of each function with a body."""
    text = DIRECTIVE.sub(blank, OPAQUE.sub(blank, text))
    scopes, starts, head_start = [], [], 0
    for match in re.finditer(r"[{};]|\b(?:public|private|protected)\s*:", text):
        position, mark = match.start(), match.group(0)
        if mark == "{":
            head = text[head_start:position]
            kind = kind_of(head, scopes)
            scopes.append(kind)
            starts.append(head_start + len(head) - len(head.lstrip()))
            if kind == "initializer":
                continue
        elif mark == "}" and scopes:
            kind, start = scopes.pop(), starts.pop()
            if kind == "initializer":
                continue
            if kind == "function":
                first = text.count("\n", 0, start) + 1
                name = FUNCTION_NAME.search(text, start, position)
                yield text.count("\n", start, position) + 1, first, name.group(1) if name else "?"
        elif scopes and scopes[-1] == "initializer":
            continue
        head_start = match.end()


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0


def row(name, lines):
    return f"{name:<22} {len(lines):>6} {percentile(lines, 0.5):>6} {percentile(lines, 0.9):>6} {max(lines, default=0):>6}"


def measured_files(folder):
    return [path for path in sorted(folder.rglob("*")) if path.suffix in (".h", ".cc") and not NOT_MEASURED.search(path.name)]


def main():
    folders = [ROOT / name for name in sys.argv[1:]]
    if not folders:
        folders = sorted(path for path in (ROOT / "src").iterdir() if path.is_dir()) + [ROOT / "include/spandrel"]
    all_files, all_functions = [], []
    file_rows, function_rows = [], []
    for folder in folders:
        name = str(folder.relative_to(ROOT))
        files = [(len(path.read_text().splitlines()), str(path.relative_to(ROOT))) for path in measured_files(folder)]
        functions = [(lines, f"{file}:{first} {function}") for _, file in files
                     for lines, first, function in functions_in((ROOT / file).read_text())]
        file_rows.append(row(name, [lines for lines, _ in files]))
        function_rows.append(row(name, [lines for lines, _ in functions]))
        all_files += files
        all_functions += functions

    for what, rows, found in (("files", file_rows, all_files), ("functions", function_rows, all_functions)):
        print(f"{'lines of ' + what:<22} {'count':>6} {'p50':>6} {'p90':>6} {'max':>6}")
        print("\n".join(rows))
        print(row("all", [lines for lines, _ in found]) + "\n")
        print(f"longest {what}")
        for lines, name in sorted(found, reverse=True)[:LONGEST]:
            print(f"{lines:>6}  {name}")
        print()

    print(f"folders with more than {MANY_FILES} files (tests included)")
    counts = [(sum(path.suffix in (".h", ".cc") for path in folder.iterdir()), str(folder.relative_to(ROOT)))
              for top in folders for folder in [top, *top.rglob("*")] if folder.is_dir()]
    for count, name in sorted(counts, reverse=True):
        if count > MANY_FILES:
            print(f"{count:>6}  {name}")


if __name__ == "__main__":
    main()
