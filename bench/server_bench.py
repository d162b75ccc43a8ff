#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the server as a whole process: CPU a span from OTLP/gRPC into the durable store, idle memory,
start to the first accepted span, disk a span. Prints one JSON object with medians.

usage: server_bench.py BIN_DIR [--rounds N] [--spans N]

CPU is user + system time of the server process from before the load until it has been idle again for
longer than a head stays unsealed, so that sealing and merging are included. The sender is a process of
its own and not counted.
"""
import argparse
import json
import os
import pathlib
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request

TICKS = os.sysconf("SC_CLK_TCK")
# The store seals what it holds after 10 s without reaching another limit.
SEALED_AFTER_S = 12.0
SPAN = {"resourceSpans": [{"scopeSpans": [{"spans": [{
    "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331", "name": "first",
    "startTimeUnixNano": "1", "endTimeUnixNano": "2"}]}]}]}


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def wait_until_idle(pid, quiet_s, limit_s=120.0):
    """Returns when the process has used at most 20 ms of CPU for quiet_s seconds."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        before = cpu_seconds(pid)
        time.sleep(quiet_s)
        if cpu_seconds(pid) - before <= 0.02:
            return
    raise RuntimeError("the server did not become idle")


def disk_bytes(folder):
    return sum(path.stat().st_blocks * 512 for path in pathlib.Path(folder).rglob("*") if path.is_file())


class Server:
    def __init__(self, bin_dir, folder):
        self.folder = folder
        ready = pathlib.Path(folder) / "ready.json"
        command = [str(bin_dir / "spandrel"), "--data-dir", f"{folder}/data", "--otlp-grpc", "127.0.0.1:0",
                   "--otlp-http", "127.0.0.1:0", "--http", "127.0.0.1:0", "--tempo", "127.0.0.1:0", "--ready-file", str(ready)]
        self.log = open(f"{folder}/log", "w", encoding="utf-8")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        while not ready.exists():
            if self.process.poll() is not None:
                raise RuntimeError(pathlib.Path(f"{folder}/log").read_text())
            time.sleep(0.001)
        self.addresses = json.loads(ready.read_text())

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)
        self.log.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def measure_start(bin_dir):
    """Milliseconds from exec to the answer to the first span, over a store that exists already."""
    with tempfile.TemporaryDirectory() as folder:
        Server(bin_dir, folder).stop()
        port = free_port()
        request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/traces", json.dumps(SPAN).encode(),
                                         {"Content-Type": "application/json"})
        begin = time.monotonic()
        process = subprocess.Popen([str(bin_dir / "spandrel"), "--data-dir", f"{folder}/data",
                                    "--otlp-grpc", "127.0.0.1:0", "--otlp-http", f"127.0.0.1:{port}",
                                    "--http", "127.0.0.1:0", "--tempo", "127.0.0.1:0"], stderr=subprocess.DEVNULL)
        try:
            while True:
                try:
                    urllib.request.urlopen(request, timeout=5).read()
                    return (time.monotonic() - begin) * 1000
                except OSError:
                    if process.poll() is not None or time.monotonic() - begin > 30:
                        raise
                    time.sleep(0.001)
        finally:
            process.terminate()
            process.wait(timeout=30)


def measure_load(bin_dir, spans, compression):
    with tempfile.TemporaryDirectory() as folder:
        server = Server(bin_dir, folder)
        pid = server.process.pid
        try:
            wait_until_idle(pid, 0.5)
            idle = rss_mib(pid)
            before = cpu_seconds(pid)
            command = [str(bin_dir / "spandrel"), "load", "--json", "--endpoint", server.addresses["otlp_grpc"],
                       "--spans", str(spans)]
            if compression:
                command += ["--compression", compression]
            load = subprocess.run(command, capture_output=True, text=True, check=True)
            result = json.loads(load.stdout)
            under_load = rss_mib(pid)
            wait_until_idle(pid, SEALED_AFTER_S)
            cpu = cpu_seconds(pid) - before
            return {"idle_rss_mib": idle, "loaded_rss_mib": under_load, "after_rss_mib": rss_mib(pid),
                    "spans_per_cpu_s": result["acknowledged"] / cpu, "cpu_us_per_span": cpu / result["acknowledged"] * 1e6,
                    "spans_per_s": result["acknowledged"] / result["seconds"], "ack_p50_ms": result["ack_p50_ms"],
                    "ack_p99_ms": result["ack_p99_ms"], "otlp_bytes_per_span": result["bytes"] / spans,
                    "disk_bytes_per_span": disk_bytes(f"{folder}/data") / result["acknowledged"]}
        finally:
            server.stop()


def medians(rounds):
    return {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin_dir", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--spans", type=int, default=1_000_000)
    options = parser.parse_args()
    starts = [measure_start(options.bin_dir) for _ in range(options.rounds)]
    plain = medians([measure_load(options.bin_dir, options.spans, None) for _ in range(options.rounds)])
    packed = medians([measure_load(options.bin_dir, options.spans, "gzip") for _ in range(max(1, options.rounds // 2))])
    print(json.dumps({"start_ms": statistics.median(starts), "plain": plain, "gzip": packed}, indent=1))


if __name__ == "__main__":
    main()
