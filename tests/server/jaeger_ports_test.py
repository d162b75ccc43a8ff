# SPDX-License-Identifier: Apache-2.0
"""The ports of Jaeger's gRPC clients and of a Jaeger whose remote storage this is."""
import pathlib
import sys
import tempfile
import time
import unittest

from spandrel_process import Spandrel

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "attack"))
import grpc_client  # noqa: E402

PORTS = ("--jaeger-grpc", "127.0.0.1:0", "--storage-grpc", "127.0.0.1:0")
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
OF_JAEGER = "/jaeger.api_v2.QueryService/GetServices"
OF_JAEGER_V3 = "/jaeger.api_v3.QueryService/GetServices"
OF_STORAGE = "/jaeger.storage.v2.TraceReader/GetServices"
REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
LIST_SERVICES = b"\x3a\x00"
HEALTH = "/grpc.health.v1.Health/Check"


def field(number, value):
    """Bytes, or a number of 64 fixed bits, as a field of protobuf."""
    if isinstance(value, int):
        return bytes([number << 3 | 1]) + value.to_bytes(8, "little")
    assert len(value) < 1 << 14
    size = bytes([len(value)]) if len(value) < 128 else bytes([len(value) & 127 | 128, len(value) >> 7])
    return bytes([number << 3 | 2]) + size + value


def export_request(service, trace=b"t" * 16):
    """One span as an OTLP request."""
    now = time.time_ns()
    span = (field(1, trace) + field(2, b"spanspan") + field(5, b"operation") + field(7, now) +
            field(8, now + 1000000))
    name = field(1, b"service.name") + field(2, field(1, service.encode()))
    return field(1, field(1, field(1, name)) + field(2, field(2, span)))


def services(*names):
    return [b"".join(field(1, name.encode()) for name in names)]


class JaegerPortsTest(unittest.TestCase):
    def ask(self, server, port, path, message=b"", **headers):
        return grpc_client.messages(server.addresses[port], path, message,
                                    [(name.replace("_", "-"), value) for name, value in headers.items()])

    def test_they_are_there_when_they_are_asked_for(self):
        with Spandrel() as server:
            self.assertEqual({"jaeger_grpc", "storage_grpc"} & set(server.addresses), set())
            self.assertEqual(self.ask(server, "http", OF_JAEGER), [b""])
        with Spandrel(*PORTS) as server:
            self.assertEqual({"jaeger_grpc", "storage_grpc"} - set(server.addresses), set())

    def test_what_a_jaeger_writes_is_stored_and_read_everywhere(self):
        with Spandrel(*PORTS) as server:
            self.assertEqual(self.ask(server, "storage_grpc", EXPORT, export_request("shop")), [b""])
            self.assertEqual(self.ask(server, "storage_grpc", OF_STORAGE), services("shop"))
            for path in (OF_JAEGER, OF_JAEGER_V3):
                self.assertEqual(self.ask(server, "jaeger_grpc", path), services("shop"))
            self.assertEqual(server.get_json("/api/services")["data"], ["shop"])
            trace = self.ask(server, "storage_grpc", "/jaeger.storage.v2.TraceReader/GetTraces",
                             field(1, field(1, b"t" * 16)))
            self.assertEqual(len(trace), 1)
            self.assertIn(b"spanspan", trace[0])
            metrics = server.request("http", "/metrics")[2]
            self.assertIn(b'otelcol_receiver_accepted_spans{receiver="storage_grpc",transport="grpc"} 1', metrics)
            # What is no span is said and counted, and nothing is stored.
            self.assertEqual(self.ask(server, "storage_grpc", EXPORT, b"\xff\xff"), [])
            self.assertIn(b'spandrel_receiver_refused_requests_total{receiver="storage_grpc",transport="grpc"',
                          server.request("http", "/metrics")[2])

    def test_each_port_serves_its_own(self):
        with Spandrel(*PORTS) as server:
            for port, path in (("jaeger_grpc", OF_STORAGE), ("jaeger_grpc", EXPORT), ("storage_grpc", OF_JAEGER),
                               ("http", EXPORT), ("tempo", OF_JAEGER)):
                self.assertEqual(self.ask(server, port, path), [], f"{port} {path}")
            listed = {}
            for port in ("http", "tempo", "jaeger_grpc", "storage_grpc"):
                listed[port], = self.ask(server, port, REFLECTION, LIST_SERVICES)
                self.assertEqual(self.ask(server, port, HEALTH), [b"\x08\x01"], port)
                self.assertEqual(server.request(port, "/ready")[0], 200, port)
            for port, name in (("jaeger_grpc", b"jaeger.api_v2.QueryService"), ("http", b"jaeger.storage.v2.TraceReader"),
                               ("storage_grpc", b"opentelemetry.proto.collector.trace.v1.TraceService"),
                               ("tempo", b"tempopb.StreamingQuerier")):
                self.assertIn(name, listed[port])
            self.assertNotIn(b"TraceService", listed["http"] + listed["jaeger_grpc"])
            self.assertEqual(server.request("jaeger_grpc", "/api/services")[0], 404)

    def test_tenants_are_kept_apart_there_too(self):
        with Spandrel(*PORTS, "--tenants") as server:
            self.assertEqual(self.ask(server, "storage_grpc", EXPORT, export_request("nobody")), [])
            for tenant in ("red", "blue"):
                self.ask(server, "storage_grpc", EXPORT, export_request(tenant), x_scope_orgid=tenant)
            for tenant in ("red", "blue"):
                for port, path in (("storage_grpc", OF_STORAGE), ("jaeger_grpc", OF_JAEGER)):
                    self.assertEqual(self.ask(server, port, path, x_scope_orgid=tenant), services(tenant))
            self.assertEqual(self.ask(server, "jaeger_grpc", OF_JAEGER), [])

    def test_they_have_logins_of_their_own(self):
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder) / "config.yaml"
            config.write_text(f"""
receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:0"}}}}}}}}
exporters: {{store: {{store: store}}}}
extensions:
  store: {{directory: "{folder}/data"}}
  query:
    endpoint: "127.0.0.1:0"
    store: store
    jaeger_grpc: {{endpoint: "127.0.0.1:0", auth: {{bearer: {{token: read}}}}}}
    storage_grpc: {{endpoint: "127.0.0.1:0", auth: {{bearer: {{token: write}}}}}}
service:
  extensions: [store, query]
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [store]}}}}
""")
            with Spandrel("--config", config, built_in=False) as server:
                span = export_request("shop")
                for login in ({}, {"authorization": "Bearer read"}):
                    self.assertEqual(self.ask(server, "storage_grpc", EXPORT, span, **login), [])
                    self.assertEqual(self.ask(server, "storage_grpc", OF_STORAGE, **login), [])
                    self.assertEqual(self.ask(server, "storage_grpc", REFLECTION, LIST_SERVICES, **login), [])
                self.assertEqual(self.ask(server, "http", OF_JAEGER), [b""], "nothing is stored")
                self.assertEqual(self.ask(server, "storage_grpc", EXPORT, span, authorization="Bearer write"), [b""])
                self.assertEqual(self.ask(server, "jaeger_grpc", OF_JAEGER), [])
                self.assertEqual(self.ask(server, "jaeger_grpc", OF_JAEGER, authorization="Bearer read"),
                                 services("shop"))
                self.assertEqual(self.ask(server, "jaeger_grpc", HEALTH), [b"\x08\x01"])


if __name__ == "__main__":
    unittest.main()
