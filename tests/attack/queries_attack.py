# SPDX-License-Identifier: Apache-2.0
"""Questions that want everything: they end when they should, and others are answered beside them."""
import json
import pathlib
import signal
import socket
import threading
import time

import bombs
import grpc_client
from attack import Attack, peak_rss_mib, sized
from memory_attack import at_once, send
from spandrel_process import Spandrel, run

DEAR = "/api/traces?limit=10000&lookback=24h"
CHEAP = "/api/services"
GRPC = "/jaeger.api_v3.QueryService/"


def timestamp(seconds):
    return bombs.varint(1 << 3) + bombs.varint(int(seconds))


def find_traces(service):
    """A FindTracesRequest for all traces of a service."""
    query = bombs.field(1, service.encode()) + bombs.field(4, timestamp(0)) + bombs.field(5, timestamp(time.time() + 3600))
    return bombs.field(1, query + bombs.varint(8 << 3) + bombs.varint(10_000))


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def percentile(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))] if times else float("inf")


class QueriesAttack(Attack):
    def loaded(self, server, spans):
        done = run("load", "--json", "--endpoint", server.addresses["otlp_grpc"], "--spans", spans, "--period", "10m", timeout=600)
        self.assertEqual(done.returncode, 0, done.stderr)

    def metric(self, server, text):
        lines = server.request("http", "/metrics")[2].decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(text))

    def beside(self, server, dear, cheap, ingest_seconds):
        """(times of cheap questions, spans a second that were stored) while `dear` is asked by many."""
        stop = threading.Event()
        ingested = []

        def ask_dear():
            while not stop.is_set():
                dear()

        def ingest():
            began = time.monotonic()
            done = run("load", "--json", "--endpoint", server.addresses["otlp_grpc"], "--spans", sized(20_000, 400_000),
                       "--rate", sized(10_000, 20_000), timeout=600)
            ingested.append(json.loads(done.stdout)["acknowledged"] / (time.monotonic() - began))
        askers = [threading.Thread(target=ask_dear) for _ in range(sized(20, 200))]
        sender = threading.Thread(target=ingest)
        for thread in (*askers, sender):
            thread.start()
        times = []
        while sender.is_alive():
            began = time.monotonic()
            if not cheap():
                times.append(float("inf"))
            times.append(time.monotonic() - began)
            time.sleep(0.05)
        stop.set()
        for thread in (*askers, sender):
            thread.join()
        return times, ingested[0]

    def cheap_beside_dear(self, dear_of, cheap_of, name):
        with Spandrel("--memory-mib", 256) as server:
            self.loaded(server, sized(30_000, 300_000))
            service = server.get_json(CHEAP)["data"][0]
            times, rate = self.beside(server, dear_of(server, service), cheap_of(server), sized(2, 20))
            wanted = sized(10_000, 20_000)
            self.at_most(f"cheap question p99 beside dear ones, {name}", percentile(times, 0.99) * 1000, sized(3000, 250), "ms")
            self.at_least(f"ingest meanwhile, of {wanted} spans/s, {name}", 100 * rate / wanted, sized(30, 90), "%")

    def test_cheap_questions_beside_dear_ones(self):
        self.cheap_beside_dear(
            lambda server, _: lambda: send(server.addresses["http"], "GET", DEAR, {}, None),
            lambda server: lambda: send(server.addresses["http"], "GET", CHEAP, {}, None) == 200, "HTTP")

    def test_cheap_questions_beside_dear_ones_over_grpc(self):
        self.cheap_beside_dear(
            lambda server, service: lambda: grpc_client.call(server.addresses["http"], GRPC + "FindTraces", find_traces(service)),
            lambda server: lambda: grpc_client.call(server.addresses["http"], GRPC + "GetServices") is not None, "gRPC")

    def test_clients_that_leave(self):
        """Nobody works for who has gone: what they asked ends, and the next one is answered."""
        with Spandrel("--memory-mib", 256) as server:
            self.loaded(server, sized(30_000, 300_000))
            host, port = server.addresses["http"].rsplit(":", 1)
            gone = []
            for _ in range(60):
                reader = socket.create_connection((host, int(port)))
                reader.sendall(f"GET {DEAR} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                gone.append(reader)
            time.sleep(0.5)
            for reader in gone:
                reader.close()
            began = time.monotonic()
            self.assertEqual(send(server.addresses["http"], "GET", CHEAP, {}, None), 200)
            self.at_most("the next question", time.monotonic() - began, sized(3, 0.25), "s")
            deadline = time.monotonic() + sized(10, 2)
            used = cpu_seconds(server.process.pid)
            while time.monotonic() < deadline:
                time.sleep(0.5)
                now = cpu_seconds(server.process.pid)
                if now - used < 0.1:
                    break
                used = now
            self.holds("work for those who have gone ends", now - used < 0.1, "yes", now - used < 0.1)

    def test_a_deadline_ends_a_question(self):
        with Spandrel("--memory-mib", 256, "--query-timeout", "1s") as server:
            self.loaded(server, sized(60_000, 600_000))
            for name, path in (("traces", DEAR + "&minDuration=1ns"), ("overview", "/api/ui/v1/overview?columns=1000")):
                began = time.monotonic()
                send(server.addresses["http"], "GET", path, {"X-Query-Timeout": "50ms"}, None)
                self.at_most(f"{name} with 50 ms", time.monotonic() - began, sized(2, 0.25), "s")
            began = time.monotonic()
            service = server.get_json(CHEAP)["data"][0]
            grpc_client.call(server.addresses["http"], GRPC + "FindTraces", find_traces(service), [("grpc-timeout", "50m")])
            self.at_most("FindTraces with 50 ms", time.monotonic() - began, sized(2, 0.25), "s")
            self.at_least("ended by their deadline",
                          self.metric(server, 'spandrel_api_cancelled_queries_total{reason="deadline"}'), 1)

    def test_regular_expressions(self):
        """100 conditions that are as large as can be, on an empty store and by many."""
        path = next(path for path in bombs.questions([]) if "search" in path and "pL" in path)
        with Spandrel("--memory-mib", 256) as server:
            used = cpu_seconds(server.process.pid)
            statuses = at_once(sized(5, 50), lambda: send(server.addresses["http"], "GET", path, {}, None))
            used = cpu_seconds(server.process.pid) - used
            self.at_most(f"CPU of a question ({sorted(set(statuses))})", used / len(statuses), 1.0, "s")
            self.at_most("peak RSS", peak_rss_mib(server.process.pid), 256, "MiB")

    def test_sigterm_beside_dear_questions(self):
        with Spandrel("--memory-mib", 256) as server:
            self.loaded(server, sized(30_000, 300_000))
            path = next(path for path in bombs.questions([]) if "search" in path and "pL" in path)
            askers = [threading.Thread(target=send, args=(server.addresses["http"], "GET", one, {}, None))
                      for one in (DEAR, path, "/api/ui/v1/overview?columns=1000") * sized(10, 60)]
            for thread in askers:
                thread.start()
            time.sleep(0.3)
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            status = server.process.wait(timeout=60)
            self.at_most("SIGTERM to the end", time.monotonic() - began, 11, "s")
            self.holds("exit status", status, "0", status == 0)
            for thread in askers:
                thread.join()
