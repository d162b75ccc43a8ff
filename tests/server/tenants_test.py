# SPDX-License-Identifier: Apache-2.0
"""Tenants of one server: each sees what it has sent, whatever way it asks, and costs next to nothing when it is idle."""
import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from otlp_sink import field, fixed64, request, varint
from spandrel_process import Spandrel, otlp_request, run

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
QUERY = "/jaeger.api_v3.QueryService/"
INVALID_ARGUMENT = 3
NOT_FOUND = 5
BAD_NAMES = ("", "a b", "a/b", "..", "a|", "x" * 151)
PATIENCE_S = 60
TENANTS = 1000


def named(tenant):
    return {} if tenant is None else {"X-Scope-OrgID": tenant}


def span_message(name="operation", trace_id=TRACE_ID, span_id=7):
    now = time.time_ns()
    return (field(1, bytes.fromhex(trace_id)) + field(2, span_id.to_bytes(8, "big")) + field(5, name)
            + fixed64(7, now) + fixed64(8, now + 1000))


def timestamp(seconds):
    return varint(1 << 3) + varint(int(seconds))


def grpc(address, method, message, headers):
    """Calls a server; returns (gRPC status, the messages of the answer)."""
    with tempfile.NamedTemporaryFile() as body:
        body.write(b"\0" + len(message).to_bytes(4, "big") + message)
        body.flush()
        words = ["curl", "--silent", "--max-time", "30", "--http2-prior-knowledge", "-D", "/dev/stderr", "--data-binary",
                 f"@{body.name}", "-H", "content-type: application/grpc", "-H", "te: trailers"]
        for name, value in headers.items():
            words += ["-H", f"{name}: {value}"]
        done = subprocess.run([*words, f"http://{address}{method}"], capture_output=True, check=True)
    status = int(re.findall(rb"grpc-status: (\d+)", done.stderr)[-1])
    messages, rest = [], done.stdout
    while rest:
        size = int.from_bytes(rest[1:5], "big")
        messages.append(rest[5:5 + size])
        rest = rest[5 + size:]
    return status, messages


def head_spans(server):
    """What is stored and not in a part yet."""
    metrics = server.request("http", "/metrics")[2].decode()
    return int(re.search(r"^spandrel_store_head_spans\{[^}]*\} (\d+)$", metrics, re.MULTILINE).group(1))


class Asker:
    """Sends and asks as one tenant, or as nobody in particular."""

    def __init__(self, server, tenant):
        self.server, self.headers = server, named(tenant)

    def get(self, path):
        status, _, body = self.server.request("http", path, headers=self.headers)
        return status, body

    def get_json(self, path):
        status, body = self.get(path)
        if status != 200:
            raise AssertionError(f"GET {path}: {status} {body[:300]!r}")
        return json.loads(body)

    def send(self, service, **span):
        body = json.dumps(otlp_request(service=service, **{"trace_id": TRACE_ID, **span})).encode()
        return self.server.request("otlp_http", "/v1/traces", body, {"Content-Type": "application/json", **self.headers})[0]

    def send_grpc(self, service):
        return grpc(self.server.addresses["otlp_grpc"], EXPORT, request(span_message(), service), self.headers)[0]

    def ask_grpc(self, method, message):
        return grpc(self.server.addresses["http"], QUERY + method, message, self.headers)


