# SPDX-License-Identifier: Apache-2.0
"""Clients that leave, that close their side only, and that keep connections which they do not use."""
import contextlib
import json
import resource
import socket
import struct
import time
import urllib.error

import http2
from attack import Attack, open_files, sized
from spandrel_process import Spandrel, otlp_request

QUESTION = b"GET /api/traces?service=none&limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n"
GRPC = (b"content-type", b"application/grpc"), (b"te", b"trailers")
CLAIM_63_MIB = b"\0\x03\xf0\0\0x"
SETTLE_S = 30

# Attackers need descriptors too.
resource.setrlimit(resource.RLIMIT_NOFILE, 2 * resource.getrlimit(resource.RLIMIT_NOFILE)[1:])


def connect(address, timeout=20):
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=timeout)


def read_all(peer):
    answer = b""
    try:
        while piece := peer.recv(65536):
            answer += piece
    except OSError:
        pass
    return answer


def settled(measure, bound):
    """What `measure` says when it is at most `bound`, or after a long while."""
    deadline = time.monotonic() + SETTLE_S
    while (value := measure()) > bound and time.monotonic() < deadline:
        time.sleep(0.05)
    return value




class ConnectionsAttack(Attack):
    def still_answers(self, server):
        status = server.request("http", "/api/services")[0]
        self.holds("status of a question afterwards", status, "200", status == 200)
        status = server.send_json(otlp_request())[0]
        self.holds("status of an export afterwards", status, "200", status == 200)

    def leave(self, server, count, with_reset):
        for _ in range(count):
            peer = connect(server.addresses["http"])
            peer.sendall(QUESTION)
            if with_reset:
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()

    def test_clients_that_leave_while_their_question_waits(self):
        with Spandrel() as server:
            server.send_json(otlp_request())
            pid = server.process.pid
            before = open_files(pid)
            self.leave(server, sized(300, 50_000), with_reset=False)
            self.leave(server, sized(300, 50_000), with_reset=True)
            self.at_most("open files more than before", settled(lambda: open_files(pid) - before, 5), 5)
            self.still_answers(server)

    def test_half_closes_are_answered(self):
        with Spandrel() as server:
            pid = server.process.pid
            before = open_files(pid)
            count = sized(200, 5_000)
            answered = 0
            for _ in range(count // 20):
                peers = [connect(server.addresses["http"]) for _ in range(20)]
                for peer in peers:
                    peer.sendall(QUESTION)
                    peer.shutdown(socket.SHUT_WR)
                for peer in peers:
                    answered += b"HTTP/1.1 200 " in read_all(peer)
                    peer.close()
            self.at_least("half-closed requests answered", answered, count)
            self.at_most("open files more than before", settled(lambda: open_files(pid) - before, 5), 5)
            self.still_answers(server)

    def honest_posts(self, server, count, body):
        """How many of `count` exports are taken, each on a connection of its own."""
        taken = 0
        for _ in range(count):
            try:
                status = server.request("otlp_http", "/v1/traces", body, {"Content-Type": "application/json"})[0]
            except (urllib.error.URLError, OSError):
                continue
            taken += status == 200
        return taken

    def test_kept_connections_leave_descriptors_for_the_store(self):
        files, kept = sized((128, 300), (1024, 4_000))
        with Spandrel(open_files=files) as server:
            peers = []
            for _ in range(kept):
                peer = connect(server.addresses["http"])
                peers.append(peer)
                with contextlib.suppress(OSError):
                    peer.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    peer.recv(65536)
            body = json.dumps(otlp_request()).encode()
            self.at_least("exports taken of 10", self.honest_posts(server, 10, body), 10)
            self.at_most("open files", open_files(server.process.pid), files)
            self.still_answers(server)
            for peer in peers:
                peer.close()
            self.at_most("'too many open files' in the log", server.log().lower().count("too many open files"), 0)

    def test_silent_connections_do_not_refuse_others(self):
        with Spandrel() as server:
            peers = [connect(server.addresses["otlp_http"]) for _ in range(sized(2_200, 4_200))]
            count = sized(20, 200)
            taken = self.honest_posts(server, count, json.dumps(otlp_request()).encode())
            self.at_least(f"exports taken of {count} beside {len(peers)} silent connections", taken, count)
            for peer in peers:
                peer.close()

    def test_claims_do_not_take_the_memory(self):
        connections = sized(4, 22)
        post = otlp_request(attributes=[{"key": "text", "value": {"stringValue": "x" * 1_000_000}}])
        body = json.dumps(post).encode()
        with Spandrel("--memory-mib", str(sized(64, 256))) as server:
            peers = []
            for _ in range(connections):
                peer = http2.connect(server.addresses["otlp_grpc"])
                for stream in range(1, 200, 2):
                    peer.sendall(http2.request(stream, b"POST", b"/opentelemetry.proto.collector.trace.v1.TraceService/Export",
                                               *GRPC, flags=http2.END_HEADERS) +
                                 http2.frame(http2.DATA, 0, stream, CLAIM_63_MIB))
                peers.append(peer)
            count = sized(10, 100)
            taken = self.honest_posts(server, count, body)
            self.at_least(f"exports of 1 MB taken of {count} beside {connections * 100} claims of 63 MiB", taken, count)
            for peer in peers:
                peer.close()
