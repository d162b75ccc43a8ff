# SPDX-License-Identifier: Apache-2.0
"""`spandrel query`, `trace`, `tail` and `completion`: of a running server, and of its data directory afterwards."""
import http.server
import json
import os
import pathlib
import pty
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from query_port_test import certificates
from spandrel_process import BIN, Spandrel, run

TRACE = "0af7651916cd43dd8448eb211c80319c"
OTHER = "00000000000000000000000000000bad"
EVIL = "evil\x1b[31m\u202e\nname"
ENVIRONMENT = {"TZ": "UTC", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "xterm"}


def span(number, parent=0, trace=TRACE, name="operation", start_ns=0, duration_ns=1_000_000, error=False):
    return {"traceId": trace, "spanId": f"{number:016x}", "parentSpanId": f"{parent:016x}" if parent else "", "name": name,
            "kind": 2, "startTimeUnixNano": str(start_ns), "endTimeUnixNano": str(start_ns + duration_ns),
            "status": {"code": 2, "message": "no money"} if error else {},
            "attributes": [{"key": "order", "value": {"intValue": str(number)}}]}


def request(service, spans):
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]}


def sent_spans(now):
    """Two traces: one of two services with an error and many calls that are alike, and one with a hostile name."""
    shop = [span(1, name="GET /cart", start_ns=now, duration_ns=50_000_000)]
    shop += [span(10 + i, 1, name="lookup", start_ns=now + i * 1_000_000) for i in range(8)]
    bank = [span(2, 1, name="charge", start_ns=now + 10_000_000, duration_ns=20_000_000, error=True)]
    return [request("shop", shop), request("bank", bank), request("evil", [span(3, trace=OTHER, name=EVIL, start_ns=now)])]


def ask(*arguments, environment=None):
    return subprocess.run([BIN / "spandrel", *map(str, arguments)], capture_output=True, text=True, timeout=30,
                          check=False, env={**ENVIRONMENT, **(environment or {})})


class CliTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.data = pathlib.Path(cls.folder.name) / "data"
        cls.server = Spandrel(data_dir=cls.data)
        cls.now = time.time_ns() - 5_000_000_000
        for one in sent_spans(cls.now):
            assert cls.server.send_json(one)[0] == 200
        cls.url = "http://" + cls.server.addresses["http"]
        # What the server has, as it would be found after it has stopped.
        cls.stopped = pathlib.Path(cls.folder.name) / "stopped"
        with Spandrel(data_dir=cls.stopped) as other:
            for one in sent_spans(cls.now):
                assert other.send_json(one)[0] == 200

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.folder.cleanup()

    def both(self, *arguments, status=0):
        """What is printed of the server and of the directory."""
        for where in (("--server", self.url), ("--data", self.stopped)):
            done = ask(*arguments, *where)
            self.assertEqual(done.returncode, status, done.stdout + done.stderr)
            yield done

    def test_finds_traces(self):
        for done in self.both("query", "{ status = error }"):
            title, row = done.stdout.splitlines()
            self.assertEqual(title.split(), "START DURATION SERVICE NAME MATCHED SPANS ERRORS TRACE ID".split())
            self.assertIn("50ms  shop     GET /cart", row)
            self.assertEqual(row.split()[-4:], ["1", "10", "1", TRACE])
        for done in self.both("query", "{ status = error }", "--from", "2h", "--to", "1h", status=1):
            self.assertEqual(done.stdout, "")

    def test_json_is_an_object_a_line(self):
        answers = [[json.loads(line) for line in done.stdout.splitlines()]
                   for done in self.both("query", "{ .order = 2 }", "--format", "json")]
        self.assertEqual(answers[0], answers[1])
        (trace,) = answers[0]
        self.assertEqual((trace["traceId"], trace["rootService"], trace["spanCount"], trace["errorCount"]), (TRACE, "shop", 10, 1))
        (match,) = trace["matched"]
        self.assertEqual((match["service"], match["name"], match["status"], match["fields"]), ("bank", "charge", "error", {"order": 2}))
        for done in self.both("trace", TRACE, "--format", "json"):
            spans = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual((len(spans), spans[0]["name"], spans[0]["attributes"]), (10, "GET /cart", {"order": 1}))

    def test_otlp_can_be_imported(self):
        for i, done in enumerate(self.both("query", "{ }", "--format", "otlp")):
            lines = pathlib.Path(self.folder.name) / f"{i}.jsonl"
            lines.write_text(done.stdout, encoding="utf-8")
            copy = pathlib.Path(self.folder.name) / f"copy-{i}"
            self.assertIn("read 11 spans: 11 stored", run("store", "import", copy, "--input", lines).stdout)
            found = ask("trace", TRACE, "--data", copy)
            self.assertIn("10 spans of 2 services, 1 error", found.stdout, found.stderr)

    def test_series(self):
        for done in self.both("query", "{ } | count_over_time() by (resource.service.name)", "--step", "10m"):
            rows = [row.split() for row in done.stdout.splitlines()]
            self.assertEqual(rows[0][:4], ["resource.service.name", "LAST", "MIN", "MAX"])
            self.assertEqual([(row[0], row[3]) for row in rows[1:]], [("bank", "1"), ("evil", "1"), ("shop", "9")])
        for done in self.both("query", "{ name = `lookup` } | count_over_time()", "--step", "10m", "--by-time"):
            self.assertIn("8", [row.split()[-1] for row in done.stdout.splitlines()])
        for done in self.both("query", "{ .order = 77 } | rate()", "--format", "json", status=1):
            self.assertTrue(all(value == 0 for _, value in json.loads(done.stdout)["points"]))

    def test_the_tree_of_a_trace(self):
        for done in self.both("trace", "0x" + TRACE.upper()):
            lines = done.stdout.splitlines()
            self.assertEqual(lines[0], f"trace {TRACE}")
            self.assertIn("50ms, 10 spans of 2 services, 1 error", lines[1])
            tree = [line.split("  ")[0] for line in lines[4:]]
            self.assertEqual(tree, ["GET /cart", "├─ lookup", "├─ … 7 more like it, 1ms to 1ms", "└─ charge ✗ no money"])
        for done in self.both("trace", TRACE, "--all"):
            self.assertEqual(done.stdout.count("lookup"), 8)
        for done in self.both("trace", TRACE, "--span", "2"):
            self.assertIn("status    error: no money", done.stdout)
            self.assertIn("  order  2\n", done.stdout)
        for done in self.both("trace", "1234", status=1):
            self.assertIn("no trace", done.stderr)

    def test_nothing_of_a_sender_reaches_the_terminal_as_an_order(self):
        for command in (("query", '{ resource.service.name = "evil" }'), ("trace", "bad"), ("trace", "bad", "--span", "3")):
            for done in self.both(*command, "--color", "never"):
                self.assertIn("evil\\x1b[31m\\u{202e}\\nname", done.stdout)
                self.assertNotIn("\x1b", done.stdout)

        for command in (("query", '{ resource.service.name = "evil" }'), ("trace", "bad")):
            for done in self.both(*command, "--format", "json"):
                self.assertIn(EVIL, [json.loads(done.stdout).get("name"), json.loads(done.stdout).get("rootName")])
                self.assertNotIn("\u202e", done.stdout)

    def test_says_what_is_wrong(self):
        for done in self.both("query", "{ nmae = 1 }", status=2):
            self.assertIn("did you mean 'name'?\n  { nmae = 1 }\n    ^\n", done.stderr)
        wrong = [(("query",), "QUERY is required"), (("query", "{}", "--limit", "0"), "--limit"),
                 (("query", "{}", "--from", "soon"), "--from"), (("query", "{}", "--to", "2h"), "--to"),
                 (("query", "{} | rate()", "--step", "1ms"), "--step"), (("trace", "xyz"), "hexadecimal"),
                 (("query", "{}", "--server", "ftp://x"), "--server"), (("query", "{}", "--header", "x"), "--header"),
                 (("query", "{}", "--token-file", "/nowhere"), "--token-file"),
                 (("query", "{}", "--server", "http://127.0.0.1:1"), "is a server there?"),
                 (("query", "{}", "--data", "/nowhere"), "no store"),
                 (("query", "{}", "--data", self.data), "asked with --server URL"),
                 (("query", "{}", "--data", self.stopped, "--tenant", "x"), "--tenant"),
                 (("tail", "{} | rate()"), "tail"), (("tail", "{}", "--overlap", "0s"), "--overlap")]
        for arguments, message in wrong:
            done = ask(*arguments)
            self.assertEqual(done.returncode, 2, (arguments, done.stdout, done.stderr))
            self.assertIn(message, done.stdout + done.stderr)

    def test_the_environment_names_the_server(self):
        done = ask("query", "{ status = error }", environment={"SPANDREL_SERVER": self.server.addresses["http"]})
        self.assertEqual(done.returncode, 0, done.stderr)
        done = ask("query", "{ status = error }", "--data", self.stopped, environment={"SPANDREL_SERVER": "http://127.0.0.1:1"})
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_asks_the_port_of_tempo_too(self):
        done = ask("trace", TRACE, "--server", "http://" + self.server.addresses["tempo"] + "/")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_pipe_that_closes_ends_it_quietly(self):
        command = f"'{BIN}/spandrel' trace {TRACE} --all --data '{self.stopped}' | head -n 1; echo ${{PIPESTATUS[0]}}"
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30, check=False, env=ENVIRONMENT)
        self.assertEqual((done.stdout, done.stderr), (f"trace {TRACE}\n0\n", ""))
        if os.path.exists("/dev/full"):
            command = f"'{BIN}/spandrel' trace {TRACE} --data '{self.stopped}' > /dev/full"
            done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30, check=False, env=ENVIRONMENT)
            self.assertEqual((done.returncode, done.stderr), (2, "spandrel: standard output: No space left on device\n"))

    def on_a_terminal(self, *arguments, environment=None):
        """What a terminal of 80 columns gets."""
        main, other = pty.openpty()
        subprocess.run(["stty", "cols", "80"], stdin=other, check=True)
        process = subprocess.Popen([BIN / "spandrel", *map(str, arguments)], stdout=other, stderr=subprocess.DEVNULL,
                                   env={**ENVIRONMENT, **(environment or {})})
        os.close(other)
        output = b""
        while True:
            try:
                piece = os.read(main, 65536)
            except OSError:  # how a terminal says that it is over
                break
            if not piece:
                break
            output += piece
        os.close(main)
        self.assertEqual(process.wait(timeout=30), 0)
        return output.decode()

    def test_a_terminal_has_colours_and_an_edge(self):
        question = ("query", "{ status = error }", "--server", self.url)
        self.assertIn("\x1b[31m1\x1b[0m", self.on_a_terminal(*question))
        self.assertNotIn("\x1b", self.on_a_terminal(*question, environment={"NO_COLOR": "1"}))
        self.assertNotIn("\x1b", ask(*question).stdout)
        self.assertIn("\x1b", ask(*question, "--color", "always").stdout)
        for line in self.on_a_terminal("trace", TRACE, "--server", self.url, "--color", "never").splitlines():
            self.assertLessEqual(len(line), 80, line)

    def test_a_server_that_does_not_answer(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            silent.settimeout(30)
            question = ("query", "{ }", "--server", f"127.0.0.1:{silent.getsockname()[1]}")
            done = ask(*question, "--timeout", "1ms")
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("--timeout gives it more than 1ms", done.stderr)
            process = subprocess.Popen([BIN / "spandrel", *question], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.addCleanup(process.kill)
            silent.accept()[0].close()  # the one that gave up
            with silent.accept()[0] as connection:
                connection.recv(1)  # it has asked
                process.send_signal(signal.SIGINT)
                self.assertEqual((*process.communicate(timeout=30), process.returncode), ("", "", 130))

    def test_other_servers_are_told_from_ours(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                status, body = (200, b"<html>") if "search" in self.path else (404, b"evil\x1b[31m")
                if "traces" in self.path:
                    status, body = 503, b"busy"
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass
        with http.server.HTTPServer(("127.0.0.1", 0), Handler) as other:
            threading.Thread(target=other.serve_forever, daemon=True).start()
            where = ("--server", f"127.0.0.1:{other.server_port}")
            done = ask("query", "{ }", *where)
            self.assertEqual((done.returncode, "is it a server of Tempo's API?" in done.stderr), (2, True), done.stderr)
            done = ask("query", "{ } | rate()", *where)
            self.assertEqual(done.returncode, 2)
            self.assertIn("HTTP status 404: evil\\x1b[31m", done.stderr)
            done = ask("trace", "1", *where)
            self.assertEqual((done.returncode, done.stderr), (2, f"spandrel: {where[1]}: HTTP status 503: busy\n"))
            other.shutdown()

    def tail(self, *arguments):
        process = subprocess.Popen([BIN / "spandrel", "tail", *arguments, "--server", self.url, "--interval", "100ms"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def test_tail_prints_what_comes_once(self):
        process = self.tail('{ name = "tailed" }', "--from", "10m", "--format", "json")
        seen = []
        for i, late in enumerate((0, 40, 5)):
            start = time.time_ns() - late * 1_000_000_000
            sent = request("shop", [span(0x100 + i, trace=f"{0x100 + i:032x}", name="tailed", start_ns=start)])
            self.assertEqual(self.server.send_json(sent)[0], 200)
            seen.append(json.loads(process.stdout.readline())["spanId"])
        self.assertEqual(seen, [f"{0x100 + i:016x}" for i in range(3)])
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        self.assertEqual((process.returncode, out, err), (0, "", ""))

    def test_tail_prints_old_spans_of_a_trace_that_goes_on_once(self):
        trace = f"{0x200:032x}"
        old = request("shop", [span(0x200, trace=trace, name="goes on", start_ns=time.time_ns() - 300_000_000_000)])
        self.assertEqual(self.server.send_json(old)[0], 200)
        process = self.tail('{ name = "goes on" }', "--from", "10m", "--format", "json")
        seen = [json.loads(process.stdout.readline())["spanId"]]
        for i in (1, 2):
            new = request("shop", [span(0x200 + i, 0x200, trace=trace, name="goes on", start_ns=time.time_ns())])
            self.assertEqual(self.server.send_json(new)[0], 200)
            seen.append(json.loads(process.stdout.readline())["spanId"])
        self.assertEqual(seen, [f"{0x200 + i:016x}" for i in range(3)])
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.communicate(timeout=30)[0], "")

    def test_tail_ends_at_its_limit(self):
        process = self.tail('{ name = "lookup" }', "--from", "10m", "--limit", "3")
        out, err = process.communicate(timeout=30)
        self.assertEqual((process.returncode, err), (0, ""))
        lines = out.splitlines()
        self.assertEqual(len(lines), 3)
        for line in lines:
            self.assertRegex(line, r"^\d\d:\d\d:\d\d\.\d{3}      1ms shop             lookup .*" + TRACE + "$")

    def test_completion_is_made_of_the_options(self):
        script = pathlib.Path(self.folder.name) / "completion.bash"
        script.write_text(ask("completion", "bash").stdout, encoding="utf-8")
        asked = {"spandrel qu": "query", "spandrel query --form": "--format", "spandrel query --format o": "otlp",
                 "spandrel store exp": "export", "spandrel completion z": "zsh", "spandrel --data-d": "--data-dir"}
        lines = [f"source {script}"]
        for words in asked:
            parts = words.split()
            lines.append(f"COMP_WORDS=({' '.join(parts)}); COMP_CWORD={len(parts) - 1}; _spandrel; echo \"${{COMPREPLY[*]}}\"")
        done = subprocess.run(["bash", "-c", "\n".join(lines)], capture_output=True, text=True, timeout=30, check=False)
        self.assertEqual((done.stdout.splitlines(), done.stderr), (list(asked.values()), ""))
        self.assertEqual(ask("completion", "tcsh").returncode, 2)


class LoginTest(unittest.TestCase):
    def test_asks_by_tls_with_certificate_token_and_tenant(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            certificates(folder)
            (folder / "token").write_text("t0ken\n")
            (folder / "config.yaml").write_text(f"""
receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:0", include_metadata: true}}}}}}}}
exporters: {{store: {{store: store}}}}
extensions:
  store: {{directory: "{folder}/data", tenants: true}}
  query:
    endpoint: "127.0.0.1:0"
    store: store
    auth: {{bearer: {{token: t0ken}}}}
    tls: {{cert_file: {folder}/server.pem, key_file: {folder}/server.key, client_ca_file: {folder}/ca.pem}}
service:
  extensions: [store, query]
  telemetry: {{metrics: {{level: none}}}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [store]}}}}
""")
            with Spandrel("--config", folder / "config.yaml", built_in=False) as server:
                sent = request("shop", [span(1, name="GET /cart", start_ns=time.time_ns())])
                headers = {"Content-Type": "application/json", "X-Scope-OrgID": "team-a"}
                self.assertEqual(server.request("otlp_http", "/v1/traces", json.dumps(sent).encode(), headers)[0], 200)
                parts = {"--ca-file": folder / "ca.pem", "--cert-file": folder / "client.pem", "--key-file": folder / "client.key",
                         "--token-file": folder / "token", "--tenant": "team-a"}
                question = ["query", "{ }", "--server", "https://" + server.addresses["http"]]

                def status(**changed):
                    given = {**parts, **{"--" + key.replace("_", "-"): value for key, value in changed.items()}}
                    done = ask(*question, *[word for item in given.items() if item[1] is not None for word in item])
                    return done.returncode, done.stdout + done.stderr
                self.assertEqual(status()[0], 0, status())
                self.assertEqual(status(token_file=None, header="Authorization: Bearer t0ken")[0], 0)
                self.assertEqual(status(tenant="team-b")[0], 1)
                for changed, message in (({"token_file": None}, "--token-file and --header send a login"), ({"ca_file": None}, ""),
                                         ({"cert_file": None, "key_file": None}, ""), ({"key_file": None}, "--key-file"),
                                         ({"ca_file": folder / "nowhere"}, "--ca-file"), ({"tenant": None}, "X-Scope-OrgID")):
                    code, text = status(**changed)
                    self.assertEqual((code, message in text), (2, True), (changed, text))
            found = ask("query", "{ }", "--data", folder / "data", "--tenant", "team-a")
            self.assertIn("GET /cart", found.stdout, found.stderr)
            self.assertEqual(ask("query", "{ }", "--data", folder / "data").returncode, 1)


if __name__ == "__main__":
    unittest.main()
