#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every benchmark and prints one table: figure, goal, measured (median), peer.

usage: run.py BIN_DIR [--quick]

Peers that run here (opentelemetry-cpp's SDK) are measured in the same run; the others' figures were
measured on a machine of the same kind with about 500 B of OTLP a span and are marked with *.
"""
import argparse
import json
import os
import pathlib
import platform
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def run_json(name, command, **environment):
    print(f"bench: {name} ...", file=sys.stderr, flush=True)
    done = subprocess.run([str(word) for word in command], cwd=ROOT, text=True, stdout=subprocess.PIPE,
                          env={**os.environ, **environment}, check=False)
    if done.returncode != 0:
        raise SystemExit(f"bench: {name} failed with status {done.returncode}")
    return done.stdout


def server_rows(bin_dir, quick):
    command = ["bench/server_bench.py", bin_dir] + (["--rounds", "1", "--spans", "200000"] if quick else [])
    result = json.loads(run_json("server", command))
    plain, packed = result["plain"], result["gzip"]
    return [
        ("OTLP/gRPC -> durable store, spans per CPU-second", ">= 200,000", f"{plain['spans_per_cpu_s']:,.0f}",
         "VictoriaTraces 33,000 *, Tempo 18,000 *"),
        ("  the same from gzip bodies", "", f"{packed['spans_per_cpu_s']:,.0f}", ""),
        ("  acknowledged a second, 2 cores with the sender", "", f"{plain['spans_per_s']:,.0f}", ""),
        ("  ack p50 / p99 at that load", "", f"{plain['ack_p50_ms']:.1f} / {plain['ack_p99_ms']:.1f} ms", ""),
        ("  OTLP bytes a span sent", "500", f"{plain['otlp_bytes_per_span']:.0f}", ""),
        ("  disk bytes a span after sealing, log included", "", f"{plain['disk_bytes_per_span']:.0f}",
         "VictoriaTraces 80.7 *, Tempo 109.5 *"),
        ("idle memory, fresh", "<= 20 MB", f"{plain['idle_rss_mib']:.1f} MiB", "Tempo 95 MB *"),
        ("  at the end of the load / idle after it", "",
         f"{plain['loaded_rss_mib']:.0f} / {plain['after_rss_mib']:.1f} MiB", "VictoriaTraces 170-323 MB *"),
        ("start to first accepted span", "<= 100 ms", f"{result['start_ms']:.0f} ms", "Tempo 15-20 s *"),
    ]


def sdk_rows(bin_dir, quick):
    goals = {("span, sampled, inline", "5 attributes"): "<= 150 ns", ("span, sampled", "5 attributes"): "<= 250 ns",
             ("span, sampled, whole process", "5 attributes"): "<= 350 ns",
             ("span, not sampled", "5 attributes"): "<= 50 ns",
             ("span, not sampled", "5 attributes, each of 2 threads"): "<= 55 ns",
             ("span, allocations", "sampled, 5 attributes"): "0 allocs",
             ("middleware", "one request, sampled"): "<= 500 ns", ("middleware", "one request, not sampled"): "<= 120 ns",
             ("W3C headers, without the API", "parse, 2-member tracestate"): "<= 100 ns",
             ("W3C headers, without the API, allocations", "parse, 2-member tracestate"): "0 allocs"}
    rounds = ["5"] if quick else []
    rows = []
    for name, program in (("span, ", "sdk_span_bench"), ("", "sdk_middleware_bench"), ("", "sdk_propagation_bench")):
        rows += table_rows(run_json("tracing library", [bin_dir / program, *rounds]), name, goals)
    return rows


def table_rows(text, prefix, goals):
    """Takes over the rows of a program's own tables: the case, then one figure for each candidate."""
    rows, title, heads = [], "", []
    for line in text.splitlines():
        cells = [cell for cell in re.split(r"\s{2,}", line.strip()) if cell]
        if len(cells) >= 2 and all(cell.endswith((" ns", " allocs")) for cell in cells[1:]):
            peers = ", ".join(f"{head} {cell}" for head, cell in zip(heads[1:], cells[2:]))
            rows.append((f"{title}: {cells[0]}", goals.get((title, cells[0]), ""), cells[1], peers))
        elif len(cells) >= 2:
            title, heads = prefix + cells[0], cells[1:]
    return rows


def export_rows(bin_dir, quick):
    """The rows of the program's table: the case, ours, the peer's."""
    arguments = ["1", "2"] if quick else []
    text = run_json("export", [bin_dir / "sdk_export_bench", *arguments])
    goals = {"100,000 spans/s, whole process": "<= 0.08 cores", "burst of 100,000, 20 ms peer": "0 % lost"}
    rows = []
    for line in text.splitlines():
        cells = [cell for cell in re.split(r"\s{2,}", line.strip()) if cell]
        if cells and cells[0] in goals:
            rows.append((f"export: {cells[0]}", goals[cells[0]], cells[1], f"otel-cpp OTLP/gRPC {cells[2]}"))
    return rows


def page_rows(bin_dir):
    result = json.loads(run_json("page", ["node", "tests/e2e/perf.mjs", "--json"], SPANDREL_BIN=str(bin_dir)))
    rows = [("page: initial JS, gzip", "<= 90 KB", f"{result['initialJsGzipBytes'] / 1000:.1f} KB", "Jaeger UI 822 KB *")]
    goals = {10_000: ("<= 350 ms", "Jaeger UI 2,100-4,000 ms *"), 100_000: ("<= 700 ms", "Jaeger UI 3,100-4,300 ms *")}
    for trace in result["traces"]:
        goal, peer = goals.get(trace["spans"], ("", ""))
        rows.append((f"page: {trace['spans']:,}-span trace visible", goal, f"{trace['visibleMs']:.0f} ms", peer))
        rows.append(("  scroll, frame p95", "<= 17.5 ms", f"{trace['frameP95Ms']:.1f} ms", "Jaeger UI 33-67 ms *"))
    return rows


def print_table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    for index, row in enumerate(rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
        if index == 0:
            print("  ".join("-" * width for width in widths))


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin_dir", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="one round and less data, to see that it runs")
    options = parser.parse_args()
    bin_dir = options.bin_dir.resolve()
    print(machine())
    rows = [("figure", "goal", "measured", "peer (* measured earlier, same kind of machine)")]
    rows += server_rows(bin_dir, options.quick)
    rows += sdk_rows(bin_dir, options.quick) + export_rows(bin_dir, options.quick)
    rows += page_rows(bin_dir)
    print_table(rows)


if __name__ == "__main__":
    main()
