# SPDX-License-Identifier: Apache-2.0
"""Extensions that ask for logins and that show them: curl, a second Spandrel, changed files and a changed configuration."""
import json
import pathlib
import re
import signal
import struct
import subprocess
import tempfile
import time
import unittest

from spandrel_process import Spandrel, otlp_request, run

PATIENCE_S = 30
ASK = "/api/ui/v1/services"
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
GRPC = ("--http2-prior-knowledge", "-H", "content-type: application/grpc", "-H", "te: trailers")
METRICS_LISTENER = ("telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: "
                    "{host: 127.0.0.1, port: 0}}}}]}}")

# The back: users log in at the receiver, programs show a token at the query port.
BACK = """
receivers:
  otlp:
    protocols:
      grpc: {{endpoint: "127.0.0.1:0", auth: {{authenticator: basicauth/in}}}}
      http: {{endpoint: "127.0.0.1:0", auth: {{authenticator: basicauth/in}}}}
exporters: {{store: {{directory: {folder}/data, durability: os}}}}
extensions:
  query: {{endpoint: "127.0.0.1:0", auth: {{authenticator: bearertokenauth}}}}
  basicauth/in: {{htpasswd: {htpasswd}}}
  bearertokenauth: {{tokens: [t0ken, older]}}
service:
  extensions: [query, basicauth/in, bearertokenauth]
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [store]}}}}
"""

# The front: sends what it gets over both protocols, logged in.
FRONT = """
receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:0"}}}}}}}}
exporters:
  otlp: {{endpoint: "{grpc}", tls: {{insecure: true}}, auth: {{authenticator: basicauth/out}}, {more}}}
  otlphttp: {{endpoint: "http://{http}", auth: {{authenticator: basicauth/out}}, {more}}}
extensions:
  basicauth/out: {{client_auth: {{username: ann, password_file: {password_file}}}}}
service:
  extensions: [basicauth/out]
  {metrics}
  pipelines: {{traces: {{receivers: [otlp], exporters: [otlp, otlphttp]}}}}
"""

WRONG = """receivers: {otlp: {protocols: {grpc: {auth: {authenticator: %s}}}}}
exporters: {otlp: {endpoint: "127.0.0.1:1", auth: {authenticator: %s}}}
extensions:
  query:
  basicauth/in: {htpasswd: {inline: "a:b"}}
  basicauth/out: {client_auth: {username: a, password: b}}
  bearertokenauth: {token: t}
service:
  extensions: [query, basicauth/in, basicauth/out]
  pipelines: {traces: {receivers: [otlp], exporters: [otlp]}}
"""


def curl(*words, body=None):
    """The headers, trailers among them, as text."""
    done = subprocess.run(["curl", "--silent", "--max-time", "20", "--output", "/dev/null", "--dump-header", "-", *words],
                          input=body, capture_output=True, check=True)
    return done.stdout.decode().lower()


def protobuf_request():
    """A span as an OTLP request: service `test`, ids of ones."""
    def field(number, body):
        return bytes([number << 3 | 2, len(body)]) + body
    span = field(1, b"\1" * 16) + field(2, b"\1" * 8) + field(5, b"operation")
    span += b"\x39" + struct.pack("<Q", time.time_ns()) + b"\x41" + struct.pack("<Q", time.time_ns() + 1)
    resource = field(1, field(1, b"service.name") + field(2, field(1, b"test")))
    return field(1, field(1, resource) + field(2, field(2, span)))


def grpc_export(server, *words):
    message = protobuf_request()
    return curl(*GRPC, *words, "--data-binary", "@-", f"http://{server.addresses['otlp_grpc']}{EXPORT}",
                body=b"\0" + struct.pack(">I", len(message)) + message)


def http_export(server, *words):
    return curl(*words, "-H", "content-type: application/json", "--data-binary", "@-",
                f"http://{server.addresses['otlp_http']}/v1/traces", body=json.dumps(otlp_request()).encode())


