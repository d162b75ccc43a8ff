#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: run.py BIN_DIR [--spans N] [--arrival whole|pieces] [--work DIR]

Questions in TraceQL and PromQL, asked over Tempo's and Prometheus's HTTP APIs of a server with a million spans of four
hours: the CPU time of the server for each, the median of five, beside what Grafana Tempo took for the nearest TraceQL
question on spans of the same number and shape (measured once, on another day; the figures stand in the table below).
0.0 is below the clock's 10 ms, so each question is asked until it took 100 ms at least, or 50 times. `--arrival pieces`
sends traces as the batch processors of 80 processes do, 512 spans of one process a request."""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "store"))
from server_process import ServerProcess  # noqa: E402

HOURS = 4
A, B = "frontend", "payment"
SEARCHES = [  # (question, limit, CPU-ms of Tempo or None)
    (f'{{ resource.service.name = "{A}" }}', 20, 404),
    ("{ status = error }", 20, 388),
    ("{ duration > 2s }", 20, 52),
    ('{ span.rare.key = "needle" }', 20, 498),
    ('{ .rare.key = "needle" }', 20, 557),
    ('{ span.rare.key = "nothing" }', 20, 182),
    ('{ span.unknown.key = "nothing" }', 20, 7.6),
    ('{ span.http.route =~ ".*a.*" }', 20, 1074),
    (f'{{ resource.service.name = "{A}" }} >> {{ resource.service.name = "{B}" }}', 20, 717),
    (f'{{ resource.service.name = "{A}" }} >> {{ status = error }}', 1000, 766),
    (f'{{ resource.service.name = "{A}" }} && {{ resource.service.name = "{B}" }}', 20, 458),
    (f'{{ resource.service.name = "{A}" }} && {{ status = error }}', 1000, 287),
    ("{} | by(resource.service.name) | count() > 8", 20, 23),
    ("{ nestedSetParent < 0 }", 200, 43),
]
SERIES = [
    ("{} | rate()", 84),
    ("{} | rate() by(resource.service.name)", 255),
    ("{ status = error } | rate() by(resource.service.name)", 106),
    ("{} | quantile_over_time(duration, .5, .9, .99) by(resource.service.name)", 645),
    ("{} | histogram_over_time(duration)", 269),
    (f'{{ resource.service.name = "{A}" }} >> {{ resource.service.name = "{B}" }} | rate()', 586),
    (f'{{ resource.service.name = "{A}" }} | compare({{ status = error }})', 2641),
]
GRAPH = "traces_service_graph_request"
PROMQL = [  # of Prometheus's API; Tempo's is that of the same question in TraceQL, where there is one
    ("sum(rate(traces_spanmetrics_calls_total[60s]))", 84),
    ("sum by (service) (rate(traces_spanmetrics_calls_total[60s]))", 255),
    ('sum by (service) (rate(traces_spanmetrics_calls_total{status_code="STATUS_CODE_ERROR"}[60s]))', 106),
    ("histogram_quantile(.9, sum by (service) (rate(traces_spanmetrics_latency[60s])))", 645),
    ("histogram_quantile(.9, sum by (service, le) (rate(traces_spanmetrics_latency_bucket[60s])))", 645),
]
INSTANT = [  # what a service graph asks, of all four hours
    f"sum by (client, server) (rate({GRAPH}_total[{HOURS}h]))",
    f"sum by (client, server) (rate({GRAPH}_server_seconds_sum[{HOURS}h]))",
    f"topk(5, sum by (span_name) (rate(traces_spanmetrics_calls_total[{HOURS}h])))",
    f"histogram_quantile(.9, sum by (le) (rate(traces_spanmetrics_latency_bucket[{HOURS}h])))",
]


class Questions:
    def __init__(self, server):
        self.server = server
        now = int(time.time())
        self.range = {"start": now - HOURS * 3600, "end": now + 60}

    def ask(self, path, **parameters):
        query = urllib.parse.urlencode({**parameters, **self.range})
        with urllib.request.urlopen(f"http://{self.server.addresses['tempo']}{path}?{query}", timeout=120) as answer:
            return json.load(answer)

    def cpu_ms(self, path, **parameters):
        answer = self.ask(path, **parameters)
        runs = []
        for _ in range(5):
            begin, times = self.server.cpu_s(), 0
            while times < 50 and (times == 0 or self.server.cpu_s() - begin < 0.1):
                self.ask(path, **parameters)
                times += 1
            runs.append((self.server.cpu_s() - begin) / times * 1000)
        return statistics.median(runs), answer


def print_row(question, tempo, cpu_ms, found):
    print(f"| `{question.replace('|', chr(92) + '|')}` | {tempo} | {cpu_ms:.1f} | {found} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("bin_dir", type=pathlib.Path)
    parser.add_argument("--spans", type=int, default=1_000_000)
    parser.add_argument("--arrival", default="whole", choices=("whole", "pieces"))
    parser.add_argument("--work", type=pathlib.Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.work) as folder:
        with ServerProcess(arguments.bin_dir, pathlib.Path(folder) / "data") as server:
            subprocess.run([arguments.bin_dir / "spandrel", "load", "--endpoint", server.addresses["otlp_grpc"], "--spans",
                            str(arguments.spans), "--period", f"{HOURS}h", "--plant", "rare.key=needle:3", "--arrival",
                            arguments.arrival, "--spans-per-request", "512"], check=True)
            server.wait_until_settled()
            questions = Questions(server)
            print("| question | Tempo, CPU-ms | Spandrel, CPU-ms | found |\n|---|---|---|---|")
            for question, limit, tempo in SEARCHES:
                cpu_ms, answer = questions.cpu_ms("/api/search", q=question, limit=limit)
                print_row(f"{question} limit {limit}", tempo, cpu_ms, f"{len(answer['traces'])} traces")
            for question, tempo in SERIES:
                cpu_ms, answer = questions.cpu_ms("/api/metrics/query_range", q=question, step="60s")
                print_row(question, tempo, cpu_ms, f"{len(answer['series'])} series")
            for question, tempo in PROMQL:
                cpu_ms, answer = questions.cpu_ms("/api/v1/query_range", query=question, step="60s")
                print_row(question, tempo, cpu_ms, f"{len(answer['data']['result'])} series")
            for question in INSTANT:
                cpu_ms, answer = questions.cpu_ms("/api/v1/query", query=question)
                print_row(question, "", cpu_ms, f"{len(answer['data']['result'])} series")


if __name__ == "__main__":
    main()
