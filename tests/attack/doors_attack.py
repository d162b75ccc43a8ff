# SPDX-License-Identifier: Apache-2.0
"""Doors: TLS that must be what was asked for, strangers and those of another role or tenant, cookies, files and the unit."""
import base64
import json
import pathlib
import re
import shutil
import signal
import stat
import struct
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

from attack import Attack
from spandrel_process import ROOT, Spandrel, otlp_request, run

PATIENCE_S = 30
SERVICES = {"traces": "/v1/traces", "metrics": "/v1/metrics", "logs": "/v1/logs"}
GRPC_SERVICES = {"traces": "trace.v1.TraceService", "metrics": "metrics.v1.MetricsService", "logs": "logs.v1.LogsService"}
QUERY_RPCS = ("jaeger.api_v3.QueryService/GetServices", "jaeger.api_v3.QueryService/GetOperations",
              "jaeger.api_v3.QueryService/FindTraces", "jaeger.api_v3.QueryService/GetTrace")
GRPC = ("--http2-prior-knowledge", "-H", "content-type: application/grpc", "-H", "te: trailers")
METRICS = "{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: 0{more}}}}}}}}}"

CONFIG = """
receivers:
  otlp:
    protocols:
      grpc: {{endpoint: "127.0.0.1:0"{security}}}
      http: {{endpoint: "127.0.0.1:0"{security}}}
{limits}
exporters: {{store: {{store: store}}, nop: }}
extensions:
  store: {{directory: {folder}/data, durability: os, tenants: {tenants}, max_tenants: 3}}
  query: {{endpoint: "127.0.0.1:0", store: store{security}}}
{more}
service:
  extensions: [store, query{running}]
  telemetry: {{metrics: {{readers: [{metrics}]}}}}
  pipelines:
    traces: {{receivers: [otlp], exporters: [store]}}
    metrics: {{receivers: [otlp], exporters: [nop]}}
    logs: {{receivers: [otlp], exporters: [nop]}}
"""

USERS = """  basicauth:
    htpasswd: {inline: "sender:pw\\nreader:pw\\nred:pw\\nadmin:pw\\nboth:pw"}
    access:
      sender: {roles: [send], tenants: [blue]}
      reader: {roles: [read], tenants: [blue]}
      red: {roles: [send, read], tenants: [red]}
      both: {roles: [read], tenants: [blue, red]}
      admin: {roles: [read, administer]}
"""


def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def make_certificate(folder, name="server"):
    """A self-signed RSA certificate and its key, so that the suites with CBC would fit."""
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem",
            "-subj", f"/CN={name}", "-days", "2", "-addext", "subjectAltName=IP:127.0.0.1")


def handshake(address, *words):
    """(whether it was agreed on, what s_client says)."""
    done = subprocess.run(["openssl", "s_client", "-connect", address, *words], input=b"", capture_output=True, timeout=20,
                          check=False)
    text = done.stdout.decode(errors="replace")
    return "Cipher is (NONE)" not in text and "Cipher is" in text, text


def curl(*words, body=None):
    """The headers, trailers among them, as text in lower case."""
    done = subprocess.run(["curl", "--silent", "--max-time", "20", "--output", "/dev/null", "--dump-header", "-", *words],
                          input=body, capture_output=True, check=False)
    return done.stdout.decode().lower()


def login(user):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:pw".encode()).decode()} if user else {}


class DoorsAttack(Attack):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="spandrel-doors-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def config(self, security="", more="", running="", tenants="false", metrics="", limits=""):
        path = self.folder / "config.yaml"
        path.write_text(CONFIG.format(folder=self.folder, security=security, more=more, running=running, tenants=tenants, limits=limits,
                                      metrics=METRICS.format(more=metrics)), encoding="utf-8")
        return path

    def serve(self, **words):
        server = Spandrel("--config", self.config(**words), built_in=False)
        self.addCleanup(server.stop)
        return server

    def wait_until(self, what, text):
        deadline = time.monotonic() + PATIENCE_S
        while not what():
            self.assertLess(time.monotonic(), deadline, text())
            time.sleep(0.05)


