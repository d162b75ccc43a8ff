# SPDX-License-Identifier: Apache-2.0
"""An OTLP/HTTP server that keeps what it gets, and protobuf written by hand, so that no test depends on our codecs."""
import http.server
import struct
import threading


def varint(value):
    out = b""
    while value >= 128:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number, payload):
    """A length-delimited field: text, bytes or a message."""
    payload = payload.encode() if isinstance(payload, str) else payload
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def fixed64(number, value):
    return varint(number << 3 | 1) + struct.pack("<Q", value)


def request(record, service="shop"):
    """An export request of one record of any signal; the three have the same frame."""
    attribute = field(1, "service.name") + field(2, field(1, service))
    return field(1, field(1, field(1, attribute)) + field(2, field(2, record)))


def span(span_id, name="operation"):
    return (field(1, bytes(15) + b"\1") + field(2, span_id.to_bytes(8, "big")) + field(5, name)
            + fixed64(7, 1_700_000_000_000_000_000) + fixed64(8, 1_700_000_000_000_001_000))


class Sink:
    """`with Sink() as sink:` listens on a free port; `sink.bodies` are (path, body) in the order of arrival."""

    def __init__(self):
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                with sink.changed:
                    sink.bodies.append((self.path, body))
                    sink.changed.notify_all()
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.bodies = []
        self.changed = threading.Condition()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, count, timeout=30):
        with self.changed:
            self.changed.wait_for(lambda: len(self.bodies) >= count, timeout)
            return list(self.bodies)
