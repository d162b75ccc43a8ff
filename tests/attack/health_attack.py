# SPDX-License-Identifier: Apache-2.0
"""Whether probes say the truth of a full disk, a directory that was removed, parts that cannot be written, full queues."""
import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from attack import Attack
from spandrel_process import Spandrel, otlp_request

SERVING = b"\0\0\0\0\x02\x08\x01"
NOT_SERVING = b"\0\0\0\0\x02\x08\x02"
WAIT_S = 30

COLLECTOR = """
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:0"}, http: {endpoint: "127.0.0.1:0"}}}}
exporters:
  otlp:
    endpoint: "127.0.0.1:9"
    tls: {insecure: true}
    sending_queue: {num_consumers: 1, queue_size: 2}
    retry_on_failure: {max_elapsed_time: 0}
service:
  pipelines: {traces: {receivers: [otlp], exporters: [otlp]}}
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: "127.0.0.1", port: 0}}}}]}}
"""


@contextlib.contextmanager
def small_disk(folder, size):
    """A file system of its own there; None where mounting is not permitted."""
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder],
                             capture_output=True, check=False)
    if mounted.returncode != 0:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def grpc_health(server, address):
    """The answer of grpc.health.v1.Health/Check for the server."""
    done = subprocess.run(["curl", "-sS", "--max-time", "10", "--http2-prior-knowledge", "-H", "content-type: application/grpc",
                           "-H", "te: trailers", "--data-binary", "@-",
                           f"http://{server.addresses[address]}/grpc.health.v1.Health/Check"],
                          input=b"\0\0\0\0\0", capture_output=True, check=True)
    return done.stdout


class HealthAttack(Attack):
    def wait_for(self, what, condition):
        deadline = time.monotonic() + WAIT_S
        while not condition():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.05)

    def status(self, server, path, address="http"):
        return server.request(address, path)[0]

    def expect(self, when, server, probes, address="http"):
        for path, wanted in probes.items():
            got = self.status(server, path, address)
            self.holds(f"{path} {when}", got, str(wanted), got == wanted)

    def expect_grpc(self, when, server, wanted, addresses=("otlp_grpc", "http")):
        for address in addresses:
            got = grpc_health(server, address)
            self.holds(f"gRPC health on {address} {when}", got.hex(), wanted.hex(), got == wanted)

    def test_the_data_directory_is_removed(self):
        with Spandrel() as server:
            self.assertEqual(server.send_json(otlp_request())[0], 200)
            self.expect("before", server, {"/health": 200, "/ready": 200})
            self.expect_grpc("before", server, SERVING)
            shutil.rmtree(server.data_dir)
            self.expect("without a directory", server,
                        {"/health": 503, "/ready": 503, "/ready/ingest": 503, "/ready/query": 200})
            self.expect_grpc("without a directory", server, NOT_SERVING)
            health = server.get_json("/api/ui/v1/status")["health"]
            self.holds("what the page is told", [part["level"] for part in health], "failed", health[0]["level"] == "failed")

    def test_the_disk_is_full_and_has_room_again(self):
        with tempfile.TemporaryDirectory() as folder, small_disk(pathlib.Path(folder) / "disk", "96m") as disk:
            if disk is None:
                self.skipTest("cannot mount a file system here")
            with Spandrel(data_dir=disk / "data") as server:
                self.assertEqual(server.send_json(otlp_request())[0], 200)
                ballast = disk / "ballast"
                with open(ballast, "wb", buffering=0) as out, contextlib.suppress(OSError):
                    while True:
                        out.write(b"b" * 4096)
                text = "a" * 1_000_000
                sent = 0
                while sent < 200:
                    sent += 1
                    request = otlp_request(trace_id=f"{sent:032x}", attributes=[{"key": "t", "value": {"stringValue": text}}])
                    if server.send_json(request)[0] == 503:
                        break
                self.expect("on a full disk", server, {"/health": 200, "/ready": 503, "/ready/query": 200})
                self.expect_grpc("on a full disk", server, NOT_SERVING)
                os.remove(ballast)
                # Nobody sends anything: whoever asks for readiness first must be told all the same.
                self.wait_for("ready again", lambda: self.status(server, "/ready") == 200)
                self.expect_grpc("with room again", server, SERVING)
                self.assertEqual(server.send_json(otlp_request())[0], 200)

    def test_parts_cannot_be_written(self):
        with tempfile.TemporaryDirectory() as folder:
            data = pathlib.Path(folder) / "data"
            data.mkdir()
            with small_disk(data / "parts", "64m") as parts:
                if parts is None:
                    self.skipTest("cannot mount a file system here")
                with Spandrel(data_dir=data) as server:
                    subprocess.run(["mount", "-o", "remount,ro", parts], check=True)
                    self.assertEqual(server.send_json(otlp_request())[0], 200)

                    def levels():
                        return [part["level"] for part in server.get_json("/api/ui/v1/status")["health"]]

                    self.wait_for("degraded", lambda: levels() == ["degraded"])
                    # Spans are safe in the log, and taken while there is room.
                    self.expect("with parts that are read-only", server, {"/health": 200, "/ready": 200})
                    subprocess.run(["mount", "-o", "remount,rw", parts], check=True)
                    self.wait_for("well again", lambda: levels() == ["ok"])

    def test_the_queue_of_a_collector_is_full(self):
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder) / "collector.yaml"
            config.write_text(COLLECTOR, encoding="utf-8")
            with Spandrel("--config", config, built_in=False) as server:
                self.expect("before", server, {"/health": 200, "/ready": 200}, "metrics")
                answers = [server.send_json(otlp_request())[0] for _ in range(4)]
                self.holds("answers", answers, "503 in the end", answers[-1] == 503)
                self.expect("with a full queue", server, {"/health": 200, "/ready": 503}, "metrics")
                self.expect_grpc("with a full queue", server, NOT_SERVING, ("otlp_grpc",))
