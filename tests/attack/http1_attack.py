# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 that means two things, hides requests, or makes work without end (RFC 9112)."""
import socket
import time

from attack import Attack, sized
from spandrel_process import Spandrel

JSON = b"Content-Type: application/json\r\n"


def post(fields, body):
    return b"POST /v1/traces HTTP/1.1\r\n" + fields + JSON + body


# (what, request, statuses of the answers)
CASES = [
    ("two different hosts", post(b"Host: a\r\nHost: b\r\nContent-Length: 2\r\n", b"\r\n{}"), [400]),
    ("the same host twice", post(b"Host: a\r\nHost: a\r\nContent-Length: 2\r\n", b"\r\n{}"), [400]),
    ("CHUNKED", post(b"Host: a\r\nTransfer-Encoding: CHUNKED\r\n", b"\r\n2\r\n{}\r\n0\r\n\r\n"), [200]),
    ("folded Transfer-Encoding", post(b"Host: a\r\nTransfer-Encoding:\r\n chunked\r\n",
                                      b"\r\n0\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n"), [400]),
    ("folded Content-Length", post(b"Host: a\r\nContent-Length:\r\n 2\r\n", b"\r\n{}"), [400]),
    ("a chunk extension", post(b"Host: a\r\nTransfer-Encoding: chunked\r\n", b"\r\n2;a=b\r\n{}\r\n0\r\n\r\n"), [200]),
    ("chunk extensions without end", post(b"Host: a\r\nTransfer-Encoding: chunked\r\n",
                                          b"\r\n" + 500 * (b"1;" + 2000 * b"e" + b"\r\n \r\n") +
                                          b"2\r\n{}\r\n0\r\n\r\n"), [400]),
]


def connect(address):
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=30)


def ask(address, request):
    """All that comes until the server closes, or, for what it does not refuse, until an answer is whole."""
    with connect(address) as peer:
        answer = b""
        try:
            peer.sendall(request)
        except OSError:
            pass
        try:
            while not answer.startswith(b"HTTP/1.1 200 ") and (piece := peer.recv(65536)):
                answer += piece
        except ConnectionResetError:
            pass
        return answer


def statuses(answer):
    return [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]


class Http1Attack(Attack):
    def test_requests_with_two_meanings(self):
        with Spandrel() as server:
            for what, request, expected in CASES:
                got = statuses(ask(server.addresses["otlp_http"], request))
                self.holds(what, got, str(expected), got == expected)

    def test_a_large_upload_that_is_refused_reads_why(self):
        size, pause = 60_000_000, sized(0.025, 0.1)
        with Spandrel("--memory-mib", "64") as server, connect(server.addresses["otlp_http"]) as peer:
            peer.sendall(b"POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-protobuf\r\n"
                         b"Content-Length: %d\r\n\r\n" % size)
            sent, piece = 0, bytes(600_000)
            while sent < size:
                peer.sendall(piece)
                sent += len(piece)
                time.sleep(pause)
            answer = peer.recv(65536)
            self.holds("answer after 60 MB", statuses(answer), "[503]", statuses(answer) == [503])
            told = b"retry-after: " in answer.lower()
            self.holds("Retry-After", told, "True", told)
