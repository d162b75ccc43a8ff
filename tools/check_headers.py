#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sees that each header of src/ and include/spandrel compiles alone.

usage: check_headers.py [--all] [BUILD_DIR]     (default: build/dev, which has been configured)

A header that a source of the build includes before anything else is compiled alone whenever that source is.
Each of the rest is compiled here, with the flags of a source of its module, and with --all every header.
Exits 1 and prints the compiler's words for those that fail.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+["<]([^">\n]+)[">]', re.MULTILINE)
# Whose flags a public header is compiled with: this module's tests see every library that a header serves.
PUBLIC_LIKE = "instrument"


def headers_of(root):
    """{name that an include uses: path}"""
    bases = ("src", "include")
    return {str(path.relative_to(root / base)): path for base in bases for path in sorted((root / base).rglob("*.h"))}


def included_first(sources):
    firsts = (INCLUDE.search(source.read_text(errors="replace")) for source in sources if source.exists())
    return {first.group(1) for first in firsts if first}


def module_of(header, root):
    return PUBLIC_LIKE if header.is_relative_to(root / "include") else header.relative_to(root / "src").parts[0]


def flags_by_module(entries, root):
    """{module: compiler and flags}, of a test where there is one: it sees the most libraries."""
    flags = {}
    for entry in sorted(entries, key=lambda entry: not entry["file"].endswith("_test.cc")):
        source = pathlib.Path(entry["file"])
        if source.is_relative_to(root / "src") and source.suffix == ".cc":
            flags.setdefault(source.relative_to(root / "src").parts[0], flags_of(entry))
    return flags


def flags_of(entry):
    words = shlex.split(entry["command"])
    kept, skip = [], False
    for word in words:
        if skip or word in ("-o", "-c"):
            skip = not skip and word in ("-o", "-c")
        else:
            kept.append(word)
    return kept


def compile_alone(name, flags, build):
    """Compiles a source that includes this header only; through ccache where there is one."""
    source = build / "headers" / (name + ".cc")
    source.parent.mkdir(parents=True, exist_ok=True)
    text = f'#include "{name}"\n'
    if not source.exists() or source.read_text() != text:
        source.write_text(text)
    cache = [shutil.which("ccache")] if shutil.which("ccache") else []
    command = [*cache, *flags, "-O0", "-g0", "-c", str(source), "-o", str(source.with_suffix(".o"))]
    environment = {**os.environ, "CCACHE_BASEDIR": str(ROOT), "CCACHE_NOHASHDIR": "1"}
    return subprocess.run(command, cwd=build, env=environment, capture_output=True, text=True, check=False)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true")
    parser.add_argument("build", nargs="?", type=pathlib.Path, default=ROOT / "build/dev")
    options = parser.parse_args()
    build = options.build.resolve()
    entries = json.loads((build / "compile_commands.json").read_text())
    headers = headers_of(ROOT)
    seen = set() if options.all else included_first(pathlib.Path(entry["file"]) for entry in entries)
    left = {name: path for name, path in headers.items() if name not in seen}
    flags = flags_by_module(entries, ROOT)

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = {name: pool.submit(compile_alone, name, flags[module_of(path, ROOT)], build)
                for name, path in left.items()}
        for name, run in runs.items():
            if run.result().returncode != 0:
                failed += 1
                print(f"{name} does not compile alone:\n{run.result().stderr}")
    print(f"headers: {len(headers) - len(left)} are included first by a source, {len(left) - failed} compile alone, "
          f"{failed} do not")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
