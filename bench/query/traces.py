#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: traces.py BIN_DIR [--base BIN_DIR] [--spans N] [--others N] [--work DIR]

Whole traces and lists of values, by the CPU time of the server: one trace of 100,000 spans in each form in which it can be
had, in microseconds a span, and the values of attributes of spans and events, in milliseconds a question, among a million
other spans. With --base the same questions are put to another build on the same data directory: the figures to compare
with. The least of five runs each."""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "store"))
from server_process import ServerProcess  # noqa: E402

TRACE = "0af7651916cd43dd8448eb211c80b166"
SPANS_A_REQUEST = 5_000
PROTOBUF = "application/protobuf"
TRACES = [  # (what, address, path, Accept)
    ("Jaeger's JSON", "http", f"/api/traces/{TRACE}", "application/json"),
    ("Jaeger's JSON, raw", "http", f"/api/traces/{TRACE}?raw=true", "application/json"),
    ("OTLP/JSON", "http", f"/api/v3/traces/{TRACE}?rawTraces=true", "application/json"),
    ("Tempo's JSON", "tempo", f"/api/v2/traces/{TRACE}", "application/json"),
    ("Tempo's protobuf", "tempo", f"/api/v2/traces/{TRACE}", PROTOBUF),
]
VALUES = [  # keys of the big trace's spans and events, and of none
    "span.http.route", "event.exception.message", "event.nowhere", "span.nowhere",
]


def attribute(key, value):
    kind = "intValue" if isinstance(value, int) else "stringValue"
    return {"key": key, "value": {kind: str(value)}}


def make_span(number, start_ns):
    """Like a call of an HTTP server: ten attributes, one event in eight spans."""
    attributes = [
        attribute("http.request.method", "GET"), attribute("http.response.status_code", 200),
        attribute("http.route", f"/api/v1/products/{number % 50}/{{id}}"), attribute("url.path", f"/api/v1/products/{number}"),
        attribute("url.scheme", "https"), attribute("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101"),
        attribute("server.address", "shop.example.org"), attribute("server.port", 443),
        attribute("network.protocol.version", "1.1"), attribute("client.address", "203.0.113.7")]
    events = [{"name": "exception", "timeUnixNano": str(start_ns + 10),
               "attributes": [attribute("exception.message", f"no such product: {number % 1000}")]}]
    return {"traceId": TRACE, "spanId": f"{number + 1:016x}", "parentSpanId": f"{number // 4:016x}" if number >= 4 else "",
            "name": "GET /api/v1/products/{id}", "kind": 2, "startTimeUnixNano": str(start_ns),
            "endTimeUnixNano": str(start_ns + 1_000_000), "attributes": attributes,
            "events": events if number % 8 == 0 else [], "status": {"code": 1}}


def send_big_trace(server, spans):
    begin = time.time_ns() - 600 * 1_000_000_000
    resource = {"attributes": [attribute("service.name", "shop"), attribute("host.name", "node-17")]}
    for first in range(0, spans, SPANS_A_REQUEST):
        numbers = range(first, min(spans, first + SPANS_A_REQUEST))
        some = [make_span(number, begin + number * 1_000) for number in numbers]
        body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "http.server"}, "spans": some}]}]}
        request = urllib.request.Request(f"http://{server.addresses['otlp_http']}/v1/traces", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=120).read()


def least_cpu_s(server, address, path, accept):
    """Of asking once, and the bytes of the answer."""
    request = urllib.request.Request(f"http://{server.addresses[address]}{path}", headers={"Accept": accept})
    least, size = None, 0
    for _ in range(5):
        begin, times = server.cpu_s(), 0
        while times < 50 and (times == 0 or server.cpu_s() - begin < 0.2):
            with urllib.request.urlopen(request, timeout=300) as answer:
                size = len(answer.read())
            times += 1
        cpu_s = (server.cpu_s() - begin) / times
        least = cpu_s if least is None else min(least, cpu_s)
    return least, size


def measure(bin_dir, data, spans):
    """Rows of (what, figure, unit, bytes)."""
    with ServerProcess(bin_dir, data) as server:
        server.wait_until_settled()
        rows = []
        for what, address, path, accept in TRACES:
            cpu_s, size = least_cpu_s(server, address, path, accept)
            rows.append((what, cpu_s / spans * 1e6, "us a span", size))
        for key in VALUES:
            path = f"/api/v2/search/tag/{urllib.parse.quote(key)}/values"
            cpu_s, size = least_cpu_s(server, "tempo", path, "application/json")
            rows.append((f"values of {key}", cpu_s * 1e3, "ms", size))
        return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("bin_dir", type=pathlib.Path)
    parser.add_argument("--base", type=pathlib.Path)
    parser.add_argument("--spans", type=int, default=100_000)
    parser.add_argument("--others", type=int, default=1_000_000)
    parser.add_argument("--work", type=pathlib.Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.work) as folder:
        data = pathlib.Path(folder) / "data"
        with ServerProcess(arguments.base or arguments.bin_dir, data) as server:
            send_big_trace(server, arguments.spans)
            subprocess.run([arguments.bin_dir / "spandrel", "load", "--endpoint", server.addresses["otlp_grpc"], "--spans",
                            str(arguments.others), "--period", "4h"], check=True, stdout=subprocess.DEVNULL)
            server.wait_until_settled()
        base = measure(arguments.base, data, arguments.spans) if arguments.base else None
        print("| answer | base | this build | | bytes |\n|---|--:|--:|---|--:|")
        for i, (what, figure, unit, size) in enumerate(measure(arguments.bin_dir, data, arguments.spans)):
            before = f"{base[i][1]:.2f}" if base else ""
            print(f"| {what} | {before} | {figure:.2f} | {unit} | {size} |")


if __name__ == "__main__":
    main()
