# SPDX-License-Identifier: Apache-2.0
"""The real server as a measured process: its CPU time, its memory, when it has nothing left to do."""
import json
import os
import pathlib
import re
import subprocess
import time
import urllib.request

TICKS = os.sysconf("SC_CLK_TCK")
START_LIMIT_S = 300
STOP_LIMIT_S = 300
SETTLE_LIMIT_S = 900
# Idle: at most so much CPU in so long, the reading of /metrics included.
QUIET_CPU_S = 0.03
QUIET_S = 3.0
# A store may keep something in memory for ever; when it is idle for so long, it has settled.
LONG_QUIET_S = 20.0


class ServerProcess:
    """`with ServerProcess(bin_dir, data_dir) as server:`; leaving the block stops it if it still runs."""

    def __init__(self, bin_dir, data_dir, *arguments):
        self.data_dir = pathlib.Path(data_dir)
        self._files = self.data_dir.parent / f"{self.data_dir.name}-run"
        self._files.mkdir(exist_ok=True)
        ready = self._files / "ready.json"
        ready.unlink(missing_ok=True)
        command = [bin_dir / "spandrel", "--data-dir", data_dir, "--otlp-grpc", "127.0.0.1:0", "--otlp-http",
                   "127.0.0.1:0", "--http", "127.0.0.1:0", "--tempo", "127.0.0.1:0", "--ready-file", ready, *arguments]
        self._log = open(self._files / "log", "w", encoding="utf-8")
        begin = time.monotonic()
        self.process = subprocess.Popen([str(word) for word in command], stdout=self._log, stderr=self._log)
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() - begin > START_LIMIT_S:
                self.kill()
                raise RuntimeError(f"the server did not start: {self.log()}")
            time.sleep(0.001)
        self.start_s = time.monotonic() - begin
        self.addresses = json.loads(ready.read_text())
        self.whole_cpu_s = 0.0  # known after stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        self._log.flush()
        return (self._files / "log").read_text(encoding="utf-8")

    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mib(self, name):
        """VmRSS or VmHWM."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE).group(1)) / 1024

    def get(self, path):
        with urllib.request.urlopen(f"http://{self.addresses['http']}{path}", timeout=60) as answer:
            return answer.read()

    def metric(self, name):
        """The sum of a metric's lines; nothing when there is no such metric."""
        lines = re.findall(rf"^{name}(?:\{{[^}}]*\}})? (\S+)$", self.get("/metrics").decode(), re.MULTILINE)
        return sum(float(line) for line in lines) if lines else None

    def wait_until_settled(self):
        """Returns when nothing is left to be sealed or merged."""
        deadline = time.monotonic() + SETTLE_LIMIT_S
        quiet_since, cpu = time.monotonic(), self.cpu_s()
        while time.monotonic() < deadline:
            time.sleep(0.5)
            now = self.cpu_s()
            quiet = time.monotonic() - quiet_since
            if now - cpu > QUIET_CPU_S:
                quiet_since, cpu = time.monotonic(), now
            elif quiet >= LONG_QUIET_S or (quiet >= QUIET_S and not self.metric("spandrel_store_head_bytes")):
                return
        raise RuntimeError("the server did not become idle")

    def stop(self):
        """A clean stop; afterwards `whole_cpu_s` is the CPU time of the process's whole life."""
        self.process.terminate()
        deadline = time.monotonic() + STOP_LIMIT_S
        while time.monotonic() < deadline:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid != 0:
                self.process.returncode = os.waitstatus_to_exitcode(status)
                self.whole_cpu_s = usage.ru_utime + usage.ru_stime
                break
            time.sleep(0.01)
        if self.process.returncode != 0:
            raise RuntimeError(f"the server did not stop cleanly: {self.log()}")

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=STOP_LIMIT_S)
        self._log.close()


def start_load(bin_dir, server, spans, *arguments):
    command = [bin_dir / "spandrel", "load", "--json", "--endpoint", server.addresses["otlp_grpc"], "--spans", spans,
               *arguments]
    return subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)


def finish_load(load, spans):
    """The result that `spandrel load` prints; every span must have been acknowledged."""
    text, _ = load.communicate(timeout=3600)
    if load.returncode != 0:
        raise RuntimeError(f"spandrel load failed with status {load.returncode}: {text}")
    result = json.loads(text)
    if result["acknowledged"] != spans:
        raise RuntimeError(f"{result['acknowledged']} of {spans} spans were acknowledged")
    return result


def disk_bytes(folder):
    """Of all files: what they hold, and what they occupy."""
    stats = [path.stat() for path in pathlib.Path(folder).rglob("*") if path.is_file()]
    return sum(stat.st_size for stat in stats), sum(stat.st_blocks * 512 for stat in stats)
