# SPDX-License-Identifier: Apache-2.0
"""Requests that are small on the wire, or look so, and want to be large in memory: (name, path, headers, body)."""
import gzip
import json
import random
import struct
import time
import urllib.parse
import zlib

PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}
TRACES = "/v1/traces"
MIB = 1 << 20
_ids = 0


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, data):
    """A length-delimited field."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def fixed64(number, value):
    return varint(number << 3 | 1) + struct.pack("<Q", value)


def attribute(key, value):
    return field(1, key) + field(2, field(1, value))


def span(extra=b"", trace=None, name=b"bomb", start=None):
    """A valid span: ids that nobody has used before, and `extra` fields."""
    global _ids
    _ids += 1
    start = start or time.time_ns()
    return (field(1, trace or struct.pack(">QQ", 0xb0b, _ids)) + field(2, struct.pack(">Q", _ids)) + field(5, name) +
            fixed64(7, start) + fixed64(8, start + 1000) + extra)


def request(spans, service=b"bombs"):
    """An export request of one resource and scope."""
    resource = field(1, field(1, attribute(b"service.name", service)))
    return field(1, resource + field(2, b"".join(field(2, one) for one in spans)))


def zstd_zeros(size):
    """A zstd frame that says its size and holds zeros: runs of 128 KiB, four bytes each."""
    frame = struct.pack("<IBI", 0xFD2FB528, 0xA0, size)
    left = size
    while left:
        run = min(left, 128 << 10)
        left -= run
        frame += (run << 3 | 1 << 1 | (0 if left else 1)).to_bytes(3, "little") + b"\0"
    return frame


def coded(coding, body, content=PROTOBUF):
    return {**content, "content-encoding": coding}, body


def nested_value(depth):
    """An AnyValue that holds a list that holds a list ..."""
    value = field(1, b"x")
    for _ in range(depth):
        value = field(5, field(1, value))
    return value


def json_spans(spans):
    return ('{"resourceSpans":[{"scopeSpans":[{"spans":[' + spans + "]}]}]}").encode()


def json_span(more=""):
    global _ids
    _ids += 1
    return (f'{{"traceId":"{_ids:032x}","spanId":"{_ids:016x}","name":"n","startTimeUnixNano":"1",'
            f'"endTimeUnixNano":"2"{more}}}')


def bombs(mib, count):
    """All of them: bodies of up to `mib` MiB once they are decompressed, lists of `count` things."""
    text = bytes(mib * MIB)
    big_span = request([span(field(9, attribute(b"k", text)))])
    half = bytes(mib * MIB // 2)
    times = [time.time_ns() - day * 86_400_000_000_000 for day in range(count)]
    attributes = b"".join(field(9, attribute(b"k%d" % i, b"v")) for i in range(count))
    deep = min(count, 20_000)
    gz = gzip.compress
    plain = [
        ("zstd of zeros", TRACES, *coded("zstd", zstd_zeros(mib * MIB))),
        ("zstd, two frames", TRACES, *coded("zstd", zstd_zeros(mib * MIB // 2) * 2)),
        ("zstd, window of 2 GiB", TRACES, *coded("zstd", struct.pack("<IBB", 0xFD2FB528, 0, 0xA8) + b"\3\0\0\0" * 64)),
        ("zstd cut off", TRACES, *coded("zstd", zstd_zeros(mib * MIB)[:-9])),
        ("gzip of zeros", TRACES, *coded("gzip", gz(text))),
        ("gzip of a span", TRACES, *coded("gzip", gz(big_span))),
        ("gzip, two members", TRACES, *coded("gzip", gz(half) * 2)),
        ("gzip of gzip", TRACES, *coded("gzip", gz(gz(text)))),
        ("gzip, a false size", TRACES, *coded("gzip", gz(text)[:-4] + struct.pack("<I", 63 * MIB))),
        ("gzip cut off", TRACES, *coded("gzip", gz(big_span)[:-20])),
        ("deflate of zeros", TRACES, *coded("deflate", zlib.compress(text))),
        ("deflate, raw", TRACES, *coded("deflate", zlib.compress(text)[2:-4])),
        ("gzip of JSON", TRACES, *coded("gzip", gz(json_spans(json_span(',"x":"' + "y" * (mib * MIB) + '"'))), JSON)),
        ("plain zeros", TRACES, PROTOBUF, text),
        ("a span, plain", TRACES, PROTOBUF, big_span),
        ("empty spans", TRACES, *coded("gzip", gz(field(1, field(2, b"\x12\0" * (count * 8)))))),
        ("empty scopes", TRACES, *coded("gzip", gz(field(1, b"\x12\0" * (count * 8))))),
        ("empty resources", TRACES, *coded("gzip", gz(b"\x0a\0" * (count * 8)))),
        ("attributes of a span", TRACES, PROTOBUF, request([span(attributes)])),
        ("events of a span", TRACES, PROTOBUF, request([span(field(11, field(2, b"e")) * count)])),
        ("links of a span", TRACES, PROTOBUF, request([span(field(13, b"") * count)])),
        ("attributes of a resource", TRACES, PROTOBUF,
         field(1, field(1, b"".join(field(1, attribute(b"k%d" % i, b"v")) for i in range(count))) + field(2, field(2, span())))),
        ("unknown fields", TRACES, PROTOBUF, request([span(field(1000, b"x") * count)])),
        ("nested values", TRACES, PROTOBUF, request([span(field(9, field(1, b"k") + field(2, nested_value(1000))))])),
        ("traces of one span", TRACES, PROTOBUF, request([span() for _ in range(count)])),
        ("one trace", TRACES, PROTOBUF, request([span(trace=b"t" * 16) for _ in range(count)])),
        ("services", TRACES, PROTOBUF, b"".join(request([span()], b"s%d" % i) for i in range(count // 4))),
        ("names", TRACES, PROTOBUF, request([span(name=b"n%d" % i) for i in range(count)])),
        ("long names", TRACES, PROTOBUF, request([span(name=bytes(MIB // 4)) for _ in range(mib)])),
        ("keys", TRACES, PROTOBUF, request([span(field(9, attribute(b"key%d" % i, b"v"))) for i in range(count)])),
        ("days", TRACES, PROTOBUF, request([span(start=at) for at in times])),
        ("JSON of arrays", TRACES, JSON, b"[" * count),
        ("JSON of nested values", TRACES, JSON, json_spans(json_span(
            ',"attributes":[{"key":"k","value":' + '{"arrayValue":{"values":[' * deep + "]}}" * deep + "}]"))),
        ("JSON of spans", TRACES, JSON, json_spans(",".join(json_span() for _ in range(count)))),
        ("JSON of empty objects", TRACES, *coded("gzip", gz(json_spans(",".join(["{}"] * (count * 8)))), JSON)),
        ("JSON of escapes", TRACES, JSON, json_spans(json_span(',"traceState":"' + "\\u0041" * count + '"'))),
        ("JSON of numbers", TRACES, JSON, json.dumps({"resourceSpans": [1.5] * count}).encode()),
        ("metrics", "/v1/metrics", *coded("gzip", gz(field(1, field(2, b"\x12\0" * (count * 8)))))),
        ("logs", "/v1/logs", *coded("gzip", gz(field(1, field(2, field(2, field(5, field(1, text))))))) ),
        ("a header", TRACES, {**PROTOBUF, "x-large": "y" * 60_000}, b""),
        ("headers", TRACES, {**PROTOBUF, **{f"x-{i}": "y" for i in range(90)}}, b""),
    ]
    return plain


def questions(services):
    """Reads that want much: paths of the query port."""
    regexes = urllib.parse.quote(" ".join(rf'k{i}=~"\\pL{{{400 - i}}}"' for i in range(100)))
    service = services[0] if services else "none"
    day = "lookback=24h"
    return [
        "/api/services",
        f"/api/traces?limit=10000&{day}",
        f"/api/traces?limit=10000&service={service}&{day}",
        f"/api/traces?limit=2000&prettyPrint=true&{day}",
        f"/api/traces?limit=10000&service={service}&minDuration=1us&{day}",
        f"/api/v3/traces?query.service_name={service}&query.num_traces=10000&query.start_time_min=2020-01-01T00:00:00Z"
        "&query.start_time_max=2040-01-01T00:00:00Z",
        "/api/ui/v1/search?limit=5000",
        "/api/ui/v1/search?limit=5000&sort=slowest",
        "/api/ui/v1/search?limit=5000&tags=" + regexes,
        "/api/ui/v1/search?limit=5000&tags=" + "%20".join(f"k{i}=%22v%22" for i in range(100)),
        "/api/ui/v1/overview?columns=1000",
        "/api/ui/v1/overview?columns=1000&tags=" + regexes,
        "/api/ui/v1/attributes?limit=1000000",
        "/api/ui/v1/attributes?limit=10000",
        "/api/ui/v1/attribute-values?scope=span&key=http.route&limit=10000",
        "/api/ui/v1/attribute-values?scope=span&key=url.path&limit=10000",
        "/api/ui/v1/dependencies?lookback=24h",
        "/api/dependencies?endTs=2000000000000&lookback=604800000000",
        "/api/ui/v1/services",
        f"/api/operations?service={service}",
        "/metrics",
        "/api/ui/v1/status",
    ]


def one_trace(count):
    """A trace of so many spans, each with a name of its own."""
    return request([span(trace=b"w" * 16, name=b"name %d" % i) for i in range(count)], b"wide")


def long_texts(count, size):
    """As many spans, each with an attribute `long` of `size` bytes that no other has, in several requests."""
    texts = [random.Random(i).randbytes(size // 2).hex().encode() for i in range(count)]
    spans = [span(extra=field(9, attribute(b"long", text)), name=b"long") for text in texts]
    return [request(spans[i:i + 64], b"long") for i in range(0, count, 64)]


def questions_of_long_texts():
    """Paths of Tempo's port that want all of them at once."""
    now = int(time.time())
    within = f"start={now - 900}&end={now + 60}"
    quote = urllib.parse.quote
    series = ["{}|rate()by(span.long)", "{}|quantile_over_time(duration,.5)by(span.long)", "{}|compare({name=`long`},1000)",
              "{}|count_over_time()by(span.long,name)", "{span.long!=nil}|max_over_time(duration)by(span.long)"]
    return ([f"/api/metrics/query_range?step=10s&{within}&maxSeries=10000&exemplars=10000&q={quote(query)}" for query in series] +
            [f"/api/search?limit=100000&spss=1000&{within}&q={quote(query)}"
             for query in ("{}|by(span.long)|count()>0", "{}|select(span.long)", "{span.long=~`.*f{3}.*`}", "{span.long>`5`}")] +
            ["/api/v2/search/tag/span.long/values?limit=100000"])


