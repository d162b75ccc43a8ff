#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the Markdown files: links between files lead somewhere, and paths, `make` targets and, as `Suite.Name`,
tests that code spans name exist. Exits 1 and lists every fault."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
CODE = re.compile(r"`([^`\n]+)`")
# A code span that starts with one of these folders and has no wildcard or placeholder is a path.
PATH = re.compile(r"^(?:src|include|ui|tests|bench|docs|examples|tools|cmake)/[\w./-]+$")
BUILT = ("ui/dist",)
TEST = re.compile(r"^[A-Z]\w+\.[A-Z]\w+$")
# A file's name looks like a test's.
FILE_ENDING = re.compile(r"\.(?:md|txt|cmake)$", re.IGNORECASE)
TEST_IN_SOURCE = re.compile(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", re.MULTILINE)


def tracked_markdown():
    listing = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
                             cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in listing.stdout.splitlines()]


def make_targets():
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def tests_in_sources():
    sources = list((ROOT / "src").rglob("*_test.cc")) + list((ROOT / "tests").rglob("*.cc"))
    return {f"{suite}.{name}" for source in sources for suite, name in TEST_IN_SOURCE.findall(source.read_text())}


def faults_in(path, targets, tests):
    text = path.read_text()
    name = path.relative_to(ROOT)
    for link in LINK.findall(text):
        if not re.match(r"[a-z]+:", link) and not (path.parent / link).exists():
            yield f"{name}: link to {link} leads nowhere"
    for code in CODE.findall(text):
        if PATH.match(code) and not code.startswith(BUILT) and not (ROOT / code).exists():
            yield f"{name}: {code} does not exist"
        if TEST.match(code) and not FILE_ENDING.search(code) and code not in tests:
            yield f"{name}: there is no test {code}"
        make = re.match(r"^make ([a-z-]+)$", code)
        if make and make.group(1) not in targets:
            yield f"{name}: {code} is not a target of the Makefile"


def main():
    targets = make_targets()
    tests = tests_in_sources()
    found = [fault for path in tracked_markdown() for fault in faults_in(path, targets, tests)]
    print("\n".join(found) if found else "docs: every path, link, target and test exists")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
