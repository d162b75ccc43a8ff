#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills the server with SIGKILL at full load, until a number of spans was acknowledged.

usage: volume_rounds.py BIN_DIR [--spans N] [--seconds S] [--seed N]

Rounds on one data directory: the server takes requests of 1,000 spans from two connections (crash_sender.cc, which
keeps the ledger) for a random time of up to S seconds, is killed, and its directory is compared with the ledger
of the round; in the end with all of them. Exit status 1 when anything is lost, wrong, or there that nobody sent.
"""
import argparse
import pathlib
import random
import re
import subprocess
import time

from crash_server import Server, run_stage, scratch_folder

SHAPE = ["traces=20", "spans=50"]
NUMBERS_PER_ROUND = 1_000_000
MOST_ROUNDS = 500  # of a server that takes next to nothing


class Rounds:
    def __init__(self, bin_dir, folder, rng):
        self.bin_dir, self.folder, self.rng = pathlib.Path(bin_dir), pathlib.Path(folder), rng
        self.ledgers = []
        self.acknowledged = 0
        self.lost = 0
        self.failures = []

    def run_one(self, seconds):
        ledger = self.folder / f"ledger-{len(self.ledgers)}"
        server = Server(self.bin_dir, self.folder)
        port = server.addresses["otlp_http"].rsplit(":", 1)[1]
        first = 1 + len(self.ledgers) * NUMBERS_PER_ROUND
        sender = subprocess.Popen([self.bin_dir / "crash_sender", port, ledger, str(first), "2"])
        time.sleep(self.rng.uniform(0.1, seconds))
        server.kill()
        if sender.wait(timeout=60) != 0:
            self.failures.append("the server gave an answer that it must not give")
        self.ledgers.append(ledger)
        self.acknowledged += self.check(ledger, others=True)

    def check(self, ledger, others):
        """The spans that were acknowledged, after the directory was compared."""
        check = subprocess.run([self.bin_dir / "store_driver", "check", self.folder / "data", ledger, "large=1",
                                f"others={int(others)}", *SHAPE], capture_output=True, text=True, check=False)
        found = dict(re.findall(r"(\w+)=(\d+)", check.stdout))
        if check.returncode != 0:
            self.failures.append(f"{check.stdout.strip()} {check.stderr.strip()[-500:]}")
        self.lost += int(found.get("lost", 0))
        return int(found.get("acknowledged", 0))

    def check_all(self):
        everything = self.folder / "ledger-all"
        everything.write_bytes(b"".join(ledger.read_bytes() for ledger in self.ledgers))
        return self.check(everything, others=False)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("bin_dir")
    arguments.add_argument("--spans", type=int, default=10_000_000)
    arguments.add_argument("--seconds", type=float, default=6)
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = arguments.parse_args()
    with scratch_folder("spandrel-crash-") as folder:
        rounds = Rounds(options.bin_dir, folder, random.Random(options.seed))
        while rounds.acknowledged < options.spans and not rounds.failures and len(rounds.ledgers) < MOST_ROUNDS:
            rounds.run_one(options.seconds)
            print(f"  kill {len(rounds.ledgers)}: {rounds.acknowledged} spans acknowledged, "
                  f"{len(rounds.failures)} failures", flush=True)
        in_the_end = rounds.check_all()
    if rounds.acknowledged < options.spans and not rounds.failures:
        rounds.failures.append(f"only {rounds.acknowledged} spans were taken in {MOST_ROUNDS} rounds")
    if in_the_end != rounds.acknowledged:
        rounds.failures.append(f"{in_the_end} spans compared in the end, not {rounds.acknowledged}")
    for failure in rounds.failures:
        print("FAILED: " + failure)
    print(f"kill -9 at full load: {len(rounds.ledgers)} faults injected, {len(rounds.ledgers) + 1} recoveries, "
          f"{in_the_end} spans acknowledged, {rounds.lost} lost, {len(rounds.failures)} failures (seed {options.seed})")
    return 1 if rounds.failures else 0


if __name__ == "__main__":
    run_stage(main)
