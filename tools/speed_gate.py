#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the speed of a short list of benchmarks with a base revision, and fails when one is over 10 % slower.

usage: speed_gate.py [--by auto|instructions|time] [--only REGEX] [--limit PERCENT] [--rounds N]

The base is BASE, else where this branch left origin/main or main. Both trees are built with the preset `bench`
under build/speed, from the same compiler cache. What is compared: the instructions of one iteration, counted by
callgrind, where valgrind is installed; else CPU time, the median of runs that alternate between the two trees.
The tracing library's own programs have tables of their own and are always compared by time. A benchmark that only
one tree has is shown and not compared. Exits 1 when something is slower, 2 when nothing could be compared.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "build/speed"

Program = collections.namedtuple("Program", "name benchmarks")
# Programs of Google Benchmark, and which of their benchmarks; those that wait for disks or peers are left out.
SUITE = (
    Program("wire_bench", r"^(DecodeProtobuf|EncodeProtobufWhole|EncodeProtobufPieces|Split|DecodeJson|EncodeJson)$"),
    Program("columns_bench", r"^(EncodeNumbers|ReadWide|EncodeTexts|VisitTexts|FindText)/"),
    # Not BM_NewestOfService: how many parts it finds is up to the threads behind the store.
    Program("columnar_bench", r"^(BM_GetTrace/present:1|BM_NewestWithRareAttribute|BM_AggregateAll)$"),
    Program("api_bench", r"^BM_TraceColumns/1000$"),
)
# Programs that print a table of their own: a case, then our nanoseconds.
TABLES = ("sdk_span_bench", "sdk_middleware_bench", "sdk_propagation_bench")
LOOP_STARTS = "benchmark::State::StartKeepRunning()"
LOOP_ENDS = "benchmark::State::FinishKeepRunning()"


def run(command, **options):
    done = subprocess.run([str(word) for word in command], text=True, capture_output=True, check=False, **options)
    if done.returncode != 0:
        raise SystemExit(f"speed_gate: {' '.join(map(str, command))} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


def git(*words):
    done = subprocess.run(["git", *words], cwd=ROOT, text=True, capture_output=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def base_revision():
    if os.environ.get("BASE"):
        base = git("rev-parse", "--verify", os.environ["BASE"] + "^{commit}")
    else:
        base = git("merge-base", "HEAD", "origin/main") or git("merge-base", "HEAD", "main")
    if base is None:
        raise SystemExit("speed_gate: there is no base revision; name one with BASE=")
    return base


def base_tree(revision):
    """A work tree of the base under build/speed; the one of an earlier run is taken again."""
    tree = WORK / "base-source"
    if not (tree / ".git").exists():
        run(["git", "worktree", "prune"], cwd=ROOT)
        run(["git", "worktree", "add", "--detach", "--force", tree, revision], cwd=ROOT)
    run(["git", "checkout", "--quiet", "--detach", revision], cwd=tree)
    return tree


def build(source, folder, programs):
    """Builds what this tree has of the programs, and returns the folder of binaries."""
    folder.mkdir(parents=True, exist_ok=True)
    run(["cmake", "--preset", "bench", "-B", folder, "-DSPANDREL_UI=OFF", "-DSPANDREL_WERROR=OFF"], cwd=source)
    known = run(["cmake", "--build", folder, "--target", "help"], cwd=source)
    targets = [name for name in programs if re.search(rf"^{name}:", known, re.MULTILINE)]
    if targets:
        run(["cmake", "--build", folder, "-j", os.cpu_count(), "--target", *targets], cwd=source)
    return folder / "bin"


def cases_of(program, benchmarks):
    listed = run([program, "--benchmark_list_tests", f"--benchmark_filter={benchmarks}"])
    return listed.split()


def count_instructions(program, benchmarks):
    """{case: instructions of the first iteration}; set-up before the loop is not counted."""
    cases = cases_of(program, benchmarks)
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder, "callgrind.out")
        run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={output}", f"--zero-before={LOOP_STARTS}",
             f"--dump-before={LOOP_ENDS}", program, "--benchmark_min_time=0", f"--benchmark_filter={benchmarks}"],
            env={**os.environ, "LD_BIND_NOW": "1"})
        dumps = [pathlib.Path(f"{output}.{number}").read_text() for number in range(1, len(cases) + 1)]
    return {case: float(re.search(r"^totals: (\d+)", dump, re.MULTILINE).group(1)) for case, dump in zip(cases, dumps)}


