# SPDX-License-Identifier: Apache-2.0
"""What the crash tests share: a server on a fixed data directory, spans with known content, a ledger."""
import contextlib
import http.client
import json
import os
import pathlib
import signal
import struct
import subprocess
import sys
import tempfile
import time

START_TIMEOUT_S = 60
INTERRUPTED = 130


def run_stage(main):
    """Runs a program of this folder to its exit status; Ctrl-C ends it without a traceback."""
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        sys.exit(INTERRUPTED)


@contextlib.contextmanager
def scratch_folder(prefix):
    """A folder for servers' data, which is removed after the last of them has ended."""
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as folder:
        try:
            yield folder
        finally:
            for server in list(Server.running):
                server.kill()


class Server:
    """The real binary on system-chosen ports. `prefix` is put before its command, for strace, `arguments` behind it."""

    running = set()

    def __init__(self, bin_dir, folder, prefix=(), arguments=()):
        self.folder = pathlib.Path(folder)
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        self.log_path = self.folder / "log"
        self._log = open(self.log_path, "a", encoding="utf-8")
        command = [*prefix, str(pathlib.Path(bin_dir) / "spandrel"), "--data-dir", str(self.folder / "data"),
                   "--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0", "--http", "127.0.0.1:0",
                   "--tempo", "127.0.0.1:0", "--ready-file", str(ready), *arguments]
        self.process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        Server.running.add(self)
        started = time.monotonic()
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() - started > START_TIMEOUT_S:
                self.kill()
                raise RuntimeError("the server did not start:\n" + self.log_path.read_text()[-3000:])
            time.sleep(0.005)
        self.addresses = json.loads(ready.read_text())
        self.pid = self.addresses["pid"]

    def kill(self):
        """SIGKILL, to the server itself and to what started it."""
        if hasattr(self, "pid") and self.pid != self.process.pid:
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._forget()

    def stop(self):
        """An orderly end. Returns the exit status."""
        os.kill(self.pid, signal.SIGTERM)
        status = self.process.wait(timeout=60)
        self._forget()
        return status

    def _forget(self):
        self._log.close()
        Server.running.discard(self)

    def connect(self, address):
        host, port = self.addresses[address].rsplit(":", 1)
        return http.client.HTTPConnection(host, int(port), timeout=30)


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def attribute(key, value):
    return field(1, key.encode()) + field(2, field(1, value.encode()))


def span_ids(trace, count):
    """The ids of a numbered trace, as hexadecimal texts."""
    return f"{trace:032x}", [f"{trace * 16 + i + 1:016x}" for i in range(count)]


def payload(trace, index):
    """What a span carries: known to whoever knows its number."""
    return f"payload {trace}.{index} " + "x" * ((trace * 7 + index * 13) % 97)


def export_request(traces, spans_per_trace, start_ns):
    """One OTLP request with these numbered traces."""
    spans = b""
    for trace in traces:
        trace_id, ids = span_ids(trace, spans_per_trace)
        for index, span_id in enumerate(ids):
            parent = b"" if index == 0 else field(4, bytes.fromhex(ids[0]))
            spans += field(2, field(1, bytes.fromhex(trace_id)) + field(2, bytes.fromhex(span_id)) + parent +
                           field(5, f"operation-{index}".encode()) + varint(6 << 3) + varint(2) +
                           varint(7 << 3 | 1) + struct.pack("<Q", start_ns + trace) +
                           varint(8 << 3 | 1) + struct.pack("<Q", start_ns + trace + 1000 + index) +
                           field(9, attribute("payload", payload(trace, index))))
    resource = field(1, field(1, attribute("service.name", "crash")))
    return field(1, resource + field(2, spans))
