# SPDX-License-Identifier: Apache-2.0
"""Clients that leave, that close their side only, and that keep connections which they do not use."""
import socket
import struct
import time

from attack import Attack, open_files, sized
from spandrel_process import Spandrel, otlp_request

QUESTION = b"GET /api/traces?service=none&limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n"
SETTLE_S = 30


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
