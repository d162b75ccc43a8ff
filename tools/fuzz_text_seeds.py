# SPDX-License-Identifier: Apache-2.0
"""Seeds of the fuzz targets that read headers, query strings, requests of clients and answers of servers; see make_fuzz_seeds.py."""
import base64
import hashlib
import json
import pathlib
import re
import struct

GUIDE = pathlib.Path(__file__).resolve().parent.parent / "docs/guide"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def lines(*texts):
    return "\n".join(texts).encode()


# A traceparent, or a tracestate.
def trace_context_seeds():
    return {
        "parent": f"00-{TRACE}-{SPAN}-01".encode(),
        "parent-later-version": f"cc-{TRACE}-{SPAN}-09-what-comes".encode(),
        "parent-zero": f"00-{'0' * 32}-{SPAN}-00".encode(),
        "state": b"congo=t61rcWkgMzE,rojo=00f067aa0ba902b7",
        "state-tenant": b"fw529a3039@dt=FfAAAAAC, \t ot=th:8;rv:0123456789abcd ,,es=s:1",
        "state-full": ",".join(f"k{i}=v{i}" for i in range(32)).encode(),
        "state-too-many": ",".join(f"k{i}=v{i}" for i in range(40)).encode(),
        "state-twice": b"a=1,b=2,a=3",
    }


# A line for each header, in the order of the target.
def propagator_seeds():
    return {
        "trace_context_propagator_fuzz": {
            "both": lines(f"00-{TRACE}-{SPAN}-01", "congo=t61rcWkgMzE,ot=th:c"),
            "random-flag": lines(f"00-{TRACE}-{SPAN}-03", ""),
            "bad-parent": lines(f"00-{TRACE}-{SPAN}", "a=b"),
        },
        "b3_propagator_fuzz": {
            "single": lines(f"{TRACE}-{SPAN}-1-05e3ac9a4f6e3b90"),
            "single-short": lines(f"{SPAN}-{SPAN}-d"),
            "deny": lines("0"),
            "multi": lines("", TRACE, SPAN, "1", "0"),
            "multi-short-debug": lines("", SPAN, SPAN, "true", "1"),
        },
        "jaeger_propagator_fuzz": {
            "plain": lines(f"{TRACE}:{SPAN}:0:1", "one", "two", ""),
            "short-debug": lines(f"{SPAN}:1:0:3"),
            "escaped": lines(f"{TRACE}%3A{SPAN}%3A0%3A1", "a%20b", "%zz"),
        },
        "baggage_propagator_fuzz": {
            "pairs": b"userId=alice,serverNode=DF%2028,isProduction=false",
            "properties": b"key1=value1;property1;property2=x , key2 = value2",
            "utf8": "amélie=%C3%A9,b=é".encode(),
            "dense": b"=,;,=;," * 40,
            "many": ",".join(f"k{i}={i}" for i in range(70)).encode(),
        },
    }


def raw_headers_seeds():
    return {
        "request": b"GET / HTTP/1.1\r\nHost: example:8080\r\nTraceParent: 00-" + TRACE.encode() + b"-" + SPAN.encode() +
                   b"-01\r\nForwarded: for=\"[2001:db8::1]:4711\";proto=https, for=_hidden\r\n\r\n",
        "folded": b"Host: a\r\n b\r\nA: \t x \r\n",
        "line-feeds": b"host:x\nforwarded: for=192.0.2.43\n\nbody",
        "url": b"https://user:secret@example.org:443/a?sig=1&X-Amz-Signature=2&b#c",
        "url-ipv6": b"http://[::1]:80/?AWSAccessKeyId=x",
    }


# Host, Authorization, a file of users, a file of tokens: each text is read as all of them.
def gate_seeds():
    user = base64.b64encode(b"ann:password")
    digest = base64.b64encode(hashlib.sha1(b"password").digest())
    return {
        "basic": b"Basic " + user,
        "basic-lower": b"basic  " + user.rstrip(b"="),
        "bearer": b"Bearer t0ken",
        "host": b"localhost:4318",
        "host-ipv6": b"[::1]:4318",
        "host-foreign": b"evil.example",
        "users": b"# who may\nann:{SHA}" + digest + b"\nbob:$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/\n"
                 b"eve:$2y$05$abcdefghijklmnopqrstuuAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nold:plain\n",
        "tokens": b"# rotated monthly\n  first \n\nsecond\n",
    }


TAGS = (
    b"http.status_code=500 http.method=GET",
    b'error=true "odd key"="a \\"quoted\\" value" resource.service.version=1.2',
    b"span.kind=server span.status=error scope.name=lib",
    b'a="unfinished',
)

SEARCH = ("service=shop&operation=GET%20%2Fcart&tags=%7B%22error%22%3A%22true%22%7D&minDuration=1.5ms&maxDuration=2s&"
          "start=1700000000000000&end=1700000100000000&limit=20&lookback=1h")


