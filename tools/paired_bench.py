#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs one measurement in two checkouts by turns, and prints each figure of both beside their ratio.

usage: paired_bench.py BASE_TREE [--rounds N] [--show REGEX] -- SCRIPT [ARGUMENT ...]

SCRIPT is a path in both checkouts, BASE_TREE and this one, such as bench/store/run.py. It is started in each with
the arguments and `--json FILE`; both must be built. A figure is the median of the rounds, with the ratio of the
medians and the range of the ratios of single rounds: when that holds 1, the rounds do not tell the trees apart.
"""
import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def figures_of(value, path=""):
    """The numbers of a JSON document by where they stand; entries of a list by their name."""
    if isinstance(value, dict):
        named = {key: one for key, one in value.items() if key != "name"}
        return {where: number for key, one in named.items() for where, number in figures_of(one, f"{path}/{key}").items()}
    if isinstance(value, list):
        entries = [one for one in value if isinstance(one, dict) and "name" in one]
        return {where: number for one in entries for where, number in figures_of(one, f"{path}/{one['name']}").items()}
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return {path.lstrip("/"): value} if is_number else {}


def measure(tree, script):
    with tempfile.TemporaryDirectory(prefix="spandrel-paired-") as folder:
        figures = pathlib.Path(folder) / "figures.json"
        done = subprocess.run([sys.executable, *script, "--json", str(figures)], cwd=tree, stdout=subprocess.DEVNULL,
                              check=False)
        if done.returncode != 0:
            raise SystemExit(f"paired_bench: {' '.join(script)} failed in {tree}")
        return figures_of(json.loads(figures.read_text()))


def print_table(rounds, shown):
    print(f"{'figure':70} {'base':>14} {'here':>14} {'ratio':>7}  ratios of rounds")
    for name in rounds[0][0]:
        pairs = [(base[name], here[name]) for base, here in rounds if base.get(name) and name in here]
        if not shown.search(name) or len(pairs) < len(rounds):
            continue
        base, here = (statistics.median(side) for side in zip(*pairs))
        ratios = [after / before for before, after in pairs]
        print(f"{name:70} {base:14,.3f} {here:14,.3f} {here / base:7.3f}  {min(ratios):.3f} to {max(ratios):.3f}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("base", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--show", type=re.compile, default=re.compile(""))
    parser.add_argument("script", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    script = options.script[1:] if options.script[:1] == ["--"] else options.script
    if not script:
        parser.error("which script?")
    rounds = []
    for number in range(options.rounds):
        print(f"paired_bench: round {number + 1} of {options.rounds} ...", file=sys.stderr, flush=True)
        rounds.append((measure(options.base, script), measure(ROOT, script)))
    print_table(rounds, options.show)


if __name__ == "__main__":
    main()
