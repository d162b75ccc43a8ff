# SPDX-License-Identifier: Apache-2.0
"""Five times as much as the server can take: what is taken is acknowledged soon, the rest is told to wait at once."""
import json
import subprocess
import time

from attack import Attack, sized
from spandrel_process import BIN, Spandrel, run


class OverloadAttack(Attack):
    def load(self, server, spans, in_flight, processes):
        """Sends all spans, refused ones again, from that many processes; their results."""
        command = [BIN / "spandrel", "load", "--json", "--endpoint", server.addresses["otlp_grpc"], "--spans", spans // processes,
                   "--in-flight", in_flight // processes]
        running = [subprocess.Popen([str(word) for word in (*command, "--seed", seed)], stdout=subprocess.PIPE, text=True)
                   for seed in range(1, processes + 1)]
        return [json.loads(one.communicate(timeout=600)[0]) for one in running]

    def refused(self, server, reason):
        metrics = server.request("http", "/metrics")[2].decode()
        lines = [line for line in metrics.splitlines() if f'spandrel_store_refused_spans_total{{reason="{reason}"}}' in line]
        return sum(float(line.split()[-1]) for line in lines)

    def goodput(self, in_flight, processes, spans):
        """(spans a second, worst ack p99 in ms, spans that were refused for being late) with that many requests in flight."""
        with Spandrel("--memory-mib", 512) as server:
            began = time.monotonic()
            results = self.load(server, spans, in_flight, processes)
            seconds = time.monotonic() - began
            late = self.refused(server, "late")
        acknowledged = sum(one["acknowledged"] for one in results)
        return acknowledged / seconds, max(one["ack_p99_ms"] for one in results), late

    def test_five_times_as_much(self):
        spans = sized(200_000, 3_000_000)
        usual, _, _ = self.goodput(8, 2, spans)
        much, p99, late = self.goodput(sized(200, 400), 4, spans)
        self.at_most("ack p99 of what is taken", p99, sized(3000, 500), "ms")
        self.at_least("goodput, of what it takes without overload", 100 * much / usual, sized(40, 90), "%")
        self.holds("spans refused for being late", late, ">= 0, counted", late >= 0)
