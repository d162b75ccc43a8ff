# SPDX-License-Identifier: Apache-2.0
"""Asks a service to make calls and tells which headers arrived with them. README.md says what a service is."""
import http.client
import http.server
import itertools
import json
import os
import pathlib
import subprocess
import threading
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BIN = pathlib.Path(os.environ.get("SPANDREL_BIN", ROOT / "build/dev/bin"))
SERVICES = ("w3c-httplib-service", "w3c-curl-service", "w3c-beast-service", "w3c-grpc-service")
TIMEOUT_S = 20


class _Callback(http.server.BaseHTTPRequestHandler):
    """Keeps the headers of a call under the ids in its path."""

    def do_POST(self):  # pylint: disable=invalid-name
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.arrived[self.path] = self.headers.items()
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


class Service:
    """A service under test while it runs."""

    def __init__(self, program, arguments=(), environment=()):
        variables = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
        variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9"  # nobody listens: spans are not looked at
        variables.update(environment)
        self._process = subprocess.Popen([BIN / program, *arguments], stdout=subprocess.PIPE,
                                         stderr=subprocess.DEVNULL, text=True, env=variables)
        self.url = self._process.stdout.readline().strip()
        if not urllib.parse.urlsplit(self.url).port:
            self.stop()
            raise RuntimeError(f"{program} did not start")

    def stop(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


class Harness:
    """A running service, and the server that its calls go to."""

    def __init__(self, program, arguments=(), environment=()):
        self._service = Service(program, arguments, environment)
        self._target = urllib.parse.urlsplit(self._service.url)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Callback)
        self._server.arrived = {}
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self._ids = itertools.count()

    def stop(self):
        self._service.stop()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def call(self, headers, calls=1):
        """Sends the header lines, given as pairs, and returns the header lines of each call that followed."""
        request = next(self._ids)
        paths = [f"/callback/{request}/{number}" for number in range(calls)]
        base = f"http://127.0.0.1:{self._server.server_port}"
        body = json.dumps([{"url": base + path, "arguments": [{"number": path}]} for path in paths])
        connection = http.client.HTTPConnection(self._target.hostname, self._target.port, timeout=TIMEOUT_S)
        try:
            connection.putrequest("POST", "/")
            connection.putheader("content-type", "application/json")
            connection.putheader("content-length", str(len(body)))
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders(body.encode())
            answer = connection.getresponse()
            answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"the service answered {answer.status}")
        return [self._server.arrived.pop(path) for path in paths]
