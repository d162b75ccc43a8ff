#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes every kind of failure happen to the store and compares what was acknowledged with what is there.

usage: run.py BUILD_DIR short|long

Runs all programs of this folder one after the other, adds up what they counted, and fails if any failed. Each ends
after a number of faults or spans, not after a time. Ctrl-C ends the program that runs and tells the sums so far.
"""
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
PROGRAMS = {
    "short": [["store_faults.py", "{build}", "--short"], ["power_cuts.py", "{build}/bin", "--cuts", "6"],
              ["kill_rounds.py", "{build}/bin", "--rounds", "5"], ["disk_faults.py", "{build}/bin"]],
    "long": [["kill_rounds.py", "{build}/bin", "--rounds", "40"], ["disk_faults.py", "{build}/bin"],
             ["power_cuts.py", "{build}/bin", "--cuts", "150"], ["volume_rounds.py", "{build}/bin"],
             ["store_faults.py", "{build}"]],
}
COUNTED = ["faults injected", "recoveries", "spans acknowledged", "lost", "failures"]
INTERRUPTED = 130


class Run:
    """One program: what it printed last, its sums and how it ended."""

    def __init__(self, name):
        self.name = name
        self.sums = dict.fromkeys([*COUNTED, "caught", "seeded"], 0)
        self.status = None
        self.skipped = False
        self.interrupted = False
        self.seconds = 0.0

    def watch(self, command):
        started = time.monotonic()
        process = subprocess.Popen([sys.executable, "-u", *command], stdout=subprocess.PIPE, text=True)
        last = ""
        try:
            last = self.print_lines(process)
        except KeyboardInterrupt:
            # The program was interrupted as well, and cleans up.
            self.interrupted = True
            last = self.print_lines(process)
        self.status = process.wait()
        self.seconds = time.monotonic() - started
        self.add_up(last)

    def print_lines(self, process):
        last = ""
        for line in process.stdout:
            print(line, end="", flush=True)
            last = line
            self.skipped |= line.startswith("SKIPPED")
        return last

    def add_up(self, line):
        """The sums of a program are in its last line."""
        for name in COUNTED:
            found = re.search(rf"(\d+) {name}", line)
            self.sums[name] += int(found.group(1)) if found else 0
        caught = re.search(r"seeded bugs caught (\d+)/(\d+)", line)
        if caught:
            self.sums["caught"] += int(caught.group(1))
            self.sums["seeded"] += int(caught.group(2))

    @property
    def verdict(self):
        if self.interrupted:
            return "interrupted"
        if self.status != 0:
            return f"FAILED (status {self.status})"
        return "skipped" if self.skipped and not self.sums["faults injected"] else "passed"


def print_table(runs):
    for run in runs:
        counts = ", ".join(f"{run.sums[name]:,} {name}" for name in COUNTED)
        print(f"{run.name:<17} {run.verdict} in {run.seconds:.0f} s: {counts}, seeded bugs caught "
              f"{run.sums['caught']}/{run.sums['seeded']}")
    sums = {name: sum(run.sums[name] for run in runs) for name in runs[0].sums}
    print("all: " + ", ".join(f"{sums[name]} {name}" for name in COUNTED) +
          f", seeded bugs caught {sums['caught']}/{sums['seeded']}")
    return sums


def main():
    build, form = sys.argv[1], sys.argv[2]
    runs = []
    for number, program in enumerate(PROGRAMS[form], 1):
        print(f"--- {number}/{len(PROGRAMS[form])} {program[0]}", flush=True)
        runs.append(Run(program[0]))
        runs[-1].watch([str(HERE / program[0]), *(part.format(build=build) for part in program[1:])])
        if runs[-1].interrupted:
            break
    sums = print_table(runs)
    if runs[-1].interrupted:
        return INTERRUPTED
    failed = [run.name for run in runs if run.status != 0]
    if failed:
        print("failed: " + ", ".join(failed))
    return 1 if failed or not sums["faults injected"] else 0


if __name__ == "__main__":
    sys.exit(main())