class Tls(DoorsAttack):
    def tls(self, more=""):
        return f", tls: {{cert_file: {self.folder}/server.pem, key_file: {self.folder}/server.key{more}}}"

    def test_every_listener_speaks_what_was_asked_for(self):
        make_certificate(self.folder)
        block = self.tls(', min_version: "1.3"')
        server = self.serve(security=block, metrics=block)
        agreed = []
        for name in ("otlp_grpc", "otlp_http", "http", "metrics"):
            self.assertTrue(handshake(server.addresses[name], "-tls1_3")[0], name)
            agreed += [f"{name} {version}" for version in ("-tls1_2", "-tls1_1")
                       if handshake(server.addresses[name], version, "-cipher", "ALL:@SECLEVEL=0")[0]]
        self.at_most("older handshakes agreed on, of 8", len(agreed), 0)

    def test_no_weak_suite_unless_it_is_named(self):
        make_certificate(self.folder)
        server = self.serve(security=self.tls())
        weak = ("ECDHE-RSA-AES128-SHA256", "ECDHE-RSA-AES256-SHA", "AES128-SHA", "AES128-GCM-SHA256", "DHE-RSA-AES128-SHA",
                "DHE-RSA-AES128-GCM-SHA256")
        agreed = [suite for suite in weak
                  if handshake(server.addresses["http"], "-tls1_2", "-cipher", suite + ":@SECLEVEL=0")[0]]
        self.assertTrue(handshake(server.addresses["http"], "-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256")[0])
        self.at_most(f"weak suites agreed on, of {len(weak)}", len(agreed), 0)

    def subject(self, address):
        return re.search(r"subject=CN ?= ?(\w+)", handshake(address)[1]).group(1)

    def test_a_sighup_brings_new_certificates_and_broken_ones_change_nothing(self):
        make_certificate(self.folder)
        make_certificate(self.folder, "renewed")
        block = self.tls()
        server = self.serve(security=block, metrics=block)
        names = ("otlp_grpc", "otlp_http", "http", "metrics")
        for suffix in ("pem", "key"):
            shutil.copy(self.folder / f"renewed.{suffix}", self.folder / f"server.{suffix}")
        server.process.send_signal(signal.SIGHUP)
        self.wait_until(lambda: "components kept" in server.log(), server.log)
        self.at_least("listeners with the new certificate, of 4",
                      sum(self.subject(server.addresses[name]) == "renewed" for name in names), 4)
        (self.folder / "server.pem").write_text("broken")
        server.process.send_signal(signal.SIGHUP)
        self.wait_until(lambda: "nothing was changed" in server.log(), server.log)
        self.assertRegex(server.log(), r"config\.yaml:\d+:\d+: .*tls::cert_file: certificate ")
        self.at_least("listeners that go on with a broken file, of 4",
                      sum(self.subject(server.addresses[name]) == "renewed" for name in names), 4)

    def test_a_file_that_is_not_there_fails_validate(self):
        make_certificate(self.folder)
        block = self.tls(", client_ca_file: /nowhere.pem")
        done = run("validate", "--config", self.config(security=block))
        self.holds("exit status of validate", done.returncode, "1, with file:line:column", done.returncode == 1 and
                   bool(re.search(r"config\.yaml:5:\d+: .*client_ca_file: .*/nowhere\.pem: no such", done.stderr, re.I)))


class Exposure(DoorsAttack):
    def test_who_listens_for_others_is_told(self):
        with Spandrel("--data-dir", self.folder / "data", "--http", "0.0.0.0:0", "--otlp-http", "127.0.0.1:0", "--otlp-grpc",
                      "0.0.0.0:0", "--tempo", "127.0.0.1:0", built_in=False) as server:
            log = server.log()
            session = server.get_json("/api/ui/v1/session")
        told = re.findall(r"(query|otlp): 0\.0\.0\.0:0 is open to other machines without TLS and without a login", log)
        self.at_least("warnings in the log, of 2", len(told), 2)
        self.at_least("warnings on the page, of 2", len(session["warnings"]), 2)

    def test_the_own_metrics_have_a_door_too(self):
        server = self.serve(metrics=", auth: {bearer: {token: t0ken}}")
        key = {"Authorization": "Bearer t0ken"}
        answers = [server.request("metrics", path, body, headers)[0]
                   for path, body in (("/metrics", None), ("/-/reload", b"")) for headers in ({}, key)]
        self.holds("metrics and reload, without and with a login", answers, "401, 200, 401, 200",
                   answers == [401, 200, 401, 200])
        done = run("validate", "--config", self.config(metrics=", auth: {authenticator: basicauth}", more=USERS))
        self.assertRegex(done.stderr, r"config\.yaml:\d+:\d+: service::telemetry::metrics.*auth")

    def test_data_are_for_their_owner_and_group(self):
        with Spandrel(data_dir=self.folder / "data") as server:
            self.assertEqual(server.send_json(otlp_request())[0], 200)
        paths = [self.folder / "data", *(self.folder / "data").rglob("*")]
        self.assertGreater(len(paths), 3)
        self.at_most("files that others may read", sum(bool(stat.S_IMODE(path.stat().st_mode) & 0o007) for path in paths), 0)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "LOUD SKIP: no systemd-analyze on this machine")
    def test_the_unit_may_do_little(self):
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", ROOT / "packaging/spandrel.service"],
                              capture_output=True, text=True, check=False)
        found = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
        if not found:
            self.skipTest("LOUD SKIP: systemd-analyze says " + done.stderr)
        self.at_most("exposure of the unit (systemd-analyze)", float(found.group(1)), 3.0)


