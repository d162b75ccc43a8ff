# SPDX-License-Identifier: Apache-2.0
"""The all-in-one as its user meets it: start, send, ask, stop, start again."""
import gzip
import json
import pathlib
import signal
import socket
import tempfile
import unittest

from spandrel_process import Spandrel, otlp_request, run

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


class AllInOneTest(unittest.TestCase):
    def test_a_span_sent_is_a_span_found(self):
        with Spandrel() as server:
            status, headers, _ = server.send_json(otlp_request())
            self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
            self.assertEqual(server.get_json("/api/ui/v1/services")["services"], ["test"])
            traces = server.get_json("/api/ui/v1/search?service=test")["traces"]
            self.assertEqual([trace["traceId"] for trace in traces], [TRACE_ID])
            jaeger = server.get_json(f"/api/traces/{TRACE_ID}")["data"][0]
            self.assertEqual(jaeger["spans"][0]["operationName"], "operation")
            self.assertEqual(server.get_json("/api/v3/services"), {"services": ["test"]})

    def test_spans_outlive_the_process(self):
        with tempfile.TemporaryDirectory() as folder:
            with Spandrel(data_dir=folder) as server:
                self.assertEqual(server.send_json(otlp_request())[0], 200)
                self.assertEqual(server.stop(signal.SIGINT), 0)
            with Spandrel(data_dir=folder) as server:
                self.assertEqual(len(server.get_json(f"/api/traces/{TRACE_ID}")["data"]), 1)

    def test_an_acknowledged_span_outlives_kill_9(self):
        with tempfile.TemporaryDirectory() as folder:
            with Spandrel(data_dir=folder) as server:
                self.assertEqual(server.send_json(otlp_request())[0], 200)
                server.stop(signal.SIGKILL)
            with Spandrel(data_dir=folder) as server:
                self.assertEqual(len(server.get_json(f"/api/traces/{TRACE_ID}")["data"]), 1)

    def test_serves_page_metrics_and_health(self):
        with Spandrel() as server:
            server.send_json(otlp_request())
            status, headers, body = server.request("http", "/")
            self.assertEqual(status, 200)
            self.assertIn("default-src 'self'", headers["Content-Security-Policy"])
            self.assertIn(b"<!doctype html>", body.lower())
            self.assertEqual(server.request("http", "/health")[0], 200)
            metrics = server.request("http", "/metrics")[2].decode()
            self.assertRegex(metrics, r'otelcol_receiver_accepted_spans\{[^}]*receiver="otlp"[^}]*\} 1')

    def test_malformed_requests_are_refused_and_store_nothing(self):
        with Spandrel() as server:
            json_type = {"Content-Type": "application/json"}
            proto_type = {"Content-Type": "application/x-protobuf"}
            for body, headers in ((b"{", json_type), (b"\x0a\xff", proto_type), (b"[]", json_type)):
                status, _, answer = server.request("otlp_http", "/v1/traces", body, headers)
                self.assertEqual(status, 400, body)
                self.assertTrue(answer)
            self.assertEqual(server.request("otlp_http", "/v1/traces", b"x", {"Content-Type": "text/xml"})[0], 415)
            self.assertEqual(server.request("otlp_http", "/v1/traces", method="GET")[0], 405)
            self.assertEqual(server.get_json("/api/ui/v1/services")["services"], [])

    def test_bad_ids_are_rejected_one_by_one(self):
        request = otlp_request()
        spans = request["resourceSpans"][0]["scopeSpans"][0]["spans"]
        spans.append(dict(spans[0], traceId="00" * 16))
        spans.append(dict(spans[0], spanId="abcd"))
        with Spandrel() as server:
            status, _, body = server.send_json(request)
            self.assertEqual(status, 200)
            partial = json.loads(body)["partialSuccess"]
            self.assertEqual(int(partial["rejectedSpans"]), 2)
            self.assertTrue(partial["errorMessage"])
            self.assertEqual(len(server.get_json(f"/api/traces/{TRACE_ID}")["data"][0]["spans"]), 1)

    def test_a_gzip_bomb_is_refused(self):
        bomb = gzip.compress(b"\0" * (256 << 20), compresslevel=9)
        with Spandrel() as server:
            status, _, _ = server.request("otlp_http", "/v1/traces", bomb,
                                          {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"})
            self.assertEqual(status, 413)
            status_text = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
            peak_kib = int(next(line for line in status_text.splitlines() if line.startswith("VmHWM")).split()[1])
            self.assertLess(peak_kib, 160 << 10)


class StartFailureTest(unittest.TestCase):
    def assert_fails(self, result, *texts):
        self.assertNotEqual(result.returncode, 0)
        for text in texts:
            self.assertIn(text, result.stderr)
        self.assertLessEqual(len(result.stderr.strip().splitlines()), 3, result.stderr)

    def test_port_in_use(self):
        with socket.socket() as taken, tempfile.TemporaryDirectory() as folder:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            result = run("--data-dir", folder, "--otlp-grpc", address, "--otlp-http", "127.0.0.1:0",
                         "--http", "127.0.0.1:0", "--tempo", "127.0.0.1:0")
            self.assert_fails(result, address, "in use")

    def test_data_directory_held_by_another_process(self):
        with Spandrel() as server:
            result = run("--data-dir", server.data_dir, "--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0",
                         "--http", "127.0.0.1:0", "--tempo", "127.0.0.1:0")
            self.assert_fails(result, str(server.data_dir), "held")
            self.assertEqual(server.send_json(otlp_request())[0], 200)

    def test_data_directory_that_cannot_be_made(self):
        with tempfile.NamedTemporaryFile() as file:
            result = run("--data-dir", f"{file.name}/data", "--otlp-grpc", "127.0.0.1:0",
                         "--otlp-http", "127.0.0.1:0", "--http", "127.0.0.1:0", "--tempo", "127.0.0.1:0")
            self.assert_fails(result, f"{file.name}/data")

    def test_unknown_flag_and_flags_that_do_not_go_together(self):
        self.assertNotEqual(run("--no-such-flag").returncode, 0)
        self.assertNotEqual(run("--config", "x.yaml", "--data-dir", "y").returncode, 0)


class ConfigCommandTest(unittest.TestCase):
    ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

    def validate(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(text)
            file.flush()
            result = run("validate", "--config", file.name)
            return result.returncode, (result.stdout + result.stderr).replace(file.name, "FILE")

    def test_the_tutorial_configuration_is_valid(self):
        result = run("validate", "--config", self.ROOT / "examples/collector.yaml")
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_all_mistakes_are_reported_at_once_with_their_places(self):
        status, text = self.validate(
            "receivers:\n  otlp:\n    protocols:\n      grpc:\n        endpont: localhost:0\n"
            "exporters:\n  jager:\n    endpoint: x:1\n  debug:\n"
            "service:\n  pipelines:\n    traces:\n      receivers: [otlp]\n      exporters: [debug, nosuch]\n")
        self.assertNotEqual(status, 0)
        for expected in ("FILE:5:9", "endpoint", "FILE:7:3", "jaeger", "FILE:14", "nosuch"):
            self.assertIn(expected, text)

    def test_lists_components_and_prints_the_built_in_configuration(self):
        components = run("components").stdout
        for name in ("otlp", "batch", "jaeger", "debug", "store"):
            self.assertIn(name, components)
        self.assertIn("spandrel-data", run("print-config").stdout)


if __name__ == "__main__":
    unittest.main()
