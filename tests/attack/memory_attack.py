# SPDX-License-Identifier: Apache-2.0
"""The process stays under its ceiling (--memory-mib) whatever is sent and asked, and goes on serving."""
import http.client
import socket
import threading
import time
import urllib.parse

import bombs
from attack import Attack, peak_rss_mib, sized
from spandrel_process import Spandrel, otlp_request, run

CEILINGS_MIB = (64, 256)
PATIENCE_S = sized(60, 300)


def send(address, method, path, headers, body, at_a_time=64 << 10):
    """The status of the answer, whose body is read and dropped; 0 when there is none."""
    connection = http.client.HTTPConnection(address, timeout=PATIENCE_S)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        while response.read(at_a_time):
            pass
        return response.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def at_once(count, work):
    """Runs `work` in that many threads, and lists what they returned."""
    results = []
    threads = [threading.Thread(target=lambda: results.append(work())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class SlowReader:
    """Asks, and takes the answer at 1 KB a second or not at all."""

    def __init__(self, address, path):
        host, port = address.rsplit(":", 1)
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.connect((host, int(port)))
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n".encode())

    def close(self):
        self._socket.close()


class MemoryAttack(Attack):
    def still_serves(self, server):
        """As soon as what is under way has ended."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            sent = send(server.addresses["otlp_http"], "POST", "/v1/traces", bombs.PROTOBUF, bombs.request([bombs.span()]))
            asked = send(server.addresses["http"], "GET", "/api/services", {}, None)
            if (sent, asked) == (200, 200) or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        self.holds("an export and a question afterwards", f"{sent} {asked}", "200 200", (sent, asked) == (200, 200))

    def peaks(self, server, things):
        """Does each of (name, function); the highest peak, and whose it was: the first that brought it near."""
        peak, whose = peak_rss_mib(server.process.pid), "the start"
        for name, attack_with in things:
            attack_with()
            now = peak_rss_mib(server.process.pid)
            if now > peak + 0.5:
                peak, whose = now, name
        return peak, whose

    def under_the_ceiling(self, what, server, ceiling, things):
        peak, whose = self.peaks(server, things)
        self.holds(f"peak RSS of {what} at {ceiling} MiB (last raised by {whose})", peak, f"<= {ceiling} MiB", peak <= ceiling,
                   "MiB")
        self.still_serves(server)

    def test_bombs(self):
        for ceiling in CEILINGS_MIB:
            all_bombs = bombs.bombs(sized(20, 60), sized(20_000, 200_000))
            with Spandrel("--memory-mib", ceiling) as server:
                address = server.addresses["otlp_http"]
                things = [(name, lambda bomb=(path, headers, body): at_once(
                    sized(4, 60), lambda: send(address, "POST", *bomb))) for name, path, headers, body in all_bombs]
                self.under_the_ceiling(f"{len(things)} bombs", server, ceiling, things)

    def loaded(self, server, spans):
        done = run("load", "--endpoint", server.addresses["otlp_grpc"], "--spans", spans, "--period", "10m", timeout=600)
        self.assertEqual(done.returncode, 0, done.stderr)

    def stored(self, server, body):
        """Sends a request again for as long as it is refused for want of room."""
        deadline = time.monotonic() + PATIENCE_S
        while (sent := send(server.addresses["otlp_http"], "POST", "/v1/traces", bombs.PROTOBUF, body)) != 200:
            self.assertEqual(sent, 503)
            self.assertLess(time.monotonic(), deadline, "never stored")
            time.sleep(0.05)

    def ask_at_once(self, server, path):
        answers = at_once(sized(2, 20), lambda: send(server.addresses["tempo"], "GET", path, {}, None))
        self.assertLessEqual(set(answers), {200, 503}, "what is refused for another reason asks nothing: " + path)

    def test_questions(self):
        for ceiling in CEILINGS_MIB:
            with Spandrel("--memory-mib", ceiling) as server:
                self.loaded(server, sized(30_000, 1_000_000))
                services = server.get_json("/api/services")["data"]
                address = server.addresses["http"]
                things = [(urllib.parse.unquote(path)[:40], lambda path=path: at_once(
                    sized(3, 30), lambda: send(address, "GET", path, {}, None))) for path in bombs.questions(services)]
                self.under_the_ceiling(f"{len(things)} questions", server, ceiling, things)

    def test_questions_of_other_clients(self):
        for ceiling in CEILINGS_MIB:
            with Spandrel("--memory-mib", ceiling, "--mcp") as server:
                self.loaded(server, sized(20_000, 1_000_000))
                sent = send(server.addresses["otlp_http"], "POST", "/v1/traces", bombs.PROTOBUF, bombs.one_trace(5_000))
                self.holds("a trace of 5,000 names", sent, "200", sent == 200)
                monitor = bombs.metrics_question(server.get_json("/api/services")["data"])
                asked = ([("tempo", "GET", path, {}, None) for path in bombs.tempo_questions()] + [("http", "GET", monitor, {}, None)] +
                         [("http", "POST", *posted[1:]) for posted in bombs.posted_questions(sized(10_000, 40_000))])
                things = [(urllib.parse.unquote(path)[-60:], lambda port=port, rest=(method, path, *rest): at_once(
                    sized(2, 20), lambda: send(server.addresses[port], *rest))) for port, method, path, *rest in asked]
                self.under_the_ceiling(f"{len(things)} questions of other clients", server, ceiling, things)

    def test_questions_of_long_texts(self):
        for ceiling in CEILINGS_MIB:
            with Spandrel("--memory-mib", ceiling) as server:
                for body in bombs.long_texts(sized(2_000, 20_000), 16 << 10):
                    self.stored(server, body)
                things = [(urllib.parse.unquote(path)[-60:], lambda path=path: self.ask_at_once(server, path))
                          for path in bombs.questions_of_long_texts()]
                self.under_the_ceiling(f"{len(things)} questions of long texts", server, ceiling, things)

    def test_slow_readers(self):
        ceiling = CEILINGS_MIB[0]
        with Spandrel("--memory-mib", ceiling) as server:
            self.loaded(server, sized(20_000, 300_000))
            paths = ("/api/traces?limit=10000&lookback=24h", "/api/ui/v1/search?limit=5000", "/metrics", "/api/services")

            def read_slowly():
                readers = [SlowReader(server.addresses["http"], path) for path in paths for _ in range(sized(15, 60))]
                time.sleep(sized(2, 20))
                for reader in readers:
                    reader.close()
            self.under_the_ceiling("slow readers", server, ceiling, [("slow readers", read_slowly)])

    def test_ingest_as_fast_as_it_goes(self):
        for ceiling in CEILINGS_MIB:
            with Spandrel("--memory-mib", ceiling) as server:
                self.under_the_ceiling("ingest", server, ceiling, [
                    ("spans", lambda: self.loaded(server, sized(150_000, 3_000_000)))])

    def test_a_ceiling_that_is_too_low_is_refused(self):
        refused = run("--memory-mib", 16)
        self.holds("what 16 MiB are told", refused.stderr.strip(), "the least that works",
                   refused.returncode != 0 and "the least that works is" in refused.stderr)

    def test_the_shares_are_told(self):
        with Spandrel("--memory-mib", 100) as server:
            server.send_json(otlp_request())
            metrics = server.request("http", "/metrics")[2].decode()
            limits = {line.split('"')[1]: float(line.split()[-1]) for line in metrics.splitlines()
                      if line.startswith("spandrel_memory_budget_limit_bytes{")}
            ceiling = limits.pop("process")
            self.holds("limit of the process", ceiling, "100 MiB", ceiling == 100 << 20)
            self.at_most("all shares together", sum(limits.values()), ceiling)
            self.at_least("shares", len(limits), 5)