class Quotas(DoorsAttack):
    def send(self, server, tenant, spans=1):
        request = otlp_request(service=tenant)
        scope = request["resourceSpans"][0]["scopeSpans"][0]
        scope["spans"] = scope["spans"] * spans
        return server.request("otlp_http", "/v1/traces", json.dumps(request).encode(),
                              {"Content-Type": "application/json", "X-Scope-OrgID": tenant})

    def test_a_tenant_that_sends_too_much_is_told_when_to_come_again(self):
        server = self.serve(tenants="true", limits="    tenant_limits: {by_tenant: {loud: {items_per_second: 100}}}")
        self.assertEqual(self.send(server, "loud", 10_000)[0], 200)
        status, headers, _ = self.send(server, "loud")
        self.holds("answer to the next, Retry-After", (status, headers["Retry-After"]), "429 with seconds",
                   status == 429 and int(headers["Retry-After"]) > 30)
        others = [self.send(server, "quiet", 100)[0] for _ in range(20)]
        self.at_least("answers 200 to another tenant meanwhile, of 20", others.count(200), 20)
        metrics = server.request("metrics", "/metrics")[2].decode()
        self.assertRegex(metrics, r'refused_requests_total{[^}]*reason="tenant_rate"[^}]*} 1\n')

    def test_too_many_tenants_are_told_so(self):
        server = self.serve(tenants="true")
        statuses = [self.send(server, f"t{number}")[0] for number in range(8)]
        self.holds("answers to 8 tenants of 3", statuses, "429 beyond, 200 for those there are",
                   set(statuses) == {200, 429} and statuses[-1] == 429 and self.send(server, "t0")[0] == 200)


