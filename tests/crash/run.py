#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes every kind of failure happen to the store and compares what was acknowledged with what is there.

usage: run.py BUILD_DIR short|long

Runs all programs of this folder, adds up what they counted, and fails if any failed.
"""
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
PROGRAMS = {
    "short": [["store_faults.py", "{build}", "--short"], ["power_cuts.py", "{build}/bin", "--cuts", "6"],
              ["kill_rounds.py", "{build}/bin", "--rounds", "5"], ["disk_faults.py", "{build}/bin"]],
    "long": [["store_faults.py", "{build}"], ["power_cuts.py", "{build}/bin", "--cuts", "150"],
             ["volume_rounds.py", "{build}/bin"], ["kill_rounds.py", "{build}/bin", "--rounds", "40"],
             ["disk_faults.py", "{build}/bin"]],
}
COUNTED = ["faults injected", "recoveries", "spans acknowledged", "lost", "failures"]


def run_program(command):
    """The exit status, and what the program printed."""
    process = subprocess.Popen([sys.executable, str(HERE / command[0]), *command[1:]], stdout=subprocess.PIPE, text=True)
    lines = []
    for line in process.stdout:
        print(line, end="", flush=True)
        lines.append(line)
    return process.wait(), lines


def add_up(line, sums):
    for name in COUNTED:
        found = re.search(rf"(\d+) {name}", line)
        sums[name] += int(found.group(1)) if found else 0
    caught = re.search(r"seeded bugs caught (\d+)/(\d+)", line)
    if caught:
        sums["caught"] += int(caught.group(1))
        sums["seeded"] += int(caught.group(2))


def main():
    build, form = sys.argv[1], sys.argv[2]
    sums = dict.fromkeys([*COUNTED, "caught", "seeded"], 0)
    failed = []
    for program in PROGRAMS[form]:
        status, lines = run_program([part.format(build=build) for part in program])
        if status != 0:
            failed.append(program[0])
        # The sums of a program are in its last line.
        if lines:
            add_up(lines[-1], sums)
    print("all: " + ", ".join(f"{sums[name]} {name}" for name in COUNTED) +
          f", seeded bugs caught {sums['caught']}/{sums['seeded']}")
    if failed:
        print("failed: " + ", ".join(failed))
    return 1 if failed or not sums["faults injected"] else 0


if __name__ == "__main__":
    sys.exit(main())
