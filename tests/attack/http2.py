# SPDX-License-Identifier: Apache-2.0
"""Frames of HTTP/2 that no honest client would send (RFC 9113), for attacks."""
import socket
import struct

DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS = 1, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
INITIAL_WINDOW = 4


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def setting(key, value):
    return struct.pack(">HI", key, value)


def field(name, value):
    """A literal that is not indexed (RFC 7541, 6.2.2); both parts shorter than 127 bytes."""
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def request(stream, method, path, *fields, flags=END_HEADERS | END_STREAM):
    block = b"".join(field(*pair) for pair in (
        (b":method", method), (b":scheme", b"http"), (b":path", path), (b":authority", b"localhost"), *fields))
    return frame(HEADERS, flags, stream, block)


def connect(address, settings=b""):
    host, port = address.rsplit(":", 1)
    peer = socket.create_connection((host, int(port)), timeout=20)
    peer.sendall(PREFACE + frame(SETTINGS, 0, 0, settings))
    return peer
