# SPDX-License-Identifier: Apache-2.0
"""gRPC calls by hand over HTTP/2, one a connection: enough to ask, to count what comes back and to misbehave."""
import socket
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
LARGE_WINDOW = (1 << 31) - 1


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def literal(name, value):
    """A header line, neither indexed nor compressed."""
    def text(data):
        assert len(data) < 127
        return bytes([len(data)]) + data
    return b"\0" + text(name.encode()) + text(value.encode())


def headers(path, more=()):
    lines = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"),
             ("content-type", "application/grpc"), ("te", "trailers"), *more]
    return b"".join(literal(name, value) for name, value in lines)


def connect(address, window=LARGE_WINDOW, timeout=60):
    host, port = address.rsplit(":", 1)
    connection = socket.create_connection((host, int(port)), timeout=timeout)
    connection.sendall(PREFACE + frame(SETTINGS, 0, 0, struct.pack(">HI", 4, window)) +
                       frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", LARGE_WINDOW - 65535)))
    return connection


def send_call(connection, stream, path, message, more=()):
    body = b"\0" + struct.pack(">I", len(message)) + message
    connection.sendall(frame(HEADERS, END_HEADERS, stream, headers(path, more)) + frame(DATA, END_STREAM, stream, body))


def _read(connection, count):
    data = b""
    while len(data) < count:
        piece = connection.recv(min(count - len(data), 1 << 20))
        if not piece:
            raise ConnectionError("closed")
        data += piece
    return data


def messages(address, path, message=b"", more=(), timeout=60):
    """The messages of the answer; none when the call is refused."""
    data, found = b"", []
    with connect(address, timeout=timeout) as connection:
        send_call(connection, 1, path, message, more)
        for _, payload in _data_of(connection, 1):
            data += payload
    while data:
        size = struct.unpack(">I", data[1:5])[0]
        found.append(data[5:5 + size])
        data = data[5 + size:]
    return found


def _data_of(connection, wanted):
    """The DATA frames of that stream, as (length, payload), while they come; each is let follow by another."""
    while True:
        head = _read(connection, 9)
        length = int.from_bytes(head[:3], "big")
        kind, flags, stream = head[3], head[4], int.from_bytes(head[5:], "big")
        payload = _read(connection, length)
        if kind == SETTINGS and not flags & ACK:
            connection.sendall(frame(SETTINGS, ACK, 0))
        if kind in (RST_STREAM, GOAWAY):
            raise ConnectionResetError("the call was reset")
        if kind == DATA:
            yield length, payload
            if length:
                connection.sendall(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", length)))
        if stream == wanted and kind in (DATA, HEADERS) and flags & END_STREAM:
            return


def call(address, path, message=b"", more=(), timeout=60):
    """Bytes of messages in the answer; None when the call was reset or there is no answer."""
    try:
        with connect(address, timeout=timeout) as connection:
            send_call(connection, 1, path, message, more)
            return sum(length for length, _ in _data_of(connection, 1))
    except OSError:
        return None