# A query string or a JSON object.
def parameters_seeds():
    cursor = f"n{'0' * 15}7{TRACE}"
    page = f"service=shop&from=1&to=2000000000000000000&filter=error%3Dtrue&sort=newest&limit=50&cursor={cursor}"
    v3 = ("query.service_name=shop&query.operation_name=GET&query.attributes=%7B%22a%22%3A%22b%22%7D&"
          "query.start_time_min=2023-11-14T22:13:20Z&query.start_time_max=2023-11-15T00:00:00.5%2B01:00&"
          "query.duration_min=1.5s&query.duration_max=10s&query.search_depth=20&raw_traces=true")
    return {
        "legacy": SEARCH.encode(),
        "legacy-tags": b"service=a&tag=x%3Ay&tag=z%3A1&traceID=" + TRACE.encode() + b"&traceID=ff",
        "dependencies": b"endTs=1700000000000&lookback=604800000",
        "v3": v3.encode(),
        "v3-dependencies": b"start_time=2023-11-14T22:13:20Z&end_time=2023-11-15T22:13:20Z",
        "page": page.encode(),
        "cursor": b"cursor=" + cursor.encode(),
        "body": json.dumps({"service": "shop", "limit": 5, "tags": {"a": "b"}, "query": {"num_traces": 3}}).encode(),
        "escapes": b"a=%&b=%4&c=%zz&+=+&&=",
    }


def proto_field(number, content):
    return bytes([number << 3 | 2, len(content)]) + content


def timestamp(number, seconds):
    encoded = b""
    while seconds >= 0x80:
        encoded += bytes([seconds & 0x7f | 0x80])
        seconds >>= 7
    return proto_field(number, b"\x08" + encoded + bytes([seconds]) + b"\x10\x05")


# Messages of jaeger.api_v3 and the values of grpc-timeout.
def grpc_requests_seeds():
    attribute = proto_field(3, proto_field(1, b"error") + proto_field(2, b"true"))
    times = timestamp(4, 1_700_000_000) + timestamp(5, 1_700_003_600)
    durations = proto_field(6, b"\x08\x01") + proto_field(7, b"\x08\x0a\x10\x05")
    query = proto_field(1, b"shop") + proto_field(2, b"GET /") + attribute + times + durations + b"\x40\x14"
    return {
        "get-trace": proto_field(1, TRACE.encode()) + timestamp(2, 1_700_000_000) + timestamp(3, 1_700_000_100) + b"\x20\x01",
        "find-traces": proto_field(1, query),
        "operations": proto_field(1, b"shop") + proto_field(2, b"server"),
        "dependencies": timestamp(1, 1_700_000_000) + timestamp(2, 1_700_003_600),
        "timeout-seconds": b"5S",
        "timeout-longest": b"99999999H",
        "timeout-nanoseconds": b"1n",
    }


# The HTTP status in two bytes, Retry-After up to a line feed, the body; all of it is a sampling strategy, too.
def otlp_answer_seeds():
    strategy = {
        "strategyType": "PROBABILISTIC",
        "probabilisticSampling": {"samplingRate": 0.5},
        "rateLimitingSampling": {"maxTracesPerSecond": 10},
        "operationSampling": {
            "defaultSamplingProbability": 0.1, "defaultLowerBoundTracesPerSecond": 0.01,
            "perOperationStrategies": [{"operation": "GET /", "probabilisticSampling": {"samplingRate": 1}}]},
    }
    partial = bytes([10, 11, 8, 7, 18, 7]) + b"bad ids"
    return {
        "strategy": json.dumps(strategy).encode(),
        "strategy-rate": b'{"strategyType":1,"rateLimitingSampling":{"maxTracesPerSecond":3}}',
        "partial": struct.pack(">H", 200) + b"\n" + partial,
        "busy": struct.pack(">H", 503) + b"30\n",
        "busy-until": struct.pack(">H", 429) + b"Tue, 14 Nov 2023 22:13:50 GMT\n",
        "trace-state": b"ot=th:8;rv:0123456789abcd,a=b",
    }


def any_value(kind, value):
    return {"key": "key", "value": {kind: value}}


