# SPDX-License-Identifier: Apache-2.0
"""What a disk or an operator may do to a data directory while the server uses it."""
import json
import pathlib
import random
import shutil
import tempfile
import threading
import time

from attack import Attack, sized
from spandrel_process import Spandrel, otlp_request, run

SENDERS = 4
SPANS = (5_000, 1_000_000)
FAR_AHEAD_US = 4_102_444_800_000_000  # the load has spans that start a little later than now
HEADER = "x-spandrel-unreadable-spans"


class Load:
    """Senders that post one span after the other and note when each was acknowledged."""

    def __init__(self, server):
        self._server = server
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.acknowledged = []  # when
        self.refusals = {}  # HTTP status to how many
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def _send(self, number):
        sent = 0
        while not self._stop.is_set():
            sent += 1
            request = otlp_request(trace_id=f"{number:016x}{sent:016x}", span_id=f"{sent:016x}")
            status, _, _ = self._server.send_json(request)
            with self._lock:
                if status == 200:
                    self.acknowledged.append(time.monotonic())
                else:
                    self.refusals[status] = self.refusals.get(status, 0) + 1

    def wait_for(self, condition, timeout_s=30):
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            with self._lock:
                if condition(self):
                    return
            time.sleep(0.01)
        raise AssertionError("nothing came of the load")

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()


class DamageAttack(Attack):
    def test_the_data_directory_is_removed_under_load(self):
        with tempfile.TemporaryDirectory() as folder:
            data = pathlib.Path(folder) / "data"
            with Spandrel(data_dir=data) as server:
                load = Load(server)
                load.wait_for(lambda load: len(load.acknowledged) >= sized(200, 5_000))
                shutil.rmtree(data)
                removed = time.monotonic()
                load.wait_for(lambda load: sum(load.refusals.values()) >= 20)
                load.stop()
                late = sum(1 for when in load.acknowledged if when > removed)
                self.at_most("requests acknowledged after the directory was removed", late, SENDERS)
                self.holds("answers to the rest", load.refusals, "503 only", set(load.refusals) == {503})
                lines = [line for line in server.log().splitlines() if "was removed or moved away" in line]
                self.at_most("log lines that say it", len(lines), 4)

    def stored(self, folder):
        """A data directory with parts, and what Jaeger's search of each service gives of it."""
        data = pathlib.Path(folder) / "data"
        with Spandrel(data_dir=data) as server:
            spans = sized(*SPANS)
            done = run("load", "--endpoint", server.addresses["otlp_grpc"], "--spans", spans, "--rate", 0, timeout=600)
            self.assertEqual(done.returncode, 0, done.stderr)
            services = server.get_json("/api/services")["data"][:sized(4, 20)]
        with Spandrel(data_dir=data) as server:
            return data, self.search(server, services)

    def search(self, server, services):
        """{service: (HTTP status, what an answer says it lacks, ids of the traces found)}"""
        found = {}
        for service in services:
            status, _, body = server.request("http", f"/api/traces?service={service}&limit={sized(40, 300)}&start=0&end={FAR_AHEAD_US}")
            answer = json.loads(body)
            found[service] = (status, answer["errors"], {trace["traceID"] for trace in answer["data"] or []})
        return found

    def test_bits_flip_in_parts(self):
        with tempfile.TemporaryDirectory() as folder:
            data, before = self.stored(folder)
            choose = random.Random(12)
            flipped = 0
            for part in sorted((data / "parts").glob("*.part")):
                content = bytearray(part.read_bytes())
                # As dense as a thousand in a store of ten million spans.
                for at in choose.sample(range(len(content)), max(3, len(content) // 360_000)):
                    content[at] ^= 1 << choose.randrange(8)
                    flipped += 1
                part.write_bytes(content)
            with Spandrel(data_dir=data) as server:
                after = self.search(server, before)
                lost = server.get_json("/api/ui/v1/status")["metrics"]
                lost = sum(m["value"] for m in lost if m["name"] == "spandrel_store_unreadable_spans_total")
            statuses = {status for status, _, _ in after.values()}
            self.holds("status of searches", statuses, "200", statuses == {200})
            wrong = sum(1 for service in before if after[service][2] != before[service][2] and not after[service][1])
            self.at_most("answers that lack something and do not say so", wrong, 0)
            self.at_most(f"spans hidden by each of {flipped} flips", lost / flipped, 4096)

    def test_a_piece_of_a_part_is_gone(self):
        with tempfile.TemporaryDirectory() as folder:
            data, before = self.stored(folder)
            part = max((data / "parts").glob("*.part"), key=lambda path: path.stat().st_size)
            content = bytearray(part.read_bytes())
            middle = len(content) // 4
            content[middle:middle + 65_536] = bytes(65_536)
            part.write_bytes(content)
            verified = run("store", "verify", data, timeout=600)
            self.holds("status of store verify", verified.returncode, "1", verified.returncode == 1)
            with Spandrel(data_dir=data) as server:
                for _ in range(3):
                    after = self.search(server, before)
                    statuses = {status for status, _, _ in after.values()}
                    self.holds("status of searches", statuses, "200", statuses == {200})
                _, headers, _ = server.request("http", "/api/ui/v1/search?from=0&to=now&limit=5000")
                metrics = server.get_json("/api/ui/v1/status")["metrics"]
            lost = sum(m["value"] for m in metrics if m["name"] == "spandrel_store_unreadable_spans_total")
            wrong = sum(1 for service in before if after[service][2] != before[service][2] and not after[service][1])
            self.at_most("answers that lack something and do not say so", wrong, 0)
            self.holds("spans that the page says are missing", headers[HEADER], "each once", float(headers[HEADER] or 0) == lost)
