# SPDX-License-Identifier: Apache-2.0
"""`batch` between an application that has one request under way, as SDKs do, and a store or a queue. Its time-out is an hour: whoever
waited for it would wait for ever."""
import json
import pathlib
import tempfile
import unittest

from otlp_sink import Sink
from spandrel_process import Spandrel, run

SPANS = 20 * 512

CONFIG = """
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:0"}}}}}}}}
processors: {{batch: {{timeout: 1h}}}}
exporters:
  store: {{store: store}}
  otlphttp: {{endpoint: "{sink}", compression: none, sending_queue: {queue}}}
extensions:
  store: {{directory: {folder}/data, durability: os}}
  query: {{endpoint: "127.0.0.1:0", store: store}}
service:
  extensions: [store, query]
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{traces: {{receivers: [otlp], processors: [batch], exporters: [{exporter}]}}}}
"""


class BatchTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="spandrel-batch-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def serve(self, exporter, sink="http://127.0.0.1:1", queue="{}"):
        config = self.folder / "config.yaml"
        config.write_text(CONFIG.format(folder=self.folder, exporter=exporter, sink=sink, queue=queue))
        return Spandrel("--config", config, built_in=False)

    def load(self, server):
        done = run("load", "--json", "--endpoint", server.addresses["otlp_grpc"], "--spans", SPANS, "--spans-per-request", 512,
                   "--in-flight", 1, "--period", "60s", timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["acknowledged"], SPANS)

    def test_a_store_is_not_waited_for_by_the_clock(self):
        with self.serve("store") as server:
            self.load(server)
            traces = server.get_json("/api/ui/v1/search?limit=5000")["traces"]
            self.assertEqual(sum(trace["spanCount"] for trace in traces), SPANS)

    def test_a_queue_answers_at_once_and_gets_whole_batches(self):
        with Sink() as sink:
            with self.serve("otlphttp", sink.url) as server:
                self.load(server)
                first = len(sink.wait_for(1)[0][1])
            bodies = [body for _, body in sink.bodies]
            self.assertEqual(len(bodies), 2, "the first 8,192 spans, and at the end what was left")
            self.assertGreater(first, sum(map(len, bodies)) / 2)

    def test_a_peer_that_is_waited_for_is_not_waited_for_by_the_clock(self):
        with Sink() as sink, self.serve("otlphttp", sink.url, "{enabled: false}") as server:
            self.load(server)
            self.assertEqual(len(sink.bodies), SPANS // 512, "one request is under way at a time")


if __name__ == "__main__":
    unittest.main()
