#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the sources of src/ that clang-tidy is to read, one a line, and to stderr why these.

Those that differ from the base, and those that include, over any number of headers, one that does. The base
is TIDY_BASE, else where this branch left origin/main or main; on that branch itself, with nothing uncommitted,
there is no base, which is CI's case. Without a base, with TIDY=all, and when the flags or the checks changed,
every source.
"""
import collections
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+["<]([^">\n]+)[">]', re.MULTILINE)
# What changes the answer for every source.
EVERYWHERE = re.compile(r"^(\.clang-tidy|CMakeLists\.txt|CMakePresets\.json|cmake/\w+\.cmake|tools/(files_to_lint\.py|check\.sh|setup\.sh))$")
NOT_LINTED = re.compile(r"_(test|bench|fuzz)\.cc$")


def git(root, *words):
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def base_of(root, wanted):
    """The commit to compare with, or None; only an ancestor will do."""
    if wanted:
        base = git(root, "rev-parse", "--verify", "--quiet", wanted + "^{commit}")
        return base if base and git(root, "merge-base", "--is-ancestor", base, "HEAD") is not None else None
    head = git(root, "rev-parse", "HEAD")
    for branch in ("origin/main", "main"):
        base = git(root, "merge-base", "HEAD", branch)
        if base and (base != head or git(root, "status", "--porcelain")):
            return base
    return None


def changed_since(root, base):
    names = git(root, "diff", "--name-only", base).splitlines()
    return set(names + git(root, "ls-files", "--others", "--exclude-standard").splitlines())


def includers(root):
    """{file: files under src/ and include/ that include it}, by path from the root."""
    found = collections.defaultdict(set)
    for folder in ("src", "include"):
        for path in (root / folder).rglob("*"):
            if path.suffix in (".h", ".cc"):
                for name in INCLUDE.findall(path.read_text(errors="replace")):
                    for base in ("src", "include"):
                        found[f"{base}/{name}"].add(str(path.relative_to(root)))
    return found


def reached_from(changed, edges):
    reached, work = set(changed), list(changed)
    while work:
        for user in edges.get(work.pop(), ()):
            if user not in reached:
                reached.add(user)
                work.append(user)
    return reached


def sources(root):
    return sorted(name for path in (root / "src").rglob("*.cc")
                  if not NOT_LINTED.search(name := str(path.relative_to(root))))


def files_to_lint(root, mode, wanted_base):
    """The sources, and why these."""
    every = sources(root)
    if mode == "all":
        return every, "TIDY=all"
    base = base_of(root, wanted_base)
    if base is None:
        return every, "there is no base to compare with"
    changed = changed_since(root, base)
    for name in sorted(changed):
        if EVERYWHERE.match(name):
            return every, f"{name} changed since {base[:12]}"
    reached = reached_from(changed, includers(root))
    return [name for name in every if name in reached], f"what changed since {base[:12]}, and what includes it"


def main():
    files, why = files_to_lint(ROOT, os.environ.get("TIDY", "changed"), os.environ.get("TIDY_BASE", ""))
    print("".join(name + "\n" for name in files), end="")
    print(f"tidy: {len(files)} of {len(sources(ROOT))} sources: {why}", file=sys.stderr)


if __name__ == "__main__":
    main()