def traceql():
    """Queries that want much of every trace."""
    return [
        "{}" + "|by(name)" * 1000,
        "{}" + "|count()>0" * 1000,
        "||".join("{.a%d=1}" % i for i in range(1000)),
        "{}|select(" + ",".join(".a%d" % i for i in range(1500)) + ")",
        "{}&>>{}" * 20,
        "||".join("{resource.a%d=1}" % i for i in range(3000)),
        "||".join('({name="a%d"}&&{duration>%dms})' % (i, i) for i in range(1000)),
        "{}|select(" + ",".join("resource.a%d" % i for i in range(1500)) + ")",
        "{}|by(span:id)|count()>0",
        "{.a=~`\\pL{400}`}" + "".join("||{.a%d=~`\\pL{%d}`}" % (i, 400 - i) for i in range(100)),
    ]


def series():
    """TraceQL that makes many series of many points."""
    return ["{}|rate()by(name,span:id)", "{}|quantile_over_time(duration,.1,.2,.3,.4,.5,.6,.7,.8,.9)by(name)",
            "{}|histogram_over_time(duration)by(name)", "{}|compare({status=error},1000)", "{}>>{}|rate()by(span:id)",
            "{}|rate()by(name,resource.service.name,kind,status)", "{}|quantile_over_time(duration,.1,.5,.9)by(name,.a)"]


