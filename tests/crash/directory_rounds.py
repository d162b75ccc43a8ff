#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Takes the data directory away from a server under load, and wants nothing acknowledged into the void.

usage: directory_rounds.py BIN_DIR [--rounds N] [--seed N]

Two senders, each a tenant of its own, post while the directory is moved away or removed; they keep a ledger of what was
acknowledged and when it had been sent. What was sent after the directory had gone must be refused. A directory that was
moved is put back after the server was killed, and must have all that was acknowledged; one that was removed must be made
anew by the next start, and take spans. Exit status 1 when anything is lost or acknowledged into the void.
"""
import argparse
import http.client
import multiprocessing
import os
import pathlib
import random
import shutil
import signal
import time

import kill_rounds
from crash_server import export_request, run_stage, scratch_folder

SENDERS = 2
REFUSALS = 3  # of each sender, until the round ends
PATIENCE_S = 60


def send_until_it_dies(address, first_trace, ledger, sender):
    """A sender: a line `trace time` for each acknowledged trace, when it was sent, and `refused` for each refusal."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    headers = {"Content-Type": "application/x-protobuf", **kill_rounds.tenant_header(sender)}
    trace = first_trace
    with open(ledger, "a", encoding="ascii") as lines:
        while True:
            traces = list(range(trace, trace + kill_rounds.TRACES_PER_REQUEST))
            trace += kill_rounds.TRACES_PER_REQUEST
            sent = time.monotonic()
            try:
                connection.request("POST", "/v1/traces",
                                   export_request(traces, kill_rounds.SPANS_PER_TRACE, kill_rounds.START_NS), headers)
                response = connection.getresponse()
                answer = response.read()
            except (OSError, http.client.HTTPException):
                return
            if response.status == 200:
                lines.write("".join(f"{number} {sent}\n" for number in traces))
            elif response.status == 503:
                lines.write("refused\n")
                time.sleep(0.01)  # as senders back off
            else:
                raise RuntimeError(f"{response.status}: {answer[:200]!r}")
            lines.flush()


class Rounds(kill_rounds.Rounds):
    def __init__(self, bin_dir, folder, rng):
        super().__init__(bin_dir, folder, SENDERS, rng)
        self.data = pathlib.Path(folder) / "data"
        self.away = pathlib.Path(folder) / "away"
        self.into_the_void = 0
        self.gone_with_it = 0

    def take_away(self, remove):
        """Returns when the directory was not there any more."""
        if remove:
            # Senders make files meanwhile.
            while self.data.exists():
                shutil.rmtree(self.data, ignore_errors=True)
        else:
            os.rename(self.data, self.away)
        return time.monotonic()

    def read_ledgers(self):
        """(acknowledged traces and when they were sent, whether each sender was refused often enough)"""
        texts = [pathlib.Path(ledger).read_text(encoding="ascii") for ledger in self.ledgers]
        lines = [line.split() for text in texts for line in text.splitlines()]
        acknowledged = [(int(words[0]), float(words[1])) for words in lines if len(words) == 2]
        return acknowledged, all(text.count("refused") >= REFUSALS for text in texts)

    def wait_for_refusals(self):
        deadline = time.monotonic() + PATIENCE_S
        while not self.read_ledgers()[1]:
            if time.monotonic() > deadline:
                raise RuntimeError("spans are taken though the directory is gone")
            time.sleep(0.02)

    def run_round(self, remove):
        for ledger in self.ledgers:
            open(ledger, "w", encoding="ascii").close()
        server = self.start()
        senders = []
        for sender, ledger in enumerate(self.ledgers):
            senders.append(multiprocessing.Process(target=send_until_it_dies,
                                                   args=(server.addresses["otlp_http"], self.next_trace, ledger, sender)))
            self.next_trace += kill_rounds.TRACES_PER_SENDER
            senders[-1].start()
        time.sleep(self.rng.uniform(0.2, 1.5))
        gone = self.take_away(remove)
        self.wait_for_refusals()
        server.kill()
        for sender in senders:
            sender.join()
            if sender.exitcode != 0:
                raise RuntimeError("a sender failed")
        self.conclude_round(remove, gone)

    def conclude_round(self, remove, gone):
        sent = self.read_ledgers()[0]
        self.into_the_void += kill_rounds.SPANS_PER_TRACE * sum(1 for _, when in sent if when > gone)
        traces = [trace for trace, _ in sent]
        if remove:
            self.gone_with_it += kill_rounds.SPANS_PER_TRACE * len(traces + self.acknowledged)
            self.acknowledged = []
            return
        os.rename(self.away, self.data)
        server = self.start()
        self.lost += self.count_lost(server, traces)
        self.leaked += self.count_leaked(server, traces[::10])
        server.kill()
        self.acknowledged += traces


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("bin_dir")
    arguments.add_argument("--rounds", type=int, default=6)
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = arguments.parse_args()
    with scratch_folder("spandrel-crash-") as folder:
        rounds = Rounds(options.bin_dir, folder, random.Random(options.seed))
        for number in range(options.rounds):
            # What was moved away and back is there after the next move as well; a removal ends that.
            rounds.run_round(remove=number % 3 == 1)
            print(f"  {number + 1} directories taken away, {rounds.lost} lost, {rounds.into_the_void} acknowledged into "
                  f"the void", flush=True)
        server = rounds.start()
        rounds.lost += rounds.count_lost(server, rounds.acknowledged)
        status = server.stop()
    kept = len(rounds.acknowledged) * kill_rounds.SPANS_PER_TRACE
    wrong = rounds.lost + rounds.into_the_void + rounds.leaked
    print(f"directories taken away: {options.rounds} faults injected, {options.rounds + 1} recoveries, "
          f"{kept + rounds.gone_with_it} spans acknowledged, {rounds.lost} lost, {rounds.gone_with_it} removed by hand, "
          f"{rounds.into_the_void} acknowledged into the void, {rounds.leaked} traces seen by another tenant, "
          f"{1 if wrong or status != 0 else 0} failures (seed {options.seed})")
    return 1 if wrong or status != 0 else 0


if __name__ == "__main__":
    run_stage(main)