class Strangers(DoorsAttack):
    """A server with users of roles and tenants. Each endpoint as nobody, as another role, and as another tenant; the
    list of all of the query port's, from its routers, is tried in src/api/guards_test.cc."""

    def setUp(self):
        super().setUp()
        self.server = self.serve(security=", auth: {authenticator: basicauth}", more=USERS, running=", basicauth",
                                 tenants="true")

    def request(self, address, path, user="", tenant="", body=None):
        headers = login(user) | ({"X-Scope-OrgID": tenant} if tenant else {})
        if body is not None:
            headers["Content-Type"] = "application/json"
        status, _, answer = self.server.request(address, path, body, headers)
        return status, answer

    def rpc(self, address, path, user="", tenant="", message=b""):
        words = ["--user", f"{user}:pw"] if user else []
        if tenant:
            words += ["-H", f"x-scope-orgid: {tenant}"]
        answer = curl(*GRPC, *words, "--data-binary", "@-", f"http://{self.server.addresses[address]}/{path}",
                      body=b"\0" + struct.pack(">I", len(message)) + message)
        return int(re.search(r"grpc-status: (\d+)", answer).group(1))

    def test_nobody_sends_who_may_not(self):
        let_in = []
        for name, path in SERVICES.items():
            rpc = f"opentelemetry.proto.collector.{GRPC_SERVICES[name]}/Export"
            for user, tenant, code, status in (("", "blue", 16, 401), ("eve", "blue", 16, 401), ("reader", "blue", 7, 403),
                                               ("red", "blue", 7, 403), ("sender", "red", 7, 403)):
                # Who guesses is told to come later.
                if self.rpc("otlp_grpc", rpc, user, tenant) not in {code} | ({8} if user == "eve" else set()):
                    let_in.append((rpc, user, tenant))
                if self.request("otlp_http", path, user, tenant, b"{}")[0] not in {status} | ({429} if user == "eve" else set()):
                    let_in.append((path, user, tenant))
        self.holds("senders let in, of 30", len(let_in), "0", not let_in)

    def test_a_tenant_sees_only_its_own(self):
        body = json.dumps(otlp_request(service="blue-secret", name="blue-secret")).encode()
        self.assertEqual(self.request("otlp_http", "/v1/traces", "sender", "", body)[0], 200)
        now_us = int(time.time() * 1e6)
        span = f"start={now_us - 3600 * 10**6}&end={now_us + 10**6}"
        paths = ["/api/services", "/api/services/blue-secret/operations", f"/api/traces?service=blue-secret&{span}",
                 "/api/traces/0af7651916cd43dd8448eb211c80319c", "/api/dependencies", "/api/v3/services",
                 "/api/v3/traces/0af7651916cd43dd8448eb211c80319c", "/api/ui/v1/services", "/api/ui/v1/status",
                 "/api/ui/v1/search", "/api/ui/v1/overview", "/api/ui/v1/attributes", "/api/ui/v1/dependencies",
                 "/api/ui/v1/trace/0af7651916cd43dd8448eb211c80319c",
                 "/api/ui/v1/trace/0af7651916cd43dd8448eb211c80319c/otlp", "/metrics"]
        self.wait_until(lambda: b"blue-secret" in self.request("http", "/api/services", "reader")[1], self.server.log)
        leaks = []
        for path in paths:
            for user, tenant in (("", "blue"), ("eve", "blue"), ("sender", "blue"), ("red", "blue"), ("red", "")):
                status, answer = self.request("http", path, user, tenant)
                # What is asked for may come back, as the name of what was not found.
                told = answer.replace(b"blue-secret", b"") if "blue-secret" in path and status >= 400 else answer
                if b"blue-secret" in told or (user != "red" or tenant) and status not in (401, 403, 429):
                    leaks.append((path, user, tenant, status))
        for rpc in QUERY_RPCS:
            for user, tenant, codes in (("", "blue", {16}), ("eve", "blue", {16, 8}), ("sender", "blue", {7}),
                                        ("red", "blue", {7}), ("both", "", {3})):
                if self.rpc("http", rpc, user, tenant) not in codes:
                    leaks.append((rpc, user, tenant))
        self.holds(f"leaks, of {len(paths) * 5 + len(QUERY_RPCS) * 5}", len(leaks), "0", not leaks)
        self.assertEqual(self.request("http", "/metrics", "red")[0], 403)
        self.assertEqual(self.request("http", "/metrics", "admin")[0], 200)

    def test_only_an_administrator_reloads(self):
        answers = [self.request("http", "/-/reload", user, body=b"")[0] for user in ("", "reader", "red", "admin")]
        self.holds("answers to nobody, a reader, a sender, an administrator", answers, "401, 403, 403, 200",
                   answers == [401, 403, 403, 200])

    def test_guesses_are_slowed_down(self):
        self.assertEqual(self.request("http", "/api/services", "reader")[0], 200)
        looked_at = 0
        guesses, began = 200, time.monotonic()
        for guess in range(guesses):
            headers = {"Authorization": "Basic " + base64.b64encode(f"reader:{guess}".encode()).decode()}
            looked_at += self.server.request("http", "/api/services", headers=headers)[0] != 429
        # One more after each pause of 1, 2, 4, ... s.
        most = 5 + int(time.monotonic() - began).bit_length() + 1
        self.at_most(f"guesses of a password that are looked at, of {guesses}", looked_at, most)
        status = self.request("http", "/api/services", "reader")[0]
        self.holds("who was right before", status, "200", status == 200)

    def test_a_session_is_a_cookie_that_scripts_and_other_sites_do_not_have(self):
        def ask(path, body=None, headers=None):
            return self.server.request("http", path, body, {"Content-Type": "application/json", **(headers or {})})
        sign_in = json.dumps({"user": "reader", "password": "pw"}).encode()
        status, headers, _ = ask("/api/ui/v1/session", sign_in)
        self.assertEqual(status, 200)
        cookie = headers["Set-Cookie"]
        self.holds("the cookie", re.sub("=[0-9a-f]{64}", "=...", cookie), "HttpOnly; SameSite=Strict; Path=/",
                   all(word in cookie for word in ("HttpOnly", "SameSite=Strict", "Path=/")))
        session = {"Cookie": cookie.split(";")[0]}
        self.assertEqual(ask("/api/ui/v1/services", headers=session)[0], 200)
        self.assertEqual(ask("/api/ui/v1/session/end", b"{}", session)[0], 200)
        refused, headers, _ = ask("/api/ui/v1/services", headers=session)
        self.assertEqual(refused, 401)
        self.assertNotIn("basic", headers["WWW-Authenticate"].lower())
        forged = [ask("/api/ui/v1/session", sign_in, {"Origin": "https://evil.example"})[0],
                  ask("/api/ui/v1/session", b'{"user":"reader","password":"guess"}')[0],
                  ask("/api/ui/v1/services", headers={"Cookie": session["Cookie"][:-64] + "0" * 64})[0]]
        self.holds("another site, a guess, a forged cookie", forged, "403, 401, 401", forged == [403, 401, 401])


if __name__ == "__main__":
    unittest.main()
