# SPDX-License-Identifier: Apache-2.0
"""The query port as a network sees it: TLS, logins, names, deadlines, and readers that are slow or go away."""
import base64
import json
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

from spandrel_process import Spandrel, otlp_request, run

PATIENCE_S = 30
ASK = "/api/ui/v1/services"

CONFIG = """
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:0"}}, http: {{endpoint: "127.0.0.1:0"}}}}}}}}
exporters: {{store: {{directory: {folder}/data, durability: os}}}}
extensions: {{query: {query}}}
service:
  extensions: [query]
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [store]}}}}
"""


def certificates(folder):
    """A CA, a server's certificate for 127.0.0.1 and a client's, as PEM files."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key",
            "-out", "ca.pem", "-subj", "/CN=test CA", "-days", "2")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost")
    for name in ("server", "client"):
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key",
                "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-out", f"{name}.pem", "-days", "2", "-extfile", "names")


class QueryPort:
    """`with QueryPort("{endpoint: ...}") as port`: a server with that block for its extension `query`."""

    def __init__(self, query, folder=None):
        self._temporary = tempfile.TemporaryDirectory(prefix="spandrel-query-port-")
        self.folder = pathlib.Path(folder or self._temporary.name)
        config = self.folder / "config.yaml"
        config.write_text(CONFIG.format(folder=self.folder, query=query))
        self.server = Spandrel("--config", config, built_in=False)
        self.address = self.server.addresses["http"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop()
        self._temporary.cleanup()

    def get(self, path, headers=None):
        return self.server.request("http", path, headers=headers)

    def metric(self, text):
        """The value on the line of /metrics that begins with `text`; 0 when there is none."""
        body = self.get("/metrics")[2].decode()
        found = re.search("^" + re.escape(text) + r" (\S+)$", body, re.MULTILINE)
        return float(found.group(1)) if found else 0

    def wait_for_metric(self, text, value):
        deadline = time.monotonic() + PATIENCE_S
        while self.metric(text) < value:
            if time.monotonic() > deadline:
                raise AssertionError(f"{text} did not reach {value}: {self.get('/metrics')[2].decode()}")
            time.sleep(0.05)


def curl(*words):
    """Returns (exit status, body)."""
    done = subprocess.run(["curl", "--silent", "--max-time", "20", *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def login(user):
    """Headers of a user whose password is `secret`."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:secret".encode()).decode()}


def much(port, limit, headers=None):
    """The path of a large answer."""
    now_us = int(time.time() * 1e6)
    service = json.loads(port.get(ASK, headers)[2])["services"][0]
    return f"/api/traces?limit={limit}&service={service}&start={now_us - 3600 * 10**6}&end={now_us}"


def ask(port, path, headers=None):
    """A socket on which an answer waits."""
    host, number = port.address.rsplit(":", 1)
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.connect((host, int(number)))
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    reader.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode())
    return reader


def ask_for_much(port):
    """A socket on which a large answer waits."""
    return ask(port, much(port, 5000))