# What `spandrel query` is answered; the first byte is 0 before a search and 1 before series.
def tempo_answers_seeds():
    fields = [any_value("stringValue", "a\x1b[0m\u009b\u202e\n"), any_value("intValue", "-5"), any_value("intValue", 5),
              any_value("doubleValue", 0.5), any_value("doubleValue", "NaN"), any_value("boolValue", True),
              any_value("arrayValue", {"values": [{"intValue": "1"}, {"stringValue": "\u6f22"}]}),
              {"key": "service.name", "value": {"stringValue": "shop"}}, {"key": "status", "value": {"stringValue": "error"}}]
    span = {"spanID": SPAN, "name": "SELECT", "startTimeUnixNano": "1700000000124000000", "durationNanos": "3000", "attributes": fields}
    trace = {"traceID": TRACE, "rootServiceName": "shop", "rootTraceName": "GET /", "startTimeUnixNano": "1700000000123000000",
             "durationMs": 25, "spanSet": {"spans": [span], "matched": 7}, "spanSets": [{"spans": [span, span], "matched": 7}],
             "serviceStats": {"shop": {"spanCount": 3}, "db": {"spanCount": 9, "errorCount": 2}}}
    rootless = {"traceID": "b", "rootServiceName": "<root span not yet received>", "spanSet": {"matched": 2}}
    samples = [{"timestampMs": "1000", "value": 2.5}, {"timestampMs": 300000, "value": -4}, {"timestampMs": "1", "value": "Infinity"}]
    series = [{"labels": fields[:3], "samples": samples}, {"labels": [], "samples": samples[:1]}, {}]
    return {
        "search": b"\0" + json.dumps({"traces": [trace, rootless], "metrics": {"inspectedSpans": "12345"}}).encode(),
        "search-nothing": b'\0{"traces":[],"metrics":{}}',
        "search-bad-id": b'\0{"traces":[{"traceID":"zz\\u009b"}]}',
        "series": b"\1" + json.dumps({"series": series, "status": "PARTIAL"}, ensure_ascii=False).encode(),
        "series-nothing": b'\1{"series":[]}',
    }


EVERYTHING = b"""receivers:
  otlp:
    protocols:
      grpc: {endpoint: '127.0.0.1:0', max_recv_msg_size_mib: 16,
             auth: {authenticator: basicauth/in}, include_metadata: true}
      http: {endpoint: 'localhost:0', cors: {allowed_origins: ['http://*.example'], max_age: 7200}, traces_url_path: /v1/traces}
  nop:
processors:
  batch: {timeout: 200ms, send_batch_size: 8192, send_batch_max_size: 0, metadata_keys: [x-tenant], metadata_cardinality_limit: 9}
  attributes: {include: {match_type: regexp, services: ['a.*'], attributes: [{key: env, value: prod}]},
               actions: [{key: db, action: hash}, {key: a, from_attribute: b, action: upsert},
                         {key: url, pattern: '^(?P<host>[^/]+)', action: extract}, {key: n, action: convert, converted_type: int}]}
  resource: {attributes: [{key: cloud.zone, value: z1, action: insert}, {key: old, action: delete}]}
exporters:
  store: {store: store/main}
  otlp: {endpoint: 'localhost:1', tls: {insecure: true}, compression: zstd, timeout: 5s, headers: {a: b},
         retry_on_failure: {enabled: true, initial_interval: 1s, max_interval: 30s, max_elapsed_time: 0s},
         sending_queue: {enabled: true, num_consumers: 4, queue_size: 100}}
  otlphttp: {endpoint: 'http://localhost:1', encoding: json, auth: {authenticator: bearertokenauth}}
  jaeger: {endpoint: 'localhost:1', tls: {insecure: true}}
  debug: {verbosity: detailed}
  nop:
connectors: {forward: }
extensions:
  store/main: {directory: /nowhere, durability: os, tenants: true, retention: {max_age: 720h}}
  query: {endpoint: 'localhost:0', store: store/main, auth: {authenticator: bearertokenauth}}
  basicauth/in: {htpasswd: {inline: 'a:{SHA}W8r/fyL/UzygmbNAjq2HbA67qac='}}
  bearertokenauth: {scheme: Bearer, tokens: [a, b]}
service:
  extensions: [store/main, query, basicauth/in, bearertokenauth]
  telemetry: {logs: {level: warn}, metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp, nop], processors: [batch, attributes, resource], exporters: [store, otlp, jaeger, forward]}
    traces/second: {receivers: [forward], exporters: [debug]}
    metrics: {receivers: [otlp], exporters: [otlphttp, nop]}
    logs: {receivers: [otlp], exporters: [otlphttp]}
"""


# Configurations: one that names everything, and those of the guides.
def configuration_seeds():
    seeds = {"everything": EVERYTHING}
    for page in sorted(GUIDE.glob("*.md")):
        blocks = re.findall(r"^```yaml\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        seeds.update({f"{page.stem}-{i}": block.encode() for i, block in enumerate(blocks)})
    return seeds


def text_seeds():
    """{target: {name: bytes}}"""
    contexts = trace_context_seeds()
    return {
        "trace_context_fuzz": contexts,
        **propagator_seeds(),
        "raw_headers_fuzz": raw_headers_seeds(),
        "gate_fuzz": gate_seeds(),
        "tags_fuzz": {f"tags-{i}": text for i, text in enumerate(TAGS)},
        "parameters_fuzz": parameters_seeds(),
        "grpc_requests_fuzz": grpc_requests_seeds(),
        "otlp_answer_fuzz": otlp_answer_seeds(),
        "tempo_answers_fuzz": tempo_answers_seeds(),
        "configuration_fuzz": configuration_seeds(),
    }
