#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills the server with SIGKILL under load, again and again, and wants back all it acknowledged.

usage: kill_rounds.py BIN_DIR [--rounds N] [--senders N] [--seed N]

Each round starts the server on the same data directory; sender processes send OTLP/HTTP requests and write a
line to the ledger after each 200. After a random time the server is killed. The next start must need nobody's
help. After each restart the traces acknowledged in the last round are read back through the API and compared
span by span with what was sent; in the end all of them are. Requests that were not acknowledged may be there
or not, but only whole. Each sender is a tenant of its own, and must not see what another one has. Exit status 1 when
anything is lost, changed, half there or seen by somebody else.
"""
import argparse
import http.client
import json
import multiprocessing
import random
import signal
import time

from crash_server import Server, export_request, payload, run_stage, scratch_folder, span_ids

SPANS_PER_TRACE = 3
TRACES_PER_REQUEST = 7
TRACES_PER_SENDER = 1_000_000  # of a round
START_NS = 1_700_000_000_000_000_000


def tenant_header(sender):
    """What makes a request one of a sender's."""
    return {"X-Scope-OrgID": f"team-{sender}"}


def send_until_it_dies(address, first_trace, ledger, sender):
    """A sender: a line `trace number` in its ledger file for each acknowledged trace."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends when the server does
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    trace = first_trace
    with open(ledger, "a", encoding="ascii") as acknowledged:
        while True:
            traces = list(range(trace, trace + TRACES_PER_REQUEST))
            trace += TRACES_PER_REQUEST
            body = export_request(traces, SPANS_PER_TRACE, START_NS)
            try:
                headers = {"Content-Type": "application/x-protobuf", **tenant_header(sender)}
                connection.request("POST", "/v1/traces", body, headers)
                response = connection.getresponse()
                answer = response.read()
            except (OSError, http.client.HTTPException):
                return
            if response.status == 200:
                acknowledged.write("".join(f"{number}\n" for number in traces))
                acknowledged.flush()
            elif response.status not in (429, 503):
                raise RuntimeError(f"{response.status}: {answer[:200]!r}")


def expected_spans(trace):
    trace_id, ids = span_ids(trace, SPANS_PER_TRACE)
    start_us = (START_NS + trace) // 1000
    return {span_id: (trace_id, f"operation-{index}", start_us, payload(trace, index))
            for index, span_id in enumerate(ids)}


def stored_spans(connection, trace, sender):
    """The spans of a trace as the server has them for a sender; nothing when it does not know the trace."""
    trace_id, _ = span_ids(trace, SPANS_PER_TRACE)
    connection.request("GET", f"/api/traces/{trace_id}", headers=tenant_header(sender))
    response = connection.getresponse()
    body = response.read()
    if response.status == 404:
        return {}
    if response.status != 200:
        raise RuntimeError(f"GET trace: {response.status}: {body[:200]!r}")
    spans = {}
    for span in json.loads(body)["data"][0]["spans"]:
        tags = {tag["key"]: tag["value"] for tag in span["tags"]}
        if span["spanID"] in spans:
            raise RuntimeError(f"span {span['spanID']} came back twice")
        spans[span["spanID"]] = (span["traceID"].rjust(32, "0"), span["operationName"], span["startTime"],
                                 tags.get("payload"))
    return spans


def count_lost(server, traces, sender_of=lambda trace: 0):
    """Spans of these traces that the server does not have as they were sent. Without tenants the sender is ignored."""
    connection = server.connect("http")
    lost = 0
    for trace in traces:
        found = stored_spans(connection, trace, sender_of(trace))
        lost += sum(1 for span_id, span in expected_spans(trace).items() if found.get(span_id) != span)
    return lost


class Rounds:
    def __init__(self, bin_dir, folder, senders, rng):
        self.bin_dir, self.folder, self.senders, self.rng = bin_dir, folder, senders, rng
        self.ledgers = [f"{folder}/ledger-{sender}" for sender in range(senders)]
        self.next_trace = 1
        self.acknowledged = []
        self.lost = 0
        self.half = 0
        self.leaked = 0
        self.slowest_start = 0.0

    def sender_of(self, trace):
        return (trace - 1) // TRACES_PER_SENDER % self.senders

    def count_lost(self, server, traces):
        return count_lost(server, traces, self.sender_of)

    def count_half(self, server, sent_last):
        """Of requests that were cut off, each trace must be there as a whole or not at all."""
        connection = server.connect("http")
        return sum(1 for trace in sent_last
                   if len(stored_spans(connection, trace, self.sender_of(trace))) not in (0, SPANS_PER_TRACE))

    def count_leaked(self, server, traces):
        """How many of the traces the next sender sees."""
        connection = server.connect("http")
        return sum(1 for trace in traces if stored_spans(connection, trace, (self.sender_of(trace) + 1) % self.senders))

    def start(self):
        started = time.monotonic()
        server = Server(self.bin_dir, self.folder, arguments=["--tenants"])
        self.slowest_start = max(self.slowest_start, time.monotonic() - started)
        return server

    def run_one(self):
        for ledger in self.ledgers:
            open(ledger, "w", encoding="ascii").close()
        server = self.start()
        processes = []
        first = []
        for sender, ledger in enumerate(self.ledgers):
            first.append(self.next_trace)
            self.next_trace += TRACES_PER_SENDER
            processes.append(multiprocessing.Process(target=send_until_it_dies,
                                                     args=(server.addresses["otlp_http"], first[-1], ledger, sender)))
        for process in processes:
            process.start()
        time.sleep(self.rng.uniform(0.02, 0.6))
        server.kill()
        for process in processes:
            process.join()
            if process.exitcode != 0:
                raise RuntimeError("a sender failed")
        self.check_round(first)

    def check_round(self, first):
        fresh = []
        cut_off = []
        for ledger, begin in zip(self.ledgers, first):
            with open(ledger, encoding="ascii") as lines:
                acknowledged = [int(line) for line in lines]
            fresh += acknowledged
            next_request = (acknowledged[-1] + 1) if acknowledged else begin
            cut_off += range(next_request, next_request + TRACES_PER_REQUEST)
        server = self.start()
        self.lost += self.count_lost(server, fresh)
        self.half += self.count_half(server, cut_off)
        self.leaked += self.count_leaked(server, fresh[::10])
        server.kill()
        self.acknowledged += fresh


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("bin_dir")
    arguments.add_argument("--rounds", type=int, default=10)
    arguments.add_argument("--senders", type=int, default=2)
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = arguments.parse_args()
    with scratch_folder("spandrel-crash-") as folder:
        rounds = Rounds(options.bin_dir, folder, options.senders, random.Random(options.seed))
        for number in range(1, options.rounds + 1):
            rounds.run_one()
            if number % 10 == 0:
                print(f"  {number} kills under load, {len(rounds.acknowledged) * SPANS_PER_TRACE} spans acknowledged, "
                      f"{rounds.lost} lost", flush=True)
        server = rounds.start()
        lost_in_the_end = rounds.count_lost(server, rounds.acknowledged)
        status = server.stop()
    print(f"kill -9 under load and after recovery: {2 * options.rounds} faults injected, {2 * options.rounds + 1} "
          f"recoveries, {len(rounds.acknowledged) * SPANS_PER_TRACE} spans acknowledged, "
          f"{rounds.lost + lost_in_the_end} lost or changed, {rounds.half} traces half there, {rounds.leaked} seen by another tenant, slowest start "
          f"{rounds.slowest_start * 1000:.0f} ms (seed {options.seed})")
    wrong = rounds.lost + lost_in_the_end + rounds.half + rounds.leaked
    return 1 if wrong or status != 0 or not rounds.acknowledged else 0


if __name__ == "__main__":
    run_stage(main)
