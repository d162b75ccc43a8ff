#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the store and prints one table: figure, goal, measured (median of the rounds), peer or baseline.

usage: run.py BIN_DIR [--spans N] [--rounds N] [--shape NAME ...] [--only PART ...] [--keep DIR] [--json FILE]

Peers' figures marked with * were measured earlier on a machine of the same kind with spans of the same size
(1 or 5 million of them), those with ** are published ones; baselines are measured in this run. All data are in a
temporary directory, which is removed.
"""
import argparse
import json
import os
import pathlib
import platform
import shutil
import statistics
import tempfile

import measurements
import table

PARTS = ("ingest", "shapes", "queries", "memory", "recovery")
MILLION = 1_000_000


def medians(rounds):
    return {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}


class Run:
    """Runs the parts that were asked for; `figures` holds what came out, by part."""

    def __init__(self, options, folder):
        self.bin_dir = options.bin_dir.resolve()
        self.options = options
        self.folder = folder
        self.figures = {"spans": options.spans, "rounds": options.rounds, "shapes": options.shape}

    def ingest_rounds(self, shape, spans, rounds, compression=None):
        results = []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory(dir=self.folder) as folder:
                data_dir = pathlib.Path(folder) / "data"
                results.append(measurements.measure_ingest(self.bin_dir, data_dir, shape, spans, compression))
        return medians(results)

    def ingest(self):
        spans = min(self.options.spans, MILLION)
        shape = self.options.shape[0]
        self.figures["ingest"] = {"shape": shape, "spans": spans,
                                  "plain": self.ingest_rounds(shape, spans, self.options.rounds),
                                  "gzip": self.ingest_rounds(shape, spans, self.options.rounds, "gzip"),
                                  "baseline": measurements.measure_baseline(self.bin_dir, shape, spans)}

    def shapes(self):
        """Disk of the shapes that `ingest` does not have, one round each: it is the same every time."""
        spans = min(self.options.spans, MILLION)
        self.figures["other_shapes"] = {
            shape: {"store": self.ingest_rounds(shape, spans, 1),
                    "baseline": measurements.measure_baseline(self.bin_dir, shape, spans)}
            for shape in self.options.shape[1:]}

    def queries(self):
        shape = self.options.shape[0]
        data_dir = self.folder / "queries"
        # What a former run has kept is asked as it is.
        ingest = None if data_dir.exists() else measurements.measure_ingest(self.bin_dir, data_dir, shape,
                                                                           self.options.spans)
        answers = measurements.measure_queries(self.bin_dir, data_dir, shape)
        ids = answers.pop("ids")
        self.figures["queries"] = {"shape": shape, "ingest": ingest, "answers": answers,
                                   "restart": measurements.measure_restart(self.bin_dir, data_dir, ids)}

    def memory(self):
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            self.figures["memory"] = measurements.measure_memory(self.bin_dir, pathlib.Path(folder) / "data",
                                                                 self.options.seconds)

    def recovery(self):
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            self.figures["recovery"] = measurements.measure_recovery(
                self.bin_dir, pathlib.Path(folder), self.options.log_mib << 20, self.options.rounds)


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}"


def parse_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin_dir", type=pathlib.Path)
    parser.add_argument("--spans", type=int, default=10 * MILLION,
                        help="in the directory that is queried; ingest takes a million of them at most")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shape", nargs="+", default=list(measurements.ATTRIBUTES),
                        choices=list(measurements.ATTRIBUTES), help="the first one is queried")
    parser.add_argument("--only", nargs="+", default=PARTS, choices=PARTS)
    parser.add_argument("--seconds", type=int, default=60, help="of steady load for the memory figure")
    parser.add_argument("--log-mib", type=int, default=1024, help="of log to recover")
    parser.add_argument("--keep", type=pathlib.Path, help="leave the queried data here, and query those that are here already")
    parser.add_argument("--json", type=pathlib.Path, help="write all figures here as well")
    return parser.parse_args()


def main():
    options = parse_options()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(options.keep or tempfile.mkdtemp(prefix="spandrel-bench-")).resolve()
    try:
        run = Run(options, folder)
        load = os.getloadavg()[0]
        for part in options.only:
            getattr(run, part)()
        run.figures["machine"] = f"{machine()}, load {load:.1f} before, {os.getloadavg()[0]:.1f} after"
        if options.json:
            options.json.write_text(json.dumps(run.figures, indent=1) + "\n")
        table.print_table(run.figures)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
