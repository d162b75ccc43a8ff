# SPDX-License-Identifier: Apache-2.0
"""Retention by policy through the real binary: what stays, and that what is counted stays right."""
import json
import pathlib
import re
import tempfile
import time
import unittest
import urllib.parse

from spandrel_process import Spandrel, otlp_request, run

TRACES = 2000
FAILED = range(0, TRACES, 100)
KEEP_ONE_IN = 10
RETENTION = "extensions.store.retention"
POLICY = ("--set", f"{RETENTION}.keep_whole_for=1m", "--set", f"{RETENTION}.then.keep_errors=true",
          "--set", f"{RETENTION}.then.keep_one_in={KEEP_ONE_IN}")
START_NS = time.time_ns() - 2 * 3600 * 10**9
ALL = {"from": str(START_NS - 10**9), "to": str(START_NS + 3600 * 10**9)}


def trace_id(number):
    return f"{number * 0x9E3779B97F4A7C15 + 1:032x}"


def requests():
    """Traces of a page that asks a database, many in a request."""
    for first in range(0, TRACES, 200):
        request = {"resourceSpans": []}
        for number in range(first, first + 200):
            start = START_NS + number * 10**6
            status = {"code": 2} if number in FAILED else {}
            request["resourceSpans"] += otlp_request(trace_id(number), f"{1:016x}", "page", start_ns=start)["resourceSpans"]
            request["resourceSpans"] += otlp_request(trace_id(number), f"{2:016x}", "db", start_ns=start + 1000, status=status,
                                                     parentSpanId=f"{1:016x}")["resourceSpans"]
        yield request


class Answers:
    """What the page and Jaeger's API say of all traces."""

    def __init__(self, server):
        overview = server.get_json("/api/ui/v1/overview?" + urllib.parse.urlencode({**ALL, "columns": 10}))
        self.overview = (int(overview["traceCount"]), int(overview["errorCount"]))
        services = server.get_json("/api/ui/v1/dependencies?" + urllib.parse.urlencode(ALL))
        self.services = {service["name"]: (int(service["spanCount"]), int(service["errorCount"]))
                         for service in services["services"]}
        end_ms = START_NS // 10**6 + 3600_000
        calls = server.get_json(f"/api/dependencies?endTs={end_ms}&lookback={2 * 3600_000}")["data"]
        self.calls = [(call["parent"], call["child"], int(call["callCount"])) for call in calls]

    def as_tuple(self):
        return self.overview, self.services, self.calls


def policy_drops(server):
    metrics = server.request("http", "/metrics")[2].decode()
    found = re.search(r'^spandrel_store_expired_spans_total\{[^}]*reason="policy"[^}]*\} (\d+)', metrics, re.M)
    return int(found.group(1))


class RetentionTest(unittest.TestCase):
    def test_counts_stay_right_when_traces_go(self):
        with tempfile.TemporaryDirectory() as folder:
            with Spandrel(data_dir=folder) as server:
                for request in requests():
                    self.assertEqual(server.send_json(request)[0], 200)
                before = Answers(server)
            self.assertEqual(before.overview, (TRACES, len(FAILED)))
            with Spandrel(*POLICY, data_dir=folder) as server:
                deadline = time.monotonic() + 60
                while policy_drops(server) == 0:
                    self.assertLess(time.monotonic(), deadline, server.log())
                dropped = policy_drops(server)
                after = Answers(server)
                stored = [number for number in range(TRACES)
                          if server.request("http", f"/api/traces/{trace_id(number)}")[0] == 200]
                for number in FAILED:
                    spans = server.get_json(f"/api/traces/{trace_id(number)}")["data"][0]["spans"]
                    self.assertEqual(len(spans), 2)
            self.assert_counts_stand_for_all(before, after, stored, dropped)
            with Spandrel(data_dir=folder) as server:
                self.assertEqual(Answers(server).as_tuple(), after.as_tuple(), "kept on disk")
            self.assert_stat_tells(folder, after, dropped)
            self.assert_export_tells(folder, after)

    def assert_counts_stand_for_all(self, before, after, stored, dropped):
        self.assertTrue(set(FAILED) <= set(stored))
        self.assertEqual(dropped, 2 * (TRACES - len(stored)))
        counted = len(FAILED) + KEEP_ONE_IN * (len(stored) - len(FAILED))
        self.assertEqual(after.overview, (counted, len(FAILED)))
        self.assertEqual(after.services, {"page": (counted, 0), "db": (counted, len(FAILED))})
        self.assertEqual(after.calls, [("page", "db", counted)])
        self.assertEqual(before.calls, [("page", "db", TRACES)])
        self.assertLess(abs(counted / TRACES - 1), 0.2)

    def assert_stat_tells(self, folder, after, dropped):
        facts = json.loads(run("store", "stat", folder, "--json").stdout)
        self.assertEqual(facts["countedSpans"], 2 * after.overview[0])
        self.assertEqual(sum(part["droppedSpans"] for part in facts["parts"]), dropped)
        self.assertIn("dropped by policy", run("store", "stat", folder).stdout)

    def assert_export_tells(self, folder, after):
        with tempfile.TemporaryDirectory() as elsewhere:
            done = run("store", "export", folder, "--output", pathlib.Path(elsewhere) / "spans.otlp")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"stand for {2 * after.overview[0]:,} spans", done.stderr)

    def test_mistakes_are_reported_with_their_places(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "config.yaml"
            file.write_text("receivers:\n  otlp:\n    protocols:\n      grpc:\n"
                            "exporters:\n  store:\n    directory: x\n    retention:\n"
                            "      keep_whole_for: 24h\n      then:\n        keep_erors: true\n"
                            "service:\n  pipelines:\n    traces:\n      receivers: [otlp]\n      exporters: [store]\n",
                            encoding="utf-8")
            done = run("validate", "--config", file)
            self.assertNotEqual(done.returncode, 0)
            text = (done.stdout + done.stderr).replace(str(file), "FILE")
            self.assertIn("did you mean 'keep_errors'", text)
            self.assertRegex(text, r"FILE:11:9\b")
            self.assertIn("'keep_one_in' is missing", text)


if __name__ == "__main__":
    unittest.main()
