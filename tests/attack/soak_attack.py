# SPDX-License-Identifier: Apache-2.0
"""Mixed load for long: memory and descriptors do not grow. `SOAK_SECONDS` says for how long (30 minutes in the long form)."""
import json
import os
import socket
import threading
import time

import bombs
from attack import Attack, anonymous_mib, open_files, peak_rss_mib, sized
from memory_attack import send
from spandrel_process import Spandrel, run

SECONDS = int(os.environ.get("SOAK_SECONDS", sized(6, 1800)))
RATE = sized(10_000, 50_000)
CEILING_MIB = 512
LEAST_FOR_SLOPES_S = 600  # what is kept to be quick fills at first


def slope(points):
    """Of the line through (x, y) that fits best."""
    count = len(points)
    mean_x, mean_y = (sum(point[axis] for point in points) / count for axis in (0, 1))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


def percentile(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


class SoakAttack(Attack):
    def ask_all(self, server, stop, times):
        """Asks the reads of the page and of Jaeger in turn, one at a time, and notes how long the cheap one takes."""
        while not stop.is_set():
            for path in bombs.questions(server.get_json("/api/services")["data"]):
                if stop.is_set():
                    return
                send(server.addresses["http"], "GET", path, {}, None)
                began = time.monotonic()
                server.get_json("/api/services")
                times.append(time.monotonic() - began)
                stop.wait(0.1)

    def leave(self, server, stop):
        """Connections that ask and go."""
        while not stop.wait(0.05):
            send_and_leave(server.addresses["http"])

    def test_mixed_load(self):
        with Spandrel("--memory-mib", CEILING_MIB) as server:
            stop, times, points, loads = threading.Event(), [], [], []
            sender = threading.Thread(target=lambda: loads.append(run(
                "load", "--json", "--endpoint", server.addresses["otlp_grpc"], "--spans", RATE * SECONDS, "--rate", RATE,
                timeout=SECONDS * 3 + 60)))
            others = [threading.Thread(target=self.ask_all, args=(server, stop, times)),
                      threading.Thread(target=self.leave, args=(server, stop))]
            for thread in (sender, *others):
                thread.start()
            began = time.monotonic()
            pid = server.process.pid
            while sender.is_alive():
                points.append((time.monotonic() - began, anonymous_mib(pid), open_files(pid)))
                sender.join(timeout=0.5)
            stop.set()
            for thread in others:
                thread.join()
            self.at_most("peak RSS", peak_rss_mib(pid), CEILING_MIB, "MiB")
            self.judge(json.loads(loads[0].stdout), points, times)

    def judge(self, sent, points, times):
        seconds = points[-1][0]
        self.at_least(f"spans stored, of {RATE} a second", 100 * sent["acknowledged"] / seconds / RATE, sized(30, 90), "%")
        steady = [point for point in points if point[0] > seconds / 3]
        rss = [(at / 60, mib) for at, mib, _ in steady]
        half = len(times) // 2
        self.holds("p99 of /api/services, first and second half",
                   f"{percentile(times[:half] or times, 0.99) * 1000:.0f} {percentile(times[half:], 0.99) * 1000:.0f} ms", "stable", True)
        if SECONDS < LEAST_FOR_SLOPES_S:
            return
        grown = slope(rss) * (rss[-1][0] - rss[0][0])
        # Pages of parts come on top up to the ceiling, and go when memory is wanted.
        self.at_most(f"anonymous memory gained over {rss[-1][0] - rss[0][0]:.0f} minutes by the line that fits", grown,
                     CEILING_MIB / 20, "MiB")
        files = [count for _, _, count in steady]
        middle = len(files) // 2
        self.at_most("descriptors, second half beside first", max(files[middle:]) - max(files[:middle]), 16)


def send_and_leave(address):
    """Asks something dear and does not wait for the answer."""
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(f"GET /api/traces?limit=1000&lookback=1h HTTP/1.1\r\nHost: {address}\r\n\r\n".encode())
