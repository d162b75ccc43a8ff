# SPDX-License-Identifier: Apache-2.0
"""Traces, metrics and logs pass through two collectors unchanged: HTTP in, gRPC out; gRPC in, HTTP out."""
import json
import pathlib
import tempfile
import unittest

from otlp_sink import Sink, field, fixed64, request, span, varint
from spandrel_process import Spandrel, run

METRIC = (field(1, "cpu") + field(5, field(1, fixed64(3, 5) + varint(6 << 3 | 1) + (7).to_bytes(8, "little"))
                                  + field(1, fixed64(3, 6) + varint(6 << 3 | 1) + (8).to_bytes(8, "little"))))
LOG = fixed64(1, 5) + field(3, "WARN") + field(5, field(1, "disk is nearly full"))
RESOURCE = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
METRIC_JSON = {"resourceMetrics": [{"resource": RESOURCE, "scopeMetrics": [{"metrics": [{"name": "cpu", "gauge": {
    "dataPoints": [{"timeUnixNano": "5", "asInt": "7"}, {"timeUnixNano": 6, "asInt": 8}]}}]}]}]}
LOG_JSON = {"resourceLogs": [{"resource": RESOURCE, "scopeLogs": [{"logRecords": [
    {"timeUnixNano": "5", "severityText": "WARN", "body": {"stringValue": "disk is nearly full"}}]}]}]}

METRICS_LISTENER = ("  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: "
                    "{host: 127.0.0.1, port: 0}}}}]}}\n")


def pipelines(receivers, processors, exporters):
    return "".join(f"    {signal}: {{receivers: [{receivers}], processors: [{processors}], exporters: [{exporters}]}}\n"
                   for signal in ("traces", "metrics", "logs"))


class Signals(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="spandrel-signals-")
        self.addCleanup(self.folder.cleanup)

    def write(self, name, text):
        path = pathlib.Path(self.folder.name) / name
        path.write_text(text, encoding="utf-8")
        return path

    def back_config(self, sink):
        return self.write("back.yaml", "receivers: {otlp: {protocols: {grpc: {endpoint: 127.0.0.1:0}}}}\n"
                          "processors: {batch: {timeout: 10ms}}\n"
                          f"exporters: {{otlphttp: {{endpoint: '{sink.url}', compression: none}}}}\n"
                          "connectors: {forward: }\n"
                          "service:\n  telemetry: {metrics: {level: none}}\n  pipelines:\n"
                          + pipelines("otlp", "batch", "otlphttp"))

    def front_config(self, address):
        return self.write("front.yaml", "receivers: {otlp: {protocols: {http: {endpoint: 127.0.0.1:0}}}}\n"
                          f"exporters:\n  otlp: {{endpoint: '{address}', tls: {{insecure: true}}}}\n"
                          "  debug: {verbosity: detailed}\n"
                          "connectors: {forward: }\n"
                          "service:\n" + METRICS_LISTENER + "  pipelines:\n"
                          + pipelines("otlp", "", "forward, debug")
                          + pipelines("forward", "", "otlp").replace("traces:", "traces/out:")
                          .replace("metrics:", "metrics/out:").replace("logs:", "logs/out:"))

    def test_bytes_pass_unchanged(self):
        requests = {"/v1/traces": request(span(1)), "/v1/metrics": request(METRIC), "/v1/logs": request(LOG)}
        with Sink() as sink, Spandrel("--config", self.back_config(sink), built_in=False) as back, \
                Spandrel("--config", self.front_config(back.addresses["otlp_grpc"]), built_in=False) as front:
            for count, (path, body) in enumerate(requests.items(), 1):
                status, _, answer = front.request("otlp_http", path, body, {"Content-Type": "application/x-protobuf"})
                self.assertEqual((status, answer), (200, b""))
                self.assertEqual(sink.wait_for(count)[-1], (path, body))
            for count, (path, body, expected) in enumerate((("/v1/metrics", METRIC_JSON, request(METRIC)),
                                                            ("/v1/logs", LOG_JSON, request(LOG))), 4):
                status, _, answer = front.request("otlp_http", path, json.dumps(body).encode(),
                                                  {"Content-Type": "application/json"})
                self.assertEqual((status, answer), (200, b"{}"))
                self.assertEqual(sink.wait_for(count)[-1], (path, expected))
            _, _, text = front.request("metrics", "/metrics")
            for line in (b'otelcol_receiver_accepted_metric_points{receiver="otlp",transport="http"} 4\n',
                         b'otelcol_receiver_accepted_log_records{receiver="otlp",transport="http"} 2\n',
                         b'otelcol_receiver_accepted_spans{receiver="otlp",transport="http"} 1\n',
                         b'otelcol_exporter_sent_metric_points{exporter="otlp"} 4\n'):
                self.assertIn(line, text)
            self.assertIn("disk is nearly full", front.log())
            status, _, _ = front.request("otlp_http", "/v1/logs", b"\xff", {"Content-Type": "application/x-protobuf"})
            self.assertEqual(status, 400)

    def test_a_component_that_lacks_the_signal_is_named(self):
        config = self.write("c.yaml", "receivers: {otlp: {protocols: {grpc: }}}\n"
                            "exporters: {jaeger: {endpoint: 'a:1'}}\n"
                            "service: {pipelines: {logs: {receivers: [otlp], exporters: [jaeger]}}}\n")
        outcome = run("validate", "--config", config)
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("c.yaml:3:61: service::pipelines::logs::exporters: exporter 'jaeger' does not handle logs",
                      outcome.stderr)


if __name__ == "__main__":
    unittest.main()
