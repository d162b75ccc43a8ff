# SPDX-License-Identifier: Apache-2.0
"""The configuration is read again while spans come in: what changed is replaced, nothing else, and nobody is refused."""
import http.client
import os
import pathlib
import signal
import tempfile
import threading
import time
import unittest

from otlp_sink import Sink, request, span
from spandrel_process import Spandrel

HEAD = ("receivers: {otlp: {protocols: {http: {endpoint: 127.0.0.1:0}}}}\n"
        "processors: {batch: {timeout: 5ms}}\n")
SERVICE = ("service:\n"
           "  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: 0}}}}]}}\n"
           "  pipelines: {traces: {receivers: [otlp], processors: [batch], exporters: [otlphttp]}}\n")


class Load:
    """Threads that send one span after another over kept connections and count the answers by status."""

    def __init__(self, address, threads=4):
        self.statuses = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._address = address
        self._threads = [threading.Thread(target=self._send, args=(i,)) for i in range(threads)]

    def _send(self, number):
        connection = http.client.HTTPConnection(self._address, timeout=30)
        next_id = number << 32 | 1
        while not self._stop.is_set():
            connection.request("POST", "/v1/traces", request(span(next_id)), {"Content-Type": "application/x-protobuf"})
            response = connection.getresponse()
            response.read()
            with self._lock:
                self.statuses[response.status] = self.statuses.get(response.status, 0) + 1
            next_id += 1
        connection.close()

    def sent(self):
        with self._lock:
            return sum(self.statuses.values())

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()


def spans_in(bodies):
    return sum(body.count(b"operation") for _, body in bodies)


class Reload(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="spandrel-reload-")
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "c.yaml"

    def write(self, url, more=""):
        exporter = f"exporters: {{otlphttp: {{endpoint: '{url}', compression: none{more}}}}}\n"
        self.path.write_text(HEAD + exporter + SERVICE, encoding="utf-8")

    def wait_for_log(self, server, text):
        deadline = time.monotonic() + 30
        while text not in server.log():
            self.assertLess(time.monotonic(), deadline, server.log())
            time.sleep(0.02)

    def test_a_changed_exporter_under_load(self):
        with Sink() as first, Sink() as second:
            self.write(first.url)
            with Spandrel("--config", self.path, built_in=False) as server:
                with Load(server.addresses["otlp_http"]) as load:
                    for round_number in range(6):
                        target = load.sent() + 100
                        while load.sent() < target:
                            time.sleep(0.005)
                        self.write((second if round_number % 2 == 0 else first).url)
                        if round_number < 5:
                            status, _, body = server.request("metrics", "/-/reload", b"", method="POST")
                            self.assertEqual((status, body), (200, b"reloaded\n"))
                        else:
                            os.kill(server.process.pid, signal.SIGHUP)
                    self.wait_for_log(server, "reload: 1 components kept, 2 started, 2 stopped")
                    target = load.sent() + 100
                    while load.sent() < target:
                        time.sleep(0.005)
                self.assertEqual(list(load.statuses), [200])
                deadline = time.monotonic() + 30
                while spans_in(first.bodies) + spans_in(second.bodies) < load.sent():
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.02)
            self.assertEqual(spans_in(first.bodies) + spans_in(second.bodies), load.sent())
            self.assertGreater(spans_in(first.bodies), 0)
            self.assertGreater(spans_in(second.bodies), 0)

    def test_a_wrong_file_changes_nothing(self):
        with Sink() as sink:
            self.write(sink.url)
            with Spandrel("--config", self.path, built_in=False) as server:
                self.write(sink.url, ", endpont: x")
                status, _, body = server.request("metrics", "/-/reload", b"", method="POST")
                self.assertEqual(status, 400)
                wrong = f"{self.path}:3:"
                self.assertIn(f"{wrong}", body.decode())
                self.assertIn("unknown key 'endpont'; did you mean 'endpoint'?", body.decode())
                os.kill(server.process.pid, signal.SIGHUP)
                self.wait_for_log(server, "unknown key 'endpont'")
                status, _, _ = server.request("otlp_http", "/v1/traces", request(span(1)),
                                              {"Content-Type": "application/x-protobuf"})
                self.assertEqual(status, 200)
                self.assertEqual(spans_in(sink.wait_for(1)), 1)

    def test_only_programs_on_this_machine_may_ask(self):
        with Sink() as sink:
            self.write(sink.url)
            with Spandrel("--config", self.path, built_in=False) as server:
                self.assertEqual(server.request("metrics", "/-/reload")[0], 405)
                status, _, _ = server.request("metrics", "/-/reload", b"", {"Origin": "http://evil.example"},
                                              method="POST")
                self.assertEqual(status, 403)


if __name__ == "__main__":
    unittest.main()