class LoginTest(unittest.TestCase):
    def setUp(self):
        self._temporary = tempfile.TemporaryDirectory(prefix="spandrel-login-")
        self.addCleanup(self._temporary.cleanup)
        self.folder = pathlib.Path(self._temporary.name)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def back(self, htpasswd="{inline: 'ann:secret'}"):
        config = self.write("back.yaml", BACK.format(folder=self.folder, htpasswd=htpasswd))
        server = Spandrel("--config", config, built_in=False)
        self.addCleanup(server.stop)
        return server

    def wait_until(self, what, text):
        deadline = time.monotonic() + PATIENCE_S
        while not what():
            self.assertLess(time.monotonic(), deadline, text)
            time.sleep(0.1)

    def test_users_log_in_at_the_receiver(self):
        back = self.back()
        for words in ((), ("--user", "ann:guess"), ("--oauth2-bearer", "t0ken")):
            refused = http_export(back, *words)
            self.assertIn(" 401", refused)
            self.assertIn('www-authenticate: basic realm="spandrel"', refused)
            self.assertIn("grpc-status: 16\r\n", grpc_export(back, *words))
        self.assertIn(" 200", http_export(back, "--user", "ann:secret"))
        self.assertIn("grpc-status: 0\r\n", grpc_export(back, "--user", "ann:secret"))

    def test_programs_show_tokens_at_the_query_port(self):
        back = self.back()
        url = f"http://{back.addresses['http']}{ASK}"
        grpc_url = f"http://{back.addresses['http']}/jaeger.api_v3.QueryService/GetServices"
        for words in ((), ("--oauth2-bearer", "guess"), ("--user", "ann:secret")):
            refused = curl(*words, url)
            self.assertIn(" 401", refused)
            self.assertIn("www-authenticate: bearer realm=", refused)
            refused = curl(*GRPC, *words, "--data-binary", "@-", grpc_url, body=b"\0" * 5)
            self.assertIn("grpc-status: 16\r\n", refused)
        for token in ("t0ken", "older"):
            self.assertIn(" 200", curl("--oauth2-bearer", token, url))
            answer = curl(*GRPC, "--oauth2-bearer", token, "--data-binary", "@-", grpc_url, body=b"\0" * 5)
            self.assertIn("grpc-status: 0\r\n", answer)

    def front(self, back, password, more=""):
        config = self.write("front.yaml", FRONT.format(
            grpc=back.addresses["otlp_grpc"], http=back.addresses["otlp_http"], metrics=METRICS_LISTENER,
            password_file=self.write("password", password + "\n"), more=more))
        server = Spandrel("--config", config, built_in=False)
        self.addCleanup(server.stop)
        return server

    def value(self, server, name, exporter):
        text = server.request("metrics", "/metrics")[2].decode()
        found = re.search(f'^{name}{{exporter="{exporter}"}} (\\d+)$', text, re.MULTILINE)
        return int(found.group(1)) if found else 0

    def test_exporters_log_in_at_another_spandrel(self):
        back = self.back()
        front = self.front(back, "secret")
        self.assertEqual(front.send_json(otlp_request())[0], 200)
        for exporter in ("otlp", "otlphttp"):
            self.wait_until(lambda name=exporter: self.value(front, "otelcol_exporter_sent_spans", name) == 1,
                            exporter + ": " + front.log())
        status, _, body = back.request("http", ASK, headers={"Authorization": "Bearer t0ken"})
        self.assertEqual((status, json.loads(body)), (200, {"services": ["test"]}))

    def test_a_wrong_login_is_final_until_its_file_changes(self):
        back = self.back()
        front = self.front(back, "guess", "sending_queue: {wait_for_result: true}")
        self.assertGreaterEqual(front.send_json(otlp_request())[0], 400)
        for exporter in ("otlp", "otlphttp"):
            self.assertEqual(self.value(front, "otelcol_exporter_send_failed_spans", exporter), 1)
        self.write("password", "secret\n")
        self.wait_until(lambda: front.send_json(otlp_request())[0] == 200, "the file is read again")

    def test_a_changed_password_file_is_read_again(self):
        users = self.write("users", "ann:secret\n")
        back = self.back(f"{{file: {users}}}")
        self.assertIn(" 200", http_export(back, "--user", "ann:secret"))
        self.write("users", "ann:secret of today\n")
        self.wait_until(lambda: " 200" in http_export(back, "--user", "ann:secret of today"), "the file is read again")
        self.assertIn(" 401", http_export(back, "--user", "ann:secret"))
        self.write("users", "no users at all\n")
        time.sleep(1.5)
        self.assertIn(" 200", http_export(back, "--user", "ann:secret of today"))

    def test_a_reload_brings_other_users(self):
        # Ports that the system chose may be others after a reload, so these are fixed.
        back = self.back()
        ports = {name: back.addresses[name] for name in ("otlp_grpc", "otlp_http", "http")}
        back.stop()
        config = self.folder / "back.yaml"
        text = config.read_text()
        for name, place in (("otlp_grpc", 'grpc: {endpoint: "127.0.0.1:0"'), ("otlp_http", 'http: {endpoint: "127.0.0.1:0"'),
                            ("http", 'query: {endpoint: "127.0.0.1:0"')):
            text = text.replace(place, place.replace("127.0.0.1:0", ports[name]))
        config.write_text(text)
        with Spandrel("--config", config, built_in=False) as server:
            self.assertIn(" 200", http_export(server, "--user", "ann:secret"))
            config.write_text(text.replace("ann:secret", "bob:secret"))
            server.process.send_signal(signal.SIGHUP)
            self.wait_until(lambda: "reload: " in server.log(), server.log())
            # The receiver and the extension; the store and the query port go on.
            self.assertIn("reload: 3 components kept, 2 started, 2 stopped", server.log())
            self.assertIn(" 401", http_export(server, "--user", "ann:secret"))
            self.assertIn(" 200", http_export(server, "--user", "bob:secret"))
            self.assertIn("grpc-status: 0\r\n", grpc_export(server, "--user", "bob:secret"))
            # A file that cannot be used changes nothing.
            config.write_text(text.replace("{inline: 'ann:secret'}", "{file: /nowhere}"))
            server.process.send_signal(signal.SIGHUP)
            self.wait_until(lambda: "/nowhere: cannot be read" in server.log(), server.log())
            self.assertIn(" 200", http_export(server, "--user", "bob:secret"))

    def test_what_cannot_ask_or_show_is_one_error_with_its_place(self):
        asks = r"w\.yaml:1:61: receivers::otlp::protocols::grpc::auth::authenticator: extension "
        shows = r"w\.yaml:2:67: exporters::otlp::auth::authenticator: extension "
        for server, client, message in (
                ("basicauth", "basicauth/out", asks + r"'basicauth' is not defined under extensions"),
                ("query", "basicauth/out", asks + "'query' is not a server authenticator$"),
                ("basicauth/out", "basicauth/out",
                 asks + "'basicauth/out' is not a server authenticator: it has 'client_auth' and no 'htpasswd'$"),
                ("bearertokenauth", "basicauth/out", asks + "'bearertokenauth' is not listed under service::extensions$"),
                ("basicauth/in", "basicauth/in",
                 shows + "'basicauth/in' is not a client authenticator: it has 'htpasswd' and no 'client_auth'$")):
            done = run("validate", "--config", self.write("w.yaml", WRONG % (server, client)))
            self.assertEqual((done.returncode, done.stderr.count("w.yaml:")), (1, 1), done.stderr)
            self.assertRegex(done.stderr, "(?m)" + message)


if __name__ == "__main__":
    unittest.main()
