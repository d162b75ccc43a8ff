# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 that is against its rules, and readers that take nothing of what they ask for."""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import attack
import http2
from attack import LONG, Attack, open_files, rss_mib, sized
from spandrel_process import ROOT, Spandrel

H2SPEC = "github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible"
# 3.5/2 wants the connection closed without a word, where a port that speaks HTTP/1.1 too answers 400; 4.2/3 takes a frame
# of 20 KB for too large, which our SETTINGS_MAX_FRAME_SIZE allows.
EXPECTED_FAILURES = {"Sends invalid connection preface",
                     "Sends a large size HEADERS frame that exceeds the SETTINGS_MAX_FRAME_SIZE"}


def find_h2spec():
    """Its path, or None. It is built from its source when there is Go."""
    folder = ROOT / "build/h2spec"
    for place in (os.environ.get("H2SPEC"), shutil.which("h2spec"), folder / "h2spec"):
        if place and pathlib.Path(place).exists():
            return place
    if shutil.which("go") is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    built = subprocess.run(["go", "install", H2SPEC], env={**os.environ, "GOBIN": str(folder)}, capture_output=True,
                           text=True, timeout=600, check=False)
    if built.returncode != 0:
        print(f"h2spec cannot be built: {built.stderr[-300:]}", file=sys.stderr)
        return None
    return folder / "h2spec"


def run_h2spec(program, address):
    """(tests that passed or were skipped, of how many, names of those that failed)"""
    host, port = address.rsplit(":", 1)
    text = subprocess.run([program, "-h", host, "-p", port, "-o", "4"], capture_output=True, text=True, timeout=300,
                          check=False).stdout
    tests, passed, skipped, _ = map(int, re.search(
        r"(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed", text).groups())
    failures = text.split("Failures:", 1)[1] if "Failures:" in text else ""
    return passed + skipped, tests, set(re.findall(r"× \d+: (.*)", failures))


class Http2Attack(Attack):
    def test_h2spec(self):
        program = find_h2spec()
        if program is None:
            attack.rows.append((self.id().split(".", 1)[1], "SKIPPED: no h2spec and no Go to build it", "-", "143 of 145", True))
            self.skipTest("no h2spec, and no Go to build it")
        ports = ("otlp_grpc", "otlp_http", "http")
        with Spandrel() as server, concurrent.futures.ThreadPoolExecutor() as pool:
            outcomes = pool.map(lambda port: run_h2spec(program, server.addresses[port]), ports)
            for port, (passed, tests, failed) in zip(ports, outcomes):
                more = failed - EXPECTED_FAILURES
                self.holds(f"h2spec on {port}, of {tests}", passed, f">= {tests - 2}: {sorted(more)}",
                           passed >= tests - 2 and not more)

    def test_windows_that_stay_shut(self):
        connections, streams = sized((5, 100), (40, 100))
        with Spandrel("--memory-mib", "64") as server:
            pid = server.process.pid
            before, files_before = rss_mib(pid), open_files(pid)
            peers = []
            for _ in range(connections):
                peer = http2.connect(server.addresses["http"], http2.setting(http2.INITIAL_WINDOW, 0))
                for stream in range(1, 2 * streams, 2):
                    peer.sendall(http2.request(stream, b"GET", b"/metrics"))
                peers.append(peer)
            status = server.request("http", "/api/services")[0]
            self.holds("status of a question meanwhile", status, "200", status == 200)
            self.at_most("MiB more in memory", rss_mib(pid) - before, 64 + 32)
            if LONG:
                # Streams are reset after 10 s, and a connection that has none left goes after 60 s without one.
                deadline = time.monotonic() + 90
                while open_files(pid) > files_before + 5 and time.monotonic() < deadline:
                    time.sleep(0.5)
                self.at_most("open files more than before", open_files(pid) - files_before, 5)
            for peer in peers:
                peer.close()
