# SPDX-License-Identifier: Apache-2.0
"""Far more than the server can take: what is taken is acknowledged soon, the rest is told at once when to come back.

Each figure has its peer in the same run: what the server does with a few requests in flight, and, in the long form, what it does
with many when it sheds nothing.
"""
import json
import subprocess
import time

from attack import Attack, LONG, peak_rss_mib, sized
from spandrel_process import BIN, Spandrel

SHEDS_NOTHING = ("--set", "extensions.store.max_log_wait=1h")


def counter(server, start):
    """The sum of the counters whose lines start so."""
    lines = server.request("http", "/metrics")[2].decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(start))


class Measured:
    """What became of a load."""

    def __init__(self, results, seconds, late, peak):
        self.goodput = sum(one["acknowledged"] for one in results) / seconds
        self.p50, self.p99 = (max(one[name] for one in results) for name in ("ack_p50_ms", "ack_p99_ms"))
        self.late, self.peak = late, peak

    def __str__(self):
        return (f"{self.goodput:.0f} spans/s, ack p50 {self.p50:.0f} ms p99 {self.p99:.0f} ms, {self.late:.0f} refused, "
                f"{self.peak:.0f} MiB")


def load(server, spans, in_flight, processes):
    """Sends all spans, refused ones again, from that many processes; their results."""
    command = [BIN / "spandrel", "load", "--json", "--endpoint", server.addresses["otlp_grpc"], "--spans", spans // processes,
               "--in-flight", in_flight // processes]
    running = [subprocess.Popen([str(word) for word in (*command, "--seed", seed)], stdout=subprocess.PIPE, text=True)
               for seed in range(1, processes + 1)]
    return [json.loads(one.communicate(timeout=600)[0]) for one in running]


def measure(spans, in_flight, processes, ceiling_mib=512, options=()):
    with Spandrel("--memory-mib", ceiling_mib, *options) as server:
        began = time.monotonic()
        results = load(server, spans, in_flight, processes)
        seconds = time.monotonic() - began
        late = counter(server, "spandrel_intake_refused_requests_total")
        return Measured(results, seconds, late, peak_rss_mib(server.process.pid))


class OverloadAttack(Attack):
    def overloaded(self, ceiling, spans):
        in_flight = sized(200, 400)
        usual = measure(spans, 8, 4, ceiling)
        much = measure(spans, in_flight, 4, ceiling)
        name = f"{in_flight} requests in flight at {ceiling} MiB"
        if LONG:
            unshed = measure(spans, in_flight, 4, ceiling, SHEDS_NOTHING)
            self.holds(f"{name}, shedding nothing", str(unshed), "for comparison", True)
        self.holds("8 requests in flight", str(usual), "for comparison", True)
        self.holds(name, str(much), "for comparison", True)
        self.at_most(f"ack p99 of what is taken, {name}", much.p99, sized(5000, 500), "ms")
        self.at_least(f"goodput, of that with 8, {name}", 100 * much.goodput / usual.goodput, sized(30, 90), "%")
        self.at_most(f"peak RSS, {name}", much.peak, ceiling, "MiB")

    def test_far_too_much(self):
        self.overloaded(512, sized(200_000, 3_000_000))

    def test_far_too_much_with_little_memory(self):
        self.overloaded(64, sized(100_000, 1_000_000))
