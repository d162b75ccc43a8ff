#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds in fuzz/ that are easier made by hand than by an encoder of ours.

usage: make_fuzz_seeds.py

Those of headers and query strings are in fuzz_text_seeds.py. The seeds of columns, store files, spool files and
OTLP messages come from tests/fuzz_seeds. The first bytes of a seed are the choices that its fuzz target takes; see
there.
"""
import base64
import gzip
import pathlib
import struct
import zlib

from fuzz_text_seeds import text_seeds

ROOT = pathlib.Path(__file__).resolve().parent.parent / "fuzz"


def write(target, seeds):
    folder = ROOT / target
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in seeds.items():
        (folder / name).write_bytes(content)


# HTTP/1: method (0 HEAD, 1 POST, 2 GET) and how it ends, then the size of pieces less one.
def http1_response(status, headers, body=b""):
    lines = [f"HTTP/1.1 {status}".encode()] + [f"{name}: {value}".encode() for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def http1_seeds():
    ok = http1_response("200 OK", [("Content-Length", 5), ("Server", "x")], b"hello")
    chunked = http1_response("200 OK", [("Transfer-Encoding", "chunked"), ("Trailer", "X-Sum")],
                             b"5;a=b\r\nhello\r\n3\r\nyou\r\n0\r\nX-Sum: 1\r\n\r\n")
    return {
        "length": b"\x02\x03" + ok,
        "three-answers": b"\x02\x26" + ok * 3,
        "chunked": b"\x02\x00" + chunked,
        "chunked-then-length": b"\x02\xff" + chunked + ok,
        "until-close": b"\x02\x07" + http1_response("200 OK", [], b"until the end"),
        "head": b"\x00\x09" + http1_response("200 OK", [("Content-Length", 500)]),
        "no-content": b"\x01\x05" + http1_response("204 No Content", []),
        "not-modified": b"\x02\x05" + http1_response("304 Not Modified", [("Content-Length", 9)]),
        "post-answered-early": b"\x05\x0f" + http1_response("413 Too Large", [("Content-Length", 0)]),
        "interim": b"\x01\x05" + http1_response("100 Continue", []) +
                   http1_response("103 Early Hints", [("Link", "</a>")]) + ok,
        "interim-then-nothing": b"\x02\x80" + http1_response("100 Continue", []),
        "closes": b"\x02\x05" + http1_response("503 Busy", [("Connection", "close"), ("Retry-After", 5),
                                                            ("Content-Length", 4)], b"busy"),
        "http-1.0": b"\x02\x05" + ok.replace(b"1.1", b"1.0"),
        "http-1.0-kept": b"\x02\x05" + http1_response("200 OK", [("Connection", "keep-alive"),
                                                                 ("Content-Length", 1)], b"x").replace(b"1.1", b"1.0"),
        "too-large": b"\x02\xff" + http1_response("200 OK", [("Content-Length", 2000)], b"y" * 1100),
        "two-lengths": b"\x02\x05" + http1_response("200 OK", [("Content-Length", 5), ("Content-Length", 6)], b"hello"),
        "length-and-chunks": b"\x02\x05" + http1_response(
            "200 OK", [("Content-Length", 5), ("Transfer-Encoding", "chunked")], b"0\r\n\r\n"),
        "folded-header": b"\x02\x05HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n",
        "late": b"\x12\x05HTTP/1.1 200 OK\r\nContent-Le",
        "cut-by-reset": b"\x0a\x05" + ok[:-2],
    }


# HTTP/2: how it ends, the size of pieces less one, then frames. Streams 1, 3 and 5 are the calls.
def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def hpack(fields):
    """Literals without indexing, names in full."""
    return b"".join(b"\0" + bytes([len(n)]) + n.encode() + bytes([len(v)]) + v.encode() for n, v in fields)


END_STREAM, END_HEADERS, ACK, PADDED = 1, 4, 1, 8
DATA, HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    0, 1, 3, 4, 5, 6, 7, 8, 9)
OK_HEADERS = b"\x88" + hpack([("content-type", "application/grpc")])
TRAILERS = hpack([("grpc-status", "0"), ("grpc-message", "fine")])


def grpc_frame(message, compressed=False):
    return bytes([compressed]) + struct.pack(">I", len(message)) + message


def http2_answer(stream, body, trailers=TRAILERS):
    return (frame(HEADERS, END_HEADERS, stream, OK_HEADERS) + frame(DATA, 0, stream, body) +
            frame(HEADERS, END_HEADERS | END_STREAM, stream, trailers))


def http2_seeds():
    start = frame(SETTINGS, 0, 0, struct.pack(">HIHI", 3, 100, 4, 1 << 20)) + frame(SETTINGS, ACK, 0)
    window = frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1 << 20))
    message = grpc_frame(b"hello")
    all_three = b"".join(http2_answer(stream, message) for stream in (1, 3, 5))
    only = frame(HEADERS, END_HEADERS | END_STREAM, 1,
                 b"\x88" + hpack([("grpc-status", "14"), ("grpc-message", "busy%20now")]))
    headers = frame(HEADERS, 0, 1, OK_HEADERS[:9]) + frame(CONTINUATION, END_HEADERS, 1, OK_HEADERS[9:])
    seeds = {
        "answers": start + window + all_three,
        "answers-mixed": start + frame(HEADERS, END_HEADERS, 3, OK_HEADERS) +
                         frame(HEADERS, END_HEADERS, 1, OK_HEADERS) + frame(DATA, 0, 3, message[:4]) +
                         frame(DATA, END_STREAM, 1, message) + frame(PING, 0, 0, b"12345678") +
                         frame(DATA, END_STREAM, 3, message[4:]),
        "status-only": start + only,
        "continuation": start + headers + frame(DATA, END_STREAM, 1, message),
        "interim": start + frame(HEADERS, END_HEADERS, 1, hpack([(":status", "103"), ("link", "</a>")])) +
                   http2_answer(1, message),
        "padded": start + frame(HEADERS, END_HEADERS | PADDED, 1, b"\x03" + OK_HEADERS + b"\0\0\0") +
                  frame(DATA, END_STREAM | PADDED, 1, b"\x02" + message + b"\0\0"),
        "resets": start + frame(RST_STREAM, 0, 1, struct.pack(">I", 7)) + http2_answer(3, message) +
                  frame(RST_STREAM, 0, 3, struct.pack(">I", 8)) + frame(RST_STREAM, 0, 5, struct.pack(">I", 0)),
        "goaway": start + http2_answer(1, message) + frame(GOAWAY, 0, 0, struct.pack(">II", 3, 0)),
        "goaway-calm": start + frame(GOAWAY, 0, 0, struct.pack(">II", 0, 11) + b"too_many_pings"),
        "too-large": start + frame(HEADERS, END_HEADERS, 1, OK_HEADERS) + frame(DATA, 0, 1, b"y" * 1100) +
                     frame(DATA, END_STREAM, 1, b"z"),
        "dynamic-table": start + frame(HEADERS, END_HEADERS | END_STREAM, 1,
                                       b"\x88\x40\x01a\x01b\xbe") +
                         frame(HEADERS, END_HEADERS | END_STREAM, 5, b"\x88\xbe\x20"),
        "huffman": start + frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\x88\x00\x82\x1c\x64\x81\x1f"),
        "push": start + frame(PUSH_PROMISE, END_HEADERS, 1, struct.pack(">I", 2) + b"\x82\x84\x86"),
        "small-window": frame(SETTINGS, 0, 0, struct.pack(">HIHI", 4, 10, 3, 1)) + frame(SETTINGS, ACK, 0) +
                        frame(WINDOW_UPDATE, 0, 1, struct.pack(">I", 5)) + all_three,
        "window-overflow": start + frame(WINDOW_UPDATE, 0, 3, struct.pack(">I", 0x7fffffff)),
        "no-streams-allowed": frame(SETTINGS, 0, 0, struct.pack(">HI", 3, 0)) + frame(GOAWAY, 0, 0, b"\0" * 8),
        "data-before-headers": start + frame(DATA, 0, 1, message),
        "not-http2": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    }
    choices = [b"\x00\x05", b"\x01\xff", b"\x02\x0a", b"\x04\x00", b"\x08\x64"]
    return {name: choices[i % 5] + content for i, (name, content) in enumerate(seeds.items())}


# gRPC answers: HTTP status, size of pieces less one, headers, empty line, trailers, empty line, body.
def retry_info(seconds):
    duration = bytes([8, seconds])
    info = bytes([10, len(duration)]) + duration
    url = b"type.googleapis.com/google.rpc.RetryInfo"
    detail = bytes([10, len(url)]) + url + bytes([18, len(info)]) + info
    return bytes([8, 14, 18, 4]) + b"busy" + bytes([26, len(detail)]) + detail


def grpc_answer(headers, trailers, body, choices=b"\0\3"):
    return choices + headers.encode() + b"\n" + trailers.encode() + b"\n" + body


ZSTD_HELLO = bytes.fromhex("28b52ffd045829000068656c6c6fa36d9f88")


def grpc_seeds():
    gzipped = gzip.compress(b"hello hello hello", mtime=0)
    details = base64.b64encode(retry_info(7)).decode().rstrip("=")
    fine = "grpc-status: 0\n"
    return {
        "one": grpc_answer("", fine, grpc_frame(b"hello")),
        "three": grpc_answer("", fine, grpc_frame(b"a") + grpc_frame(b"") + grpc_frame(b"ccc")),
        "gzip": grpc_answer("grpc-encoding: gzip\n", fine, grpc_frame(gzipped, True)),
        "deflate": grpc_answer("grpc-encoding: deflate\n", fine, grpc_frame(zlib.compress(b"hello"), True)),
        "zstd": grpc_answer("grpc-encoding: zstd\n", fine,
                            grpc_frame(ZSTD_HELLO, True)),
        "unknown-encoding": grpc_answer("grpc-encoding: br\n", fine, grpc_frame(b"x", True)),
        "identity-but-compressed": grpc_answer("", fine, grpc_frame(b"x", True)),
        "busy": grpc_answer("", "grpc-status: 14\ngrpc-message: busy%20now\n"
                                f"grpc-status-details-bin: {details}\n", b""),
        "in-headers": grpc_answer("grpc-status: 3\ngrpc-message: no\n", "", b""),
        "malformed-status": grpc_answer("", "grpc-status: 99\n", b""),
        "http-status": grpc_answer("", "", b"", bytes([152, 0])),
        "cut-off": grpc_answer("", fine, grpc_frame(b"hello")[:-2]),
        "flag": grpc_answer("", fine, b"\2" + grpc_frame(b"hello")[1:]),
        "too-large": grpc_answer("", fine, b"\0\0\1\0\0"),
    }


# Answers to exports: the HTTP status (100 + 2 n) and whether JSON (odd), Retry-After, line feed, body.
def export_answer(status, retry_after, body, is_json=False):
    half = 128 if status % 2 else 0
    return bytes([(status - 100) // 2, half + is_json]) + retry_after.encode() + b"\n" + body


def export_answer_seeds():
    partial = bytes([10, 11, 8, 7, 18, 7]) + b"bad ids"
    most = bytes([10, 10, 8]) + b"\xff" * 8 + b"\x7f"
    return {
        "empty": export_answer(200, "", b""),
        "partial": export_answer(200, "", partial),
        "all-rejected": export_answer(200, "", most),
        "negative": export_answer(200, "", bytes([10, 11, 8]) + b"\xff" * 9 + b"\x01"),
        "json": export_answer(
            200, "", b'{"partialSuccess":{"rejectedSpans":"7","errorMessage":"bad \\"ids\\""}}', True),
        "json-snake": export_answer(200, "", b'{"partial_success":{"rejected_spans":3}}', True),
        "json-empty": export_answer(200, "", b"{}", True),
        "html": export_answer(502, "", b"<html>bad gateway</html>", True),
        "busy": export_answer(503, "30", b""),
        "busy-until": export_answer(429, "Tue, 14 Nov 2023 22:13:50 GMT", b""),
        "busy-long": export_answer(503, "99999999999999999999", b""),
        "busy-negative": export_answer(504, "-5", b""),
        "refused": export_answer(400, "", retry_info(1)),
        "redirect": export_answer(301, "", b""),
    }


# What a client sends to a server: the size of pieces less one, then its bytes.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0)
GRPC_REQUEST = b"\x83\x86" + hpack([(":path", "/test.Echo/Say"), (":authority", "fuzz"), ("te", "trailers"),
                                      ("content-type", "application/grpc"), ("grpc-timeout", "5S")])
PLAIN_REQUEST = b"\x83\x86" + hpack([(":path", "/v1/traces"), (":authority", "fuzz"), ("content-length", "5")])


def server_seeds():
    message = grpc_frame(b"hello")
    call = frame(HEADERS, END_HEADERS, 1, GRPC_REQUEST) + frame(DATA, END_STREAM, 1, message)
    post = b"POST /v1/traces HTTP/1.1\r\nHost: fuzz\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello"
    chunked = b"POST / HTTP/1.1\r\nHost: fuzz\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    opened = frame(HEADERS, END_HEADERS, 1, GRPC_REQUEST)
    return {
        "http1-post": b"\xff" + post,
        "http1-pipelined": b"\x10" + post + chunked + b"GET /?a=%20b HTTP/1.1\r\nHost: fuzz\r\n\r\n",
        "http1-expect": b"\x40" + post.replace(b"Host: fuzz", b"Host: fuzz\r\nExpect: 100-continue"),
        "http1-too-large": b"\x40" + post.replace(b": 5", b": 99999999"),
        "http1-no-host": b"\x40GET / HTTP/1.1\r\n\r\n",
        "http1-both-lengths": b"\x40" + chunked.replace(b"Host: fuzz", b"Host: fuzz\r\nContent-Length: 5"),
        "http2-grpc": b"\xff" + PREFACE + call,
        "http2-grpc-pieces": b"\x04" + PREFACE + frame(SETTINGS, ACK, 0) + call + frame(PING, 0, 0, b"12345678"),
        "http2-plain": b"\xff" + PREFACE + frame(HEADERS, END_HEADERS, 1, PLAIN_REQUEST) +
                       frame(DATA, END_STREAM, 1, b"hello"),
        "http2-two-streams": b"\x20" + PREFACE + opened + frame(HEADERS, END_HEADERS, 3, PLAIN_REQUEST) +
                             frame(DATA, END_STREAM, 3, b"hello") + frame(DATA, END_STREAM, 1, message),
        "http2-reset": b"\xff" + PREFACE + (opened + frame(RST_STREAM, 0, 1, struct.pack(">I", 8))) +
                       frame(GOAWAY, 0, 0, struct.pack(">II", 0, 0)),
        "http2-lying-size": b"\xff" + PREFACE + opened + frame(DATA, END_STREAM, 1, b"\0\xff\xff\xff\xff"),
        "http2-continuation": b"\xff" + PREFACE + frame(HEADERS, 0, 1, GRPC_REQUEST[:20]) +
                              frame(CONTINUATION, END_HEADERS, 1, GRPC_REQUEST[20:]),
        "http2-settings": b"\xff" + PREFACE + frame(SETTINGS, 0, 0, struct.pack(">HIHI", 4, 0, 1, 0)) + call +
                          frame(WINDOW_UPDATE, 0, 1, struct.pack(">I", 100)),
    }


# gRPC frames: the encoding (identity, gzip, deflate, zstd), then a frame, or what else the target reads.
def grpc_frame_seeds():
    return {
        "plain": b"\0" + grpc_frame(b"hello"),
        "gzip": b"\1" + grpc_frame(gzip.compress(b"hello" * 9, mtime=0), True),
        "deflate": b"\2" + grpc_frame(zlib.compress(b"hello" * 9), True),
        "zstd": b"\3" + grpc_frame(ZSTD_HELLO, True),
        "retry-info": b"\0" + retry_info(7),
        "query": b"\0a=b&c=%41+d&&=e",
        "endpoint": b"\0[::1]:4317",
        "base64": b"\0" + base64.b64encode(retry_info(7)),
    }


def decompress_seeds():
    raw = zlib.compressobj(9, zlib.DEFLATED, -15)
    return {
        "gzip": b"\0" + gzip.compress(b"hello" * 9, mtime=0),
        "gzip-two-members": b"\0" + gzip.compress(b"a", mtime=0) + gzip.compress(b"b", mtime=0),
        "gzip-bomb": b"\0" + gzip.compress(bytes(2 << 20), mtime=0),
        "deflate": b"\1" + zlib.compress(b"hello" * 9),
        "deflate-raw": b"\1" + raw.compress(b"hello" * 9) + raw.flush(),
        "zstd": b"\2" + ZSTD_HELLO,
    }


# Configuration: a file, then behind a NUL what every variable and included file holds.
def config_seeds():
    return {
        "all-kinds": b"a: text\nb: 0x1f\nc: 1m30s\nd: [a, 'b', \"c\\n\"]\ne: {k: v, l: ~}\n"
                     b"f:\n  - a: 1\n  - {a: two}\ng: {a: |\n  block\n  text\n}\n",
        "block-text": b"a: |\n  one\n  two\ng:\n  a: >-\n    folded\n    text\n",
        "anchors": b"x: &base {a: 1, b: 2}\ng: *base\nh: {<<: *base, b: 3}\n",
        "variables": b"a: ${env:NAME:-none}\nb: ${PORT}\ng: ${file:other.yaml}\nd: ['$$', 'x${env:A}y']\n\0" b"a: 5\n",
        "nested-variables": b"a: ${env:${env:X}}\n\0" b"A",
        "pipeline": b"receivers:\n  otlp:\n    protocols: {grpc: {endpoint: 'localhost:4317'}, http: }\n"
                    b"exporters:\n  debug: {verbosity: detailed}\nservice:\n  pipelines:\n"
                    b"    traces/1: {receivers: [otlp], exporters: [debug]}\n",
        "two-keys": b"a: 1\na: 2\n",
        "tab": b"a:\n\t- 1\n",
        "tags": b"a: !!str 5\nb: !!int '7'\nc: !own x\n? complex\n: value\n",
        "numbers": b"b: -9223372036854775808\na: .inf\nd: [1e9, 0o17, +5, 010, true, No]\nc: -1.5h\n",
    }


# Protobuf, by hand: a length-delimited field, a KeyValue in field `number`, values.
def varint(number):
    encoded = b""
    while number >= 0x80:
        encoded += bytes([number & 0x7f | 0x80])
        number >>= 7
    return encoded + bytes([number])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def key_value(number, key, value):
    return field(number, field(1, key) + field(2, value))


def text_value(text):
    return field(1, text)


def int_value(number):
    return b"\x18" + varint(number)


def edit_span(number, fields):
    ids = field(1, b"0123456789abcdef") + field(2, bytes([number]) + b"1234567")
    times = b"\x39" + struct.pack("<Q", 10) + b"\x41" + struct.pack("<Q", 20)
    return field(2, ids + field(5, b"GET /" + bytes([65 + number])) + b"\x30\x02" + times + fields)


def edit_requests():
    event = field(11, b"\x09" + struct.pack("<Q", 12) + field(2, b"exception") +
                  key_value(3, b"type", text_value(b"E")) + key_value(3, b"n", int_value(5)))
    link = field(13, field(1, b"abcdefghijklmnop") + field(2, b"abcdefgh") + key_value(4, b"k", text_value(b"link")))
    attributes = (key_value(9, b"k", text_value(b"text")) + key_value(9, b"code", int_value(200)) +
                  key_value(9, b"k", text_value("h\u00e9llo \u20ac".encode())))
    spans = (edit_span(1, attributes + event + link) + edit_span(2, key_value(9, b"code", int_value(404))) +
             edit_span(3, b""))
    resource = field(1, key_value(1, b"service.name", text_value(b"shop")) + key_value(1, b"k", text_value(b"v")))
    scope = field(1, field(1, b"lib") + field(2, b"1") + key_value(3, b"k", int_value(1)))
    full = field(1, resource + field(2, scope + spans + field(3, b"http://s")) + field(3, b"http://r"))
    return full, field(1, field(2, edit_span(4, attributes)))


# The plan as span_edit_fuzz.cc reads it: for each level a count and steps (kind, key, other, number), then what
# is dropped.
def edit_step(kind, key, other=b"", number=0):
    return bytes([kind, len(key)]) + key + bytes([len(other)]) + other + bytes([number])


def edit_plan(resource=(), scope=(), record=(), part=(), dropped=(7, 7, 7)):
    levels = [bytes([len(steps)]) + b"".join(steps) for steps in (resource, scope, record, part)]
    return b"".join(levels) + bytes(dropped)


def span_edit_seeds():
    full, bare = edit_requests()
    text, flag, integer, real, copy, erase, rename, keep, truncate, lengths = range(10)
    return {
        "set-everywhere": edit_plan([edit_step(text, b"k", b"new")], [edit_step(integer, b"k", b"", 9)],
                                    [edit_step(text, b"k", b"new"), edit_step(flag, b"flag", b"", 1)],
                                    [edit_step(real, b"n", b"", 4)]) + full,
        "erase": edit_plan([edit_step(erase, b"service.name")], [edit_step(erase, b"k")], [edit_step(erase, b"k")],
                           [edit_step(erase, b"type")]) + full,
        "rename-copy": edit_plan([edit_step(rename, b"k", b"service.name")], [],
                                 [edit_step(rename, b"k", b"code"), edit_step(copy, b"copy", b"code")],
                                 [edit_step(rename, b"k", b"k2")]) + full,
        "keep-truncate": edit_plan([edit_step(keep, b"", b"", 1)], [],
                                   [edit_step(keep, b"", b"", 1), edit_step(truncate, b"", b"", 3),
                                    edit_step(lengths, b"")], [edit_step(truncate, b"", b"", 2)]) + full,
        "drop-records": edit_plan(record=[edit_step(text, b"x", b"y")], dropped=(1, 7, 7)) + full,
        "drop-all": edit_plan(dropped=(3, 7, 7)) + bare,
        "drop-parts": edit_plan(part=[edit_step(erase, b"k")], dropped=(7, 2, 1)) + full,
        "no-resource": edit_plan([edit_step(text, b"a", b"b")], [edit_step(text, b"a", b"b")]) + bare + full,
    }


def proto_seeds():
    wire_types = b"\x08\x96\x01" + b"\x11" + struct.pack("<Q", 1) + b"\x1a\x02hi" + b"\x25" + struct.pack("<I", 2)
    return {
        "request": edit_requests()[0],
        "wire-types": wire_types,
        "long-varint": b"\xff" * 9 + b"\x01\x08\x80\x80\x00",
    }


def main():
    write("server_input_fuzz", server_seeds())
    write("grpc_frame_fuzz", grpc_frame_seeds())
    write("decompress_fuzz", decompress_seeds())
    write("config_fuzz", config_seeds())
    write("http1_client_fuzz", http1_seeds())
    write("http2_client_fuzz", http2_seeds())
    write("grpc_answer_fuzz", grpc_seeds())
    write("http_answer_fuzz", export_answer_seeds())
    write("proto_fuzz", proto_seeds())
    write("span_edit_fuzz", span_edit_seeds())
    for target, seeds in text_seeds().items():
        write(target, seeds)


if __name__ == "__main__":
    main()