class TlsTest(unittest.TestCase):
    def test_tls_of_the_configured_versions_only(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            certificates(folder)
            block = (f"{{endpoint: '127.0.0.1:0', tls: {{cert_file: {folder}/server.pem, key_file: {folder}/server.key, "
                     "min_version: '1.3'}}")
            with QueryPort(block) as port:
                url = f"https://{port.address}{ASK}"
                ca = ("--cacert", f"{folder}/ca.pem")
                for version in ("--http1.1", "--http2"):
                    self.assertEqual(curl(*ca, version, url), (0, '{"services":[]}'))
                self.assertNotEqual(curl(*ca, "--tls-max", "1.2", url)[0], 0)
                self.assertNotEqual(curl(url)[0], 0, "an unknown CA")
                self.assertNotEqual(curl(f"http://{port.address}{ASK}")[0], 0, "plain text")
                # As a browser: ALPN with both, the certificate checked for the name.
                context = ssl.create_default_context(cafile=f"{folder}/ca.pem")
                context.set_alpn_protocols(["h2", "http/1.1"])
                host, number = port.address.rsplit(":", 1)
                with socket.create_connection((host, int(number)), timeout=20) as plain, \
                        context.wrap_socket(plain, server_hostname="localhost") as secure:
                    self.assertEqual((secure.selected_alpn_protocol(), secure.version()), ("h2", "TLSv1.3"))

    def test_clients_show_certificates_when_they_are_asked_to(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            certificates(folder)
            block = (f"{{endpoint: '127.0.0.1:0', tls: {{cert_file: {folder}/server.pem, key_file: {folder}/server.key, "
                     f"client_ca_file: {folder}/ca.pem}}}}")
            with QueryPort(block) as port:
                url = f"https://{port.address}{ASK}"
                ca = ("--cacert", f"{folder}/ca.pem")
                self.assertNotEqual(curl(*ca, url)[0], 0)
                client = ("--cert", f"{folder}/client.pem", "--key", f"{folder}/client.key")
                self.assertEqual(curl(*ca, *client, url)[0], 0)

    def test_what_cannot_be_enforced_is_named_with_its_place(self):
        with tempfile.TemporaryDirectory() as name:
            file = pathlib.Path(name) / "config.yaml"
            for query, word in (("{tls: {cert_file: a, key_file: b, min_version: '1.0'}}", "1.0"),
                                ("{tls: {cert_file: a, key_file: b, cipher_suites: [RC4]}}", "RC4"),
                                ("{auth: {authenticator: basicauth}}", "authenticator"),
                                ("{query_timeout: 10m}", "max_query_timeout")):
                file.write_text(CONFIG.format(folder=name, query=query))
                done = run("validate", "--config", file)
                self.assertNotEqual(done.returncode, 0, query)
                self.assertRegex(done.stderr, r"config\.yaml:4:\d+: extensions::query")
                self.assertIn(word, done.stderr)


class DoorTest(unittest.TestCase):
    def test_a_login_is_asked_for(self):
        block = "{endpoint: '127.0.0.1:0', auth: {basic: {htpasswd: {inline: 'ann:secret'}}, bearer: {token: t0ken}}}"
        with QueryPort(block) as port:
            # The page signs in by itself: its API does not make a browser show a dialog.
            for path, scheme in ((ASK, "Session"), ("/api/ui/v1/search", "Session"), ("/metrics", "Basic"),
                                 ("/api/traces/1", "Basic"), ("/api/v3/services", "Basic")):
                status, headers, _ = port.get(path)
                self.assertEqual(status, 401, path)
                self.assertIn(f"{scheme} realm=", headers["WWW-Authenticate"])
            for path in ("/health", "/", "/search"):
                self.assertEqual(port.get(path)[0], 200, path)
            ann = "Basic " + base64.b64encode(b"ann:secret").decode()
            eve = "Basic " + base64.b64encode(b"ann:guess").decode()
            self.assertEqual(port.get(ASK, {"Authorization": ann})[0], 200)
            self.assertEqual(port.get(ASK, {"Authorization": "Bearer t0ken"})[0], 200)
            self.assertEqual(port.get(ASK, {"Authorization": eve})[0], 401)
            metrics = port.get("/metrics", {"Authorization": ann})[2].decode()
            self.assertIn('spandrel_endpoint_refused_requests_total{server="query",reason="unauthenticated"} 6', metrics)
            self.assertNotIn("secret", run("print-config", "--config", port.folder / "config.yaml").stdout)

    def test_senders_log_in_too(self):
        receiver = "{protocols: {http: {endpoint: '127.0.0.1:0', auth: {bearer: {token: t0ken}}}}}"
        with tempfile.TemporaryDirectory() as name:
            file = pathlib.Path(name) / "config.yaml"
            file.write_text(CONFIG.format(folder=name, query="{endpoint: '127.0.0.1:0'}").replace(
                '{protocols: {grpc: {endpoint: "127.0.0.1:0"}, http: {endpoint: "127.0.0.1:0"}}}', receiver))
            with Spandrel("--config", file, built_in=False) as server:
                body = json.dumps(otlp_request()).encode()
                headers = {"Content-Type": "application/json"}
                self.assertEqual(server.request("otlp_http", "/v1/traces", body, headers)[0], 401)
                headers["Authorization"] = "Bearer t0ken"
                self.assertEqual(server.request("otlp_http", "/v1/traces", body, headers)[0], 200)

    def test_a_local_server_answers_to_its_own_names_only(self):
        with Spandrel() as server:
            for name in ("evil.example", "evil.example:16686", "127.0.0.1.evil.example"):
                status, _, body = server.request("http", ASK, headers={"Host": name})
                self.assertEqual(status, 421)
                self.assertIn(b"allowed_hosts", body)
            for name in ("localhost", "127.0.0.1:1", "[::1]:16686", "page.localhost"):
                self.assertEqual(server.request("http", ASK, headers={"Host": name})[0], 200)
            self.assertIn(b'spandrel_endpoint_refused_requests_total{server="query",reason="host"} 3',
                          server.request("http", "/metrics")[2])
        with QueryPort("{endpoint: '127.0.0.1:0', allowed_hosts: [traces.example]}") as port:
            self.assertEqual(port.get(ASK, {"Host": "traces.example"})[0], 200)
            self.assertEqual(port.get(ASK, {"Host": "evil.example"})[0], 421)

    def test_pages_of_allowed_origins_may_ask(self):
        block = "{endpoint: '127.0.0.1:0', cors: {allowed_origins: ['https://shop.example']}}"
        with QueryPort(block) as port:
            headers = port.get(ASK, {"Origin": "https://shop.example"})[1]
            self.assertEqual(headers["Access-Control-Allow-Origin"], "https://shop.example")
            self.assertIsNone(port.get(ASK, {"Origin": "https://evil.example"})[1]["Access-Control-Allow-Origin"])


class LimitTest(unittest.TestCase):
    """Of one server with much to read."""

    @classmethod
    def setUpClass(cls):
        cls.port = QueryPort("{endpoint: '127.0.0.1:0'}")
        done = run("load", "--json", "--endpoint", cls.port.server.addresses["otlp_grpc"], "--spans", 60_000,
                   "--period", "10m", timeout=300)
        assert done.returncode == 0, done.stderr

    @classmethod
    def tearDownClass(cls):
        cls.port.__exit__()

    def resident_bytes(self):
        status = pathlib.Path(f"/proc/{self.port.server.process.pid}/status").read_text(encoding="utf-8")
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024

    def held_bytes(self):
        return sum(self.port.metric(f'spandrel_memory_budget_used_bytes{{share="{share}"}}') for share in ("reads", "answers"))

    def cancelled(self, reason):
        return f'spandrel_api_cancelled_queries_total{{reason="{reason}"}}'

    def test_a_deadline_is_told(self):
        for headers, path in (({}, ASK + "?timeout=1ns"), ({"X-Query-Timeout": "1ns"}, ASK)):
            status, _, body = self.port.get(path, headers)
            self.assertEqual((status, json.loads(body)["error"]), (504, "the query took too long"))
        self.port.wait_for_metric(self.cancelled("deadline"), 2)  # counted after it is answered
        self.assertEqual(self.port.get(ASK + "?timeout=never")[0], 400)

    def test_a_client_that_hangs_up_ends_its_query(self):
        before = self.port.metric(self.cancelled("client_gone"))
        reader = ask_for_much(self.port)
        self.assertTrue(reader.recv(100).startswith(b"HTTP/1.1 200"))
        reader.close()
        self.port.wait_for_metric(self.cancelled("client_gone"), before + 1)

    def test_a_slow_reader_holds_no_memory_and_is_dropped(self):
        before = self.port.metric(self.cancelled("slow_reader"))
        resident = self.resident_bytes()
        held = self.held_bytes()  # by what the store has taken in
        readers = [ask_for_much(self.port) for _ in range(2)]
        time.sleep(2)
        self.assertLess(self.resident_bytes() - resident, 64 << 20)
        self.port.wait_for_metric(self.cancelled("slow_reader"), before + 2)
        self.assertLess(self.held_bytes(), held + (64 << 10))
        for reader in readers:
            reader.close()

    def test_a_whole_answer_arrives_in_pieces(self):
        status, headers, body = self.port.get(much(self.port, 2000))
        self.assertEqual((status, headers["Transfer-Encoding"]), (200, "chunked"))
        self.assertGreater(len(json.loads(body)["data"]), 100)


class FairShareTest(unittest.TestCase):
    def test_one_user_who_asks_for_much_does_not_keep_others_waiting(self):
        block = "{endpoint: '127.0.0.1:0', auth: {basic: {htpasswd: {inline: \"ann:secret\\nbob:secret\"}}}}"
        with QueryPort(block) as port:
            done = run("load", "--json", "--endpoint", port.server.addresses["otlp_grpc"], "--spans", 30_000,
                       "--period", "10m", timeout=300)
            self.assertEqual(done.returncode, 0, done.stderr)
            path = much(port, 5000, login("ann"))
            # Nobody reads, so each that runs holds a worker for seconds.
            readers = [ask(port, path, login("ann")) for _ in range(160)]
            refused = 'spandrel_api_refused_requests_total{reason="peer_busy"}'
            deadline = time.monotonic() + PATIENCE_S
            while f"{refused} " + "0\n" in port.get("/metrics", login("bob"))[2].decode():
                self.assertLess(time.monotonic(), deadline, "nobody was refused")
                time.sleep(0.05)
            began = time.monotonic()
            self.assertEqual(port.get(ASK, login("bob"))[0], 200)
            self.assertLess(time.monotonic() - began, 3, "quick questions have a worker of their own")
            self.assertEqual(port.get(path.replace("5000", "1"), login("bob"))[0], 200, "and long ones have turns")
            self.assertIn('reason="busy"} 0\n', port.get("/metrics", login("bob"))[2].decode())
            for reader in readers:
                reader.close()


class StopTest(unittest.TestCase):
    def test_sigterm_does_not_wait_for_readers(self):
        with QueryPort("{endpoint: '127.0.0.1:0'}") as port:
            done = run("load", "--json", "--endpoint", port.server.addresses["otlp_grpc"], "--spans", 30_000,
                       "--period", "10m", timeout=300)
            self.assertEqual(done.returncode, 0, done.stderr)
            readers = [ask_for_much(port) for _ in range(2)]
            for reader in readers:
                self.assertTrue(reader.recv(20))
            began = time.monotonic()
            port.server.process.send_signal(signal.SIGTERM)
            self.assertEqual(port.server.process.wait(timeout=30), 0)
            self.assertLess(time.monotonic() - began, 11, "the stop timeout, 10 s, and what closing takes")
            for reader in readers:
                reader.close()


if __name__ == "__main__":
    unittest.main()
