# SPDX-License-Identifier: Apache-2.0
"""Asks a service to make calls and tells which headers arrived with them.

The service under test is a program that prints its URL as its first line. It takes POSTs of a JSON array of
{"url", "arguments"}, POSTs each `arguments` to its `url` with the context of the request, and answers 200.
"""
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


class Harness:
    """A running service, and the server that its calls go to."""

    def __init__(self, program):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
        environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9"  # nobody listens: spans are not looked at
        self._service = subprocess.Popen([BIN / program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                         text=True, env=environment)
        self._target = urllib.parse.urlsplit(self._service.stdout.readline().strip())
        if not self._target.port:
            self._end_service()
            raise RuntimeError(f"{program} did not start")
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Callback)
        self._server.arrived = {}
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self._ids = itertools.count()

    def stop(self):
        self._end_service()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _end_service(self):
        self._service.kill()
        self._service.wait()
        self._service.stdout.close()

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