def measure_time(program, benchmarks):
    """{case: nanoseconds of CPU an iteration} of one run."""
    text = run([program, "--benchmark_min_time=0.1", "--benchmark_format=json", f"--benchmark_filter={benchmarks}"])
    units = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
    return {case["name"]: case["cpu_time"] * units[case["time_unit"]] for case in json.loads(text)["benchmarks"]}


def measure_table(program, _):
    return read_table(run([program, "1"]))


def read_table(text):
    """{case: nanoseconds} of a program that prints tables: a case, then figures such as `148 ns`, ours first."""
    found, title = {}, ""
    for line in text.splitlines():
        cells = [cell for cell in re.split(r"\s{2,}", line.strip()) if cell]
        if len(cells) >= 2 and re.fullmatch(r"[\d.,]+ ns", cells[1]):
            found[f"{title}: {cells[0]}"] = float(cells[1].split()[0].replace(",", ""))
        elif len(cells) >= 2 and not cells[1].endswith(" allocs"):
            title = cells[0]
    return found


def medians_of_pairs(programs, benchmarks, measure, rounds):
    """The medians of both trees' figures over runs that take turns, so that a slow minute slows both."""
    figures = [collections.defaultdict(list) for _ in programs]
    for _ in range(rounds):
        for program, found in zip(programs, figures):
            for case, figure in measure(program, benchmarks).items():
                found[case].append(figure)
    return [{case: statistics.median(values) for case, values in found.items()} for found in figures]


def compare(base, head, limit):
    """Rows (case, base, head, change in percent or None, verdict) of every case that either has."""
    for case in sorted({*base, *head}):
        if case not in base or case not in head or base[case] == 0:
            yield case, base.get(case), head.get(case), None, "only one has it"
            continue
        change = 100 * (head[case] / base[case] - 1)
        yield case, base[case], head[case], change, "SLOWER" if change > limit else "ok"


def print_rows(rows, unit):
    print(f"{'benchmark':<58} {'base':>15} {'now':>15} {'change':>8}  {unit}")
    for case, base, head, change, verdict in rows:
        old, new = (f"{value:,.0f}" if value is not None else "-" for value in (base, head))
        print(f"{case:<58} {old:>15} {new:>15} {f'{change:+.1f} %' if change is not None else '-':>8}  {verdict}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--by", choices=("auto", "instructions", "time"), default="auto")
    parser.add_argument("--only", default="", help="programs whose name matches")
    parser.add_argument("--limit", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    by_instructions = options.by == "instructions" or (options.by == "auto" and shutil.which("valgrind") is not None)

    suite = [program for program in SUITE if re.search(options.only, program.name)]
    tables = [Program(name, "") for name in TABLES if re.search(options.only, name)]
    names = [program.name for program in [*suite, *tables]]
    revision = base_revision()
    print(f"speed_gate: this tree against {revision[:12]}, limit {options.limit:g} %", flush=True)
    bins = [build(base_tree(revision), WORK / "base", names), build(ROOT, WORK / "head", names)]

    rows = []
    for program in [*suite, *tables]:
        pair = [folder / program.name for folder in bins]
        if not all(path.exists() for path in pair):
            print(f"speed_gate: only one tree has {program.name}")
            continue
        if program in suite and by_instructions:
            figures, unit = [count_instructions(path, program.benchmarks) for path in pair], "instructions"
        else:
            measure = measure_time if program in suite else measure_table
            figures, unit = medians_of_pairs(pair, program.benchmarks, measure, options.rounds), "CPU ns"
        found = list(compare(*figures, options.limit))
        print_rows([(f"{program.name} {row[0]}", *row[1:]) for row in found], unit)
        rows += found

    slower = [row[0] for row in rows if row[4] == "SLOWER"]
    compared = sum(row[3] is not None for row in rows)
    print(f"speed_gate: {compared} compared, {len(slower)} over {options.limit:g} % slower")
    if compared == 0:
        return 2
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
