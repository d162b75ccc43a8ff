# SPDX-License-Identifier: Apache-2.0
"""Starts the real `spandrel` binary on free ports and talks to it. The binary is $SPANDREL_BIN/spandrel."""
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BIN = pathlib.Path(os.environ.get("SPANDREL_BIN", ROOT / "build/dev/bin"))
START_TIMEOUT_S = 30


def run(*arguments, timeout=30):
    """Runs spandrel to its end; returns the finished process with its texts."""
    return subprocess.run([BIN / "spandrel", *map(str, arguments)], capture_output=True, text=True,
                          timeout=timeout, check=False)


class Spandrel:
    """A running server: `with Spandrel(...) as server: server.get("/health")`."""

    def __init__(self, *arguments, data_dir=None, built_in=True, log=None, open_files=None):
        """`log`, where its log is to go, keeps `log()` empty. `open_files`: how many it may have, not more."""
        self._folder = tempfile.TemporaryDirectory(prefix="spandrel-test-")
        folder = pathlib.Path(self._folder.name)
        self.data_dir = pathlib.Path(data_dir or folder / "data")
        self._ready_file = folder / "ready.json"
        self._log = open(folder / "log", "w+", encoding="utf-8")
        command = [BIN / "spandrel", "--ready-file", self._ready_file, *arguments]
        if built_in:
            command += ["--data-dir", self.data_dir, "--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0",
                        "--http", "127.0.0.1:0", "--tempo", "127.0.0.1:0"]
        if open_files:
            command = ["prlimit", f"--nofile={open_files}:{open_files}", *command]
        self.process = subprocess.Popen([str(word) for word in command], stdout=log or self._log, stderr=log or self._log)
        self.addresses = self._wait_until_ready()

    def _wait_until_ready(self):
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._ready_file.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                log = self.log()
                self.stop()
                raise RuntimeError(f"spandrel did not start: {log}")
            time.sleep(0.01)
        return json.loads(self._ready_file.read_text())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def log(self):
        self._log.flush()
        return pathlib.Path(self._log.name).read_text(encoding="utf-8")

    def stop(self, with_signal=signal.SIGTERM):
        """Ends the process and returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        status = self.process.wait(timeout=30)
        self._log.close()
        self._folder.cleanup()
        return status

    def request(self, address, path, body=None, headers=None, method=None):
        """Returns (HTTP status, headers, body bytes)."""
        request = urllib.request.Request(f"http://{self.addresses[address]}{path}", data=body,
                                         headers=headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def get_json(self, path):
        status, _, body = self.request("http", path)
        if status != 200:
            raise AssertionError(f"GET {path}: {status} {body[:300]!r}")
        return json.loads(body)

    def send_json(self, otlp):
        return self.request("otlp_http", "/v1/traces", json.dumps(otlp).encode(),
                            {"Content-Type": "application/json"})


def otlp_request(trace_id="0af7651916cd43dd8448eb211c80319c", span_id="b7ad6b7169203331", service="test",
                 name="operation", start_ns=None, **span):
    """One span as an OTLP/JSON request."""
    start_ns = start_ns or time.time_ns()
    fields = {"traceId": trace_id, "spanId": span_id, "name": name, "kind": 2,
              "startTimeUnixNano": str(start_ns), "endTimeUnixNano": str(start_ns + 1_000_000), **span}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [fields]}]}]}