class Checks(unittest.TestCase):
    def assert_sees_only(self, asker, services, stored=None):
        """By every way to ask; every service has one span, all of the same trace."""
        us = int(time.time() * 1e6)
        self.assertEqual(asker.get_json("/api/ui/v1/services")["services"], services)
        self.assertEqual(asker.get_json("/api/services")["data"], services)
        self.assertEqual(asker.get_json("/api/v3/services")["services"], services)
        self.assertEqual(asker.get_json("/api/ui/v1/status")["storedSpans"], str(stored or len(services)))
        traces = asker.get_json("/api/ui/v1/search")["traces"]
        self.assertEqual([trace["traceId"] for trace in traces], [TRACE_ID] if services else [])
        for service in ("shop", "bank"):
            found = asker.get_json(f"/api/traces?service={service}&start={us - 3600 * 10**6}&end={us + 10**6}")["data"]
            self.assertEqual(len(found), services.count(service), service)
            self.assertEqual(len(asker.get_json(f"/api/ui/v1/search?service={service}")["traces"]), services.count(service))
            self.assertEqual(len(asker.get_json(f"/api/ui/v1/operations?service={service}")["operations"]),
                             services.count(service))
        self.assert_finds_by_id(asker, services)
        self.assert_finds_by_grpc(asker, services)

    def assert_finds_by_id(self, asker, services):
        status, body = asker.get(f"/api/traces/{TRACE_ID}")
        self.assertEqual(status, 200 if services else 404)
        if services:
            processes = json.loads(body)["data"][0]["processes"].values()
            self.assertEqual(sorted(process["serviceName"] for process in processes), services)
        for path in (f"/api/v3/traces/{TRACE_ID}", f"/api/ui/v1/trace/{TRACE_ID}"):
            status, body = asker.get(path)
            self.assertEqual(status, 200 if services else 404, path)
            for service in ("shop", "bank"):
                self.assertEqual(service.encode() in body, service in services, path)

    def assert_finds_by_grpc(self, asker, services):
        names = b"".join(field(1, service) for service in services)
        self.assertEqual(asker.ask_grpc("GetServices", b""), (0, [names]))
        status, messages = asker.ask_grpc("GetTrace", field(1, TRACE_ID))
        self.assertEqual(status, 0 if services else NOT_FOUND)
        for service in ("shop", "bank"):
            self.assertEqual(service.encode() in b"".join(messages), service in services)
            around_now = field(4, timestamp(time.time() - 3600)) + field(5, timestamp(time.time() + 60))
            found = asker.ask_grpc("FindTraces", field(1, field(1, service) + around_now))
            self.assertEqual((found[0], bool(b"".join(found[1]))), (0, service in services))

    def metric(self, server, text):
        """The value on the line of /metrics that begins with `text`; 0 when there is none."""
        body = server.request("http", "/metrics")[2].decode()
        found = re.search("^" + re.escape(text) + r" (\S+)$", body, re.MULTILINE)
        return float(found.group(1)) if found else 0


