#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Has clang check who holds which mutex (-Wthread-safety) in the sources of src/ that have one.

usage: check_thread_safety.py [BUILD_DIR]     (default: build/dev, which has been configured)

A source is checked when it, or the header of the same name, uses base/mutex.h. std::mutex tells clang nothing:
product code has none but in the files that tools/std_mutex.txt names, a list that only gets shorter. Exits 1 and
prints what is wrong.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ANNOTATED = re.compile(r"\b(?:Mutex|MutexLock|SharedMutex|WriterLock|ReaderLock)\b|SPANDREL_(?:GUARDED_BY|REQUIRES)")
PLAIN = re.compile(r"\bstd::(?:mutex|shared_mutex|recursive_mutex|timed_mutex)\b")
WRAPPERS = ("src/base/mutex.h", "src/base/shared_mutex.h")
TEST = re.compile(r"(_(test|bench|fuzz)\.(cc|h)|(^|/)(test|fake)_\w+\.(h|cc)|/testing/.*)$")
# What g++ takes and clang does not, and warnings that are other checks' business.
FOREIGN = re.compile(r"^-(o|c|W.*|f(no-)?fat-lto.*)$")


def plain_users(root):
    """Files of product code with a mutex that clang does not know."""
    names = (str(path.relative_to(root)) for path in sorted((root / "src").rglob("*")) if path.suffix in (".h", ".cc"))
    return {name for name in names if name not in WRAPPERS and not TEST.search(name) and PLAIN.search((root / name).read_text())}


def list_faults(found, listed):
    for name in sorted(found - listed):
        yield f"{name}: use base::Mutex and say what it guards; std::mutex tells clang nothing"
    for name in sorted(listed - found):
        yield f"tools/std_mutex.txt: {name} has no std::mutex any more: take it out"


def has_mutex(source):
    header = source.with_suffix(".h")
    return any(ANNOTATED.search(path.read_text()) for path in (source, header) if path.exists())


def command_for(entry):
    words = shlex.split(entry["command"])
    kept = [word for before, word in zip(["", *words], words)
            if not FOREIGN.match(word) and before != "-o" and word != entry["file"]]
    return ["clang++-14", *kept[1:], "-Wthread-safety", "-Werror=thread-safety", "-fsyntax-only", entry["file"]]


def check(entry):
    return subprocess.run(command_for(entry), cwd=entry["directory"], capture_output=True, text=True, check=False)


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/dev")
    entries = {entry["file"]: entry for entry in json.loads((build / "compile_commands.json").read_text())}
    files = [name for name in sorted(entries) if name.startswith(str(ROOT / "src")) and name.endswith(".cc")
             and not TEST.search(name) and has_mutex(pathlib.Path(name))]
    found = list(list_faults(plain_users(ROOT), set((ROOT / "tools/std_mutex.txt").read_text().split())))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in pool.map(check, (entries[name] for name in files)):
            if done.returncode != 0:
                found.append(done.stderr)
    print("\n".join(found) if found else f"thread safety: {len(files)} sources with a mutex are in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
