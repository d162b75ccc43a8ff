#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes every kind of failure happen to the store and compares what was acknowledged with what is there.

usage: run.py BUILD_DIR short|long

Runs all programs of this folder in two lanes at a time, adds up what they counted, and fails if any failed. Each ends
after a number of faults or spans, not after a time. Ctrl-C ends what runs and tells the sums so far.
"""
import pathlib
import re
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).parent
# The first lane computes, the second one mostly waits for disks and processes.
LANES = {
    "short": [[["store_faults.py", "{build}", "--short"]],
              [["power_cuts.py", "{build}/bin", "--cuts", "6"], ["kill_rounds.py", "{build}/bin", "--rounds", "5"],
               ["disk_faults.py", "{build}/bin"], ["directory_rounds.py", "{build}/bin", "--rounds", "3"],
               ["flip_rounds.py", "{build}/bin", "--spans", "20000", "--flips", "100", "--singles", "60"]]],
    "long": [[["store_faults.py", "{build}"]],
             [["kill_rounds.py", "{build}/bin", "--rounds", "40"], ["disk_faults.py", "{build}/bin"],
              ["directory_rounds.py", "{build}/bin", "--rounds", "30"], ["volume_rounds.py", "{build}/bin"],
              ["flip_rounds.py", "{build}/bin", "--spans", "1000000", "--singles", "300"],
              ["power_cuts.py", "{build}/bin", "--cuts", "100"]]],
}
COUNTED = ["faults injected", "recoveries", "spans acknowledged", "lost", "failures"]
INTERRUPTED = 130


class Run:
    """One program: its sums and how it ended."""

    def __init__(self, name, arguments):
        self.name = name
        self.command = [sys.executable, "-u", str(HERE / name), *arguments]
        self.sums = dict.fromkeys([*COUNTED, "caught", "seeded"], 0)
        self.status = None
        self.skipped = False
        self.seconds = 0.0

    def to_its_end(self):
        started = time.monotonic()
        process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        last = ""
        for line in process.stdout:
            print(f"{self.name.removesuffix('.py'):<13} {line}", end="", flush=True)
            last = line
            self.skipped |= line.startswith("SKIPPED")
        self.status = process.wait()
        self.seconds = time.monotonic() - started
        self.add_up(last)

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
        if self.status is None:
            return "not run"
        if self.status == INTERRUPTED:
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


class Lane(threading.Thread):
    """Programs that run one after the other, until one is interrupted."""

    def __init__(self, runs):
        super().__init__()
        self.runs = runs

    def run(self):
        for run in self.runs:
            run.to_its_end()
            if run.status == INTERRUPTED:
                return


def main():
    build, form = sys.argv[1], sys.argv[2]
    lanes = [Lane([Run(name, [part.format(build=build) for part in arguments]) for name, *arguments in programs])
             for programs in LANES[form]]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        try:
            lane.join()
        except KeyboardInterrupt:
            # The programs were interrupted as well, and clean up.
            lane.join()
    runs = [run for lane in lanes for run in lane.runs]
    sums = print_table(runs)
    if any(run.status == INTERRUPTED for run in runs):
        return INTERRUPTED
    failed = [run.name for run in runs if run.status != 0]
    if failed:
        print("failed: " + ", ".join(failed))
    return 1 if failed or not sums["faults injected"] else 0


if __name__ == "__main__":
    sys.exit(main())