class TenantsTest(Checks):
    def test_each_sees_its_own_spans_only_also_after_a_restart(self):
        with tempfile.TemporaryDirectory() as folder:
            with Spandrel("--tenants", data_dir=folder) as server:
                self.assertEqual(Asker(server, "team-a").send("shop"), 200)
                self.assertEqual(Asker(server, "team-b").send_grpc("bank"), 0)
                self.assert_all(server)
                server.stop(signal.SIGKILL)
            with Spandrel("--tenants", data_dir=folder) as server:
                self.assert_all(server)
                self.assertEqual(server.stop(), 0)
            with Spandrel("--tenants", data_dir=folder) as server:
                self.assert_all(server)
            # What they have is not there for who keeps no tenants, and what has no name is not theirs.
            with Spandrel(data_dir=folder) as server:
                self.assert_sees_only(Asker(server, None), [], stored=2)
                self.assertEqual(Asker(server, None).send("bank"), 200)
            with Spandrel("--tenants", data_dir=folder) as server:
                self.assert_all(server)

    def assert_all(self, server):
        self.assert_sees_only(Asker(server, "team-a"), ["shop"])
        self.assert_sees_only(Asker(server, "team-b"), ["bank"])
        self.assert_sees_only(Asker(server, "team-c"), [])

    def test_a_question_may_be_of_several(self):
        with Spandrel("--tenants") as server:
            for name in ("red", "blue", "green"):
                self.assertEqual(Asker(server, name).send(f"of {name}"), 200)
            both = Asker(server, "blue|red")
            self.assertEqual(both.get_json("/api/services")["data"], ["of blue", "of red"])
            self.assertEqual(both.ask_grpc("GetServices", b"")[0], 0)
            self.assertEqual(both.send("shop"), 400, "spans are of one")

    def test_a_request_without_a_good_name_is_refused(self):
        with Spandrel("--tenants") as server:
            for tenant in (None, *BAD_NAMES):
                asker = Asker(server, tenant)
                self.assertEqual(asker.send("shop"), 400, tenant)
                self.assertEqual(asker.send_grpc("shop"), INVALID_ARGUMENT, tenant)
                for path in ("/api/services", "/api/v3/services", "/api/ui/v1/services", f"/api/traces/{TRACE_ID}"):
                    status, body = asker.get(path)
                    self.assertEqual(status, 400, path)
                    self.assertIn(b"X-Scope-OrgID", body)
                self.assertEqual(asker.ask_grpc("GetServices", b""), (INVALID_ARGUMENT, []))
            bad = len(BAD_NAMES) - 1  # an empty name is none
            for transport in ("http", "grpc"):
                self.assertEqual(self.metric(server, 'spandrel_receiver_refused_requests_total{receiver="otlp",'
                                                     f'transport="{transport}",reason="tenant"}}'), bad)
            self.assertEqual(self.metric(server, 'spandrel_exporter_untenanted_spans_total{exporter="store"}'), 4)
            self.assertEqual(self.metric(server, 'spandrel_api_refused_requests_total{reason="tenant"}'),
                             5 * (len(BAD_NAMES) + 1))
            self.assertEqual(head_spans(server), 0)
            # What concerns nobody's spans needs no name.
            for path in ("/", "/health", "/metrics"):
                self.assertEqual(server.request("http", path)[0], 200)

    def test_without_tenants_the_name_is_ignored(self):
        with Spandrel() as server:
            self.assertEqual(Asker(server, "team-a").send("shop"), 200)
            self.assertEqual(Asker(server, "no name").send_grpc("bank"), 0)
            for tenant in (None, "team-b", "no name"):
                self.assert_sees_only(Asker(server, tenant), ["bank", "shop"])
            self.assertFalse((server.data_dir / "tenants").exists())

    def test_batches_of_tenants_are_not_merged(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "c.yaml"
            file.write_text(f"""
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:0"}}, http: {{endpoint: "127.0.0.1:0"}}}}}}}}
processors: {{batch: {{timeout: 500ms}}}}
exporters: {{store: {{store: store/main}}}}
extensions: {{query: {{endpoint: "127.0.0.1:0", store: store/main}}, store/main: {{directory: {folder}/data, tenants: true}}}}
service:
  extensions: [query, store/main]
  pipelines: {{traces: {{receivers: [otlp], processors: [batch], exporters: [store]}}}}
  telemetry: {{metrics: {{level: none}}}}
""")
            with Spandrel("--config", file, built_in=False) as server:
                askers = [Asker(server, f"team-{letter}") for letter in "ab"]
                with concurrent.futures.ThreadPoolExecutor(8) as pool:
                    sent = [pool.submit(asker.send, "shop" if asker is askers[0] else "bank", trace_id=f"{i + 1:032x}")
                            for i in range(4) for asker in askers]
                    self.assertEqual({one.result() for one in sent}, {200})
                for asker, service in zip(askers, ("shop", "bank")):
                    self.assertEqual(asker.get_json("/api/ui/v1/services")["services"], [service])
                    self.assertEqual(len(asker.get_json("/api/ui/v1/search")["traces"]), 4)


class StoreExtensionTest(Checks):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="spandrel-tenants-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.file = self.folder / "c.yaml"

    def write(self, extensions, exporters="store: {store: store}", running="store, query", batch="5ms"):
        self.file.write_text(f"""receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:0"}}}}}}}}
processors: {{batch: {{timeout: {batch}}}}}
exporters: {{{exporters}}}
extensions: {{{extensions}}}
service:
  extensions: [{running}]
  telemetry: {{metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: 0}}}}}}}}]}}}}
  pipelines: {{traces: {{receivers: [otlp], processors: [batch], exporters: [store]}}}}
""")

    def store(self, name="store", directory="data", more=""):
        return f"{name}: {{directory: {self.folder}/{directory}{more}}}"

    def query(self, store="store"):
        return f'query: {{endpoint: "127.0.0.1:0", store: {store}}}'

    def assert_one_error(self, text):
        done = run("validate", "--config", self.file)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(text, done.stderr)

    def test_what_is_wrong_is_one_error_with_its_place(self):
        both = f"{self.store()}, {self.query()}"
        self.write(both, exporters="store: {store: stor}")
        self.assert_one_error("c.yaml:3:28: exporters::store::store: extension 'stor' is not defined under extensions; "
                              "did you mean 'store'?")
        self.write(both, exporters="store: {store: query}")
        self.assert_one_error("c.yaml:3:28: exporters::store::store: extension 'query' is not a trace store")
        self.write(f"{self.store()}, {self.query('otlp')}")
        self.assert_one_error("extensions::query::store: extension 'otlp' is not defined under extensions")
        self.write(both, running="query", exporters=self.store(directory="own"))
        self.assert_one_error("extensions::query::store: extension 'store' is not listed under service::extensions")
        self.write(f"{both}, {self.store('store/2', 'x/../data')}", running="store, store/2, query")
        self.assert_one_error(f"extensions::store/2::directory: directory '{self.folder}/x/../data' is also that of "
                              "extension 'store'")
        self.write(both, exporters="store: {store: store, retention: {max_age: 1h}}")
        self.assert_one_error("c.yaml:3:46: exporters::store::retention: 'retention' belongs to the extension 'store'")
        self.write(f"{self.store(more=', retention: {max_agee: 1h}')}, {self.query()}")
        self.assert_one_error("extensions::store::retention: unknown key 'max_agee'; did you mean 'max_age'?")

    def reload(self, server):
        status, _, body = server.request("metrics", "/-/reload", b"", method="POST")
        self.assertEqual((status, body), (200, b"reloaded\n"))

    def test_a_reload_keeps_an_unchanged_store_open(self):
        self.write(f"{self.query()}, {self.store(more=', durability: os')}", running="query, store")
        with Spandrel("--config", self.file, built_in=False) as server:
            asker = Asker(server, None)
            self.assertEqual(asker.send("shop"), 200)
            lock = os.stat(self.folder / "data" / "LOCK").st_mtime_ns
            for timeout in ("6ms", "7ms"):
                self.write(f"{self.query()}, {self.store(more=', durability: os')}", running="query, store", batch=timeout)
                self.reload(server)
                self.assertEqual(asker.send("bank", span_id=f"{lock:016x}"), 200)
            self.assertEqual(os.stat(self.folder / "data" / "LOCK").st_mtime_ns, lock)
            self.assertEqual(asker.get_json("/api/services")["data"], ["bank", "shop"])
            # Options of a store that is open are the next start's.
            self.assertNotIn("holds from the next start", server.log())
            self.write(f"{self.query()}, {self.store(more=', tenants: true')}", running="query, store")
            self.reload(server)
            self.assertIn("holds from the next start", server.log())
            self.assertEqual(asker.send("shop"), 200)

    def test_a_reload_moves_to_another_store(self):
        self.write(f"{self.store()}, {self.query()}")
        with Spandrel("--config", self.file, built_in=False) as server:
            self.assertEqual(Asker(server, None).send("shop"), 200)
            self.write(f"{self.store(directory='other', more=', tenants: true')}, {self.query()}")
            self.reload(server)
            self.assertEqual(Asker(server, None).send("shop"), 400)
            self.assertEqual(Asker(server, "team-a").send("bank"), 200)
            first = json.loads(run("store", "stat", self.folder / "data", "--json").stdout)
            self.assertEqual((first["spans"], first["services"]), (1, ["shop"]), "it has closed")
        second = json.loads(run("store", "stat", self.folder / "other", "--json").stdout)
        self.assertEqual([tenant["name"] for tenant in second["tenants"]], ["team-a"])

    def test_a_store_of_an_exporter_of_its_own(self):
        self.write('query: {endpoint: "127.0.0.1:0"}', exporters=self.store(more=", tenants: true"), running="query")
        with Spandrel("--config", self.file, built_in=False) as server:
            self.assertEqual(Asker(server, None).send("shop"), 400)
            self.assertEqual(Asker(server, "team-a").send("shop"), 200)
            self.assertEqual(Asker(server, "team-a").get_json("/api/services")["data"], ["shop"])


class StoreCommandTest(unittest.TestCase):
    def store(self, *arguments, status=0):
        done = run("store", *arguments)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def test_sees_all_tenants(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            data = folder / "data"
            with Spandrel("--tenants", data_dir=data) as server:
                self.assertEqual(Asker(server, "team-a").send("shop"), 200)
                for span_id in ("1" * 16, "2" * 16):
                    self.assertEqual(Asker(server, "team-b").send("bank", span_id=span_id), 200)
            facts = json.loads(self.store("stat", data, "--json").stdout)
            self.assertEqual((facts["spans"], facts["traces"], facts["services"]), (3, 2, ["bank", "shop"]))
            self.assertEqual([(tenant["name"], tenant["spans"], tenant["services"]) for tenant in facts["tenants"]],
                             [("team-a", 1, ["shop"]), ("team-b", 2, ["bank"])])
            self.assertEqual([part["tenant"] for part in facts["parts"]], ["team-a", "team-b"])
            text = self.store("stat", data).stdout
            self.assertRegex(text, r"team-b +2 +1 +1 +1 ")
            self.assertIn("3 spans in 2 parts and the log read, of 2 tenants with a name too", self.store("verify", data).stdout)

            none = self.store("export", data)
            self.assertEqual(none.stdout, "")
            self.assertIn("2 tenants with a name are left out", none.stderr)
            self.assertIn("'team-c'", self.store("export", data, "--tenant", "team-c", status=1).stderr)
            file, copy = folder / "b.jsonl", folder / "copy"
            self.store("export", data, "--tenant", "team-b", "--output", file)
            self.assertNotIn("shop", file.read_text())
            self.assertIn("2 stored", self.store("import", copy, "--input", file, "--tenant", "team-x").stdout)
            self.assertIn("0 stored, 2 were stored already",
                          self.store("import", copy, "--input", file, "--tenant", "team-x").stdout)
            self.assertIn("--tenant", self.store("import", copy, "--input", file, "--tenant", "a/b", status=1).stderr)
            with Spandrel("--tenants", data_dir=copy) as server:
                self.assertEqual(Asker(server, "team-x").get_json("/api/services")["data"], ["bank"])
                self.assertEqual(Asker(server, "team-b").get_json("/api/services")["data"], [])

    def test_a_damaged_tenant_is_named(self):
        with tempfile.TemporaryDirectory() as data:
            with Spandrel("--tenants", data_dir=data) as server:
                self.assertEqual(Asker(server, "team-a").send("shop"), 200)
                self.assertEqual(Asker(server, "team-b").send("bank"), 200)
            part = next((pathlib.Path(data) / "tenants/team-b/parts").glob("*.part"))
            content = bytearray(part.read_bytes())
            content[100] ^= 0xFF
            part.write_bytes(content)
            self.assertIn("tenants/team-b/parts/", self.store("verify", data, status=1).stdout)


class ThousandTenantsTest(unittest.TestCase):
    """Of the whole server; src/columnar/tenants_test.cc measures the store alone."""

    def usage(self, server):
        """(threads, resident bytes)"""
        status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text(encoding="utf-8")
        return (int(re.search(r"Threads:\s+(\d+)", status).group(1)),
                int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024)

    def send_from_all(self, server):
        connection = http.client.HTTPConnection(server.addresses["otlp_http"], timeout=30)
        for number in range(TENANTS):
            connection.request("POST", "/v1/traces", request(span_message(span_id=number + 1), f"service-{number}"),
                               {"Content-Type": "application/x-protobuf", "X-Scope-OrgID": f"tenant-{number}"})
            response = connection.getresponse()
            response.read()
            self.assertEqual(response.status, 200)
        connection.close()

    def wait_until_sealed(self, server):
        deadline = time.monotonic() + PATIENCE_S
        while True:
            if head_spans(server) == 0:
                return
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.2)

    def test_idle_tenants_cost_no_thread_and_little_else(self):
        # In memory where that is possible: it is not the disk that is tested.
        data = tempfile.mkdtemp(prefix="spandrel-tenants-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        self.addCleanup(shutil.rmtree, data)
        with Spandrel("--tenants", data_dir=data) as server:
            Asker(server, "first").send("shop")
            Asker(server, "first").get_json("/api/services")
            threads, resident = self.usage(server)
            self.send_from_all(server)
            self.wait_until_sealed(server)
            self.assertEqual(self.usage(server)[0], threads)
            memory = (self.usage(server)[1] - resident) / TENANTS
            self.assertLess(memory, 1 << 20)
        blocks = int(subprocess.run(["du", "-s", "--block-size=1", f"{data}/tenants"], capture_output=True, check=True,
                                    text=True).stdout.split()[0])
        disk = blocks / TENANTS
        self.assertLess(disk, 1 << 20)
        with Spandrel("--tenants", data_dir=data) as server:
            self.assertEqual(Asker(server, "tenant-7").get_json("/api/services")["data"], ["service-7"])
            self.assertEqual(self.usage(server)[0], threads)
            reopened = (self.usage(server)[1] - resident) / TENANTS
            self.assertLess(reopened, 1 << 20)
        print(f"\neach of {TENANTS} idle tenants: {memory / 1024:.1f} KiB of memory ({reopened / 1024:.1f} after a restart), "
              f"{disk / 1024:.1f} KiB of disk; {threads} threads", flush=True)


if __name__ == "__main__":
    unittest.main()