def tempo_questions():
    """Paths of Tempo's port."""
    now = int(time.time())
    within = f"start={now - 9000}&end={now + 60}"
    quote = urllib.parse.quote
    return ([f"/api/search?limit=100000&spss=100000&{within}&q={quote(query)}" for query in traceql()] +
            [f"/api/metrics/query_range?step=1s&{within}&maxSeries=10000&exemplars=10000&q={quote(query)}" for query in series()] +
            ["/api/v2/search/tags?limit=100000", "/api/v2/search/tag/name/values?limit=100000", "/api/v2/traces/" + "77" * 16])


def metrics_question(services):
    """Of Jaeger's Monitor: as many points as there may be, each over as long a window as there may be."""
    return ("/api/metrics/latencies?quantile=0.5&groupByOperation=true&lookback=10999000&step=1000&ratePer=1000000"
            "&spanKind=server&spanKind=client&spanKind=internal&" + "&".join(f"service={name}" for name in services))


def posted_questions(count):
    """Bodies that the query port reads: (name, path, headers, body)."""
    own_resources = ",".join(
        '{"resource":{"attributes":[{"key":"k","value":{"intValue":"%d"}}]},"scopeSpans":[{"spans":[%s]}]}' % (i, json_span())
        for i in range(count))
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    return [
        ("traces with a resource each", "/api/transform", JSON, b'{"resourceSpans":[' + own_resources.encode() + b"]}"),
        ("zeros to transform", "/api/transform", *coded("gzip", gzip.compress(bytes(60 * MIB)), JSON)),
        ("a trace for a model", "/api/mcp", JSON, json.dumps(
            {**call, "params": {"name": "get_trace", "arguments": {"trace_id": "77" * 16, "max_spans": 2000}}}).encode()),
        ("values for a model", "/api/mcp", JSON, json.dumps(
            {**call, "params": {"name": "list_attribute_values", "arguments": {"key": "http.route", "limit": 500}}}).encode()),
        ("a comparison for a model", "/api/mcp", JSON, json.dumps(
            {**call, "params": {"name": "compare", "arguments": {"a": "error=true", "b": "error=false"}}}).encode()),
        ("nested JSON for a model", "/api/mcp", JSON, b"[" * 100_000),
    ]
