#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lets system calls of the engine fail at every place, and wants back all it acknowledged.

usage: store_faults.py BUILD_DIR [--short] [--only LOOP] [--seed N]

The driver (store_driver.cc) runs under the fault shim (fault_shim.cc), which counts the calls that change the
store: at the n-th one the process is killed, the power is cut, or the call fails; n = 1, 2, ... until a run ends
without having met the fault. After each run the store is opened, compared with the ledger, written, and compared
once more. --short tries only some n. Then the same is done to engines with a bug each (src/disk/mutant.h),
and every bug must be found. Exit status 1 when anything is lost or a bug is not found.
"""
import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile
import threading
import time

from crash_server import run_stage

WORKERS = 2
BATCH = 8
RUN_TIMEOUT_S = 600  # of a run that hangs; a busy machine takes seconds
DAMAGE_PIECES = 16
PROGRESS_FAULTS = 500
CANNOT_OPEN = 3  # of the driver, while calls fail
HANGS = 124
CALLS = ["write", "sync", "open", "rename", "unlink", "truncate", "allocate"]


@dataclasses.dataclass(frozen=True)
class Loop:
    """One kind of fault, to be tried at every call of one kind."""
    call: str
    action: str
    sticky: bool = False

    @property
    def name(self):
        call = "call" if self.call == "any" else self.call
        return f"{self.action} at every {call}{' from the n-th on' if self.sticky else ''}"


LOOPS = [Loop("any", "kill"), Loop("write", "torn"), Loop("any", "cut"), Loop("any", "mixed"),
         Loop("write", "short"), Loop("write", "short", True), Loop("write", "EINTR"), Loop("open", "EMFILE"),
         Loop("open", "EMFILE", True), Loop("read", "EIO"), Loop("read", "EINTR")]
LOOPS += [Loop(call, error, sticky) for error in ("EIO", "ENOSPC") for call in CALLS for sticky in (False, True)]

# Requests are of so many tenants in turns, which share a log.
TENANTS = 3

# Each bug, and the loop or the damage that shows it.
MUTANTS = [("skip_log_sync", Loop("any", "cut")), ("skip_folder_sync", Loop("any", "cut")),
           ("skip_part_sync", Loop("any", "cut")), ("skip_manifest_sync", Loop("any", "cut")),
           ("early_log_release", Loop("any", "kill")), ("early_input_removal", Loop("any", "kill")),
           ("ack_before_write", Loop("any", "kill")), ("retry_failed_sync", Loop("sync", "EIO")),
           ("ignore_failed_sync", Loop("sync", "EIO")), ("no_log_checksum", None), ("no_part_checksum", None)]


class Totals:
    """Sums over all runs; thread-safe."""

    def __init__(self):
        self._lock = threading.Lock()
        self.numbers = dict.fromkeys(["faults", "acknowledged", "lost", "wrong", "repeated", "phantom", "half",
                                      "failed_reads", "recoveries"], 0)
        self.failures = []

    def add(self, **numbers):
        with self._lock:
            for name, number in numbers.items():
                self.numbers[name] = self.numbers.get(name, 0) + number

    def fail(self, message):
        with self._lock:
            self.failures.append(message)


class Harness:
    """Runs the driver under the shim, each run in a folder of its own."""

    def __init__(self, build_dir, folder, driver, mutant=""):
        self.folder = folder
        self.driver = str(pathlib.Path(build_dir) / "bin" / driver)
        self.shim = str(pathlib.Path(build_dir) / "tests/crash/libspandrel_faults.so")
        self.mutant = mutant
        self.totals = Totals()
        # Every run begins with what a killed process left, so that faults hit recovery, too.
        self.begin = pathlib.Path(tempfile.mkdtemp(dir=folder))
        self.call("run", self.begin / "store", self.begin / "ledger", "requests=20")

    def call(self, *arguments, **faults):
        environment = {"PATH": os.environ["PATH"], "SPANDREL_STORE_MUTANT": self.mutant}
        if faults:
            environment["LD_PRELOAD"] = self.shim
            environment.update({f"SPANDREL_FAULT_{name.upper()}": str(value) for name, value in faults.items()})
        command = [self.driver, *map(str, arguments), f"tenants={TENANTS}"]
        try:
            return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=RUN_TIMEOUT_S,
                                  check=False)
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, HANGS, "", f"did not end within {RUN_TIMEOUT_S} s")

    def try_at(self, loop, at, seed):
        """One run with the fault at the `at`-th call. False when the run ended before it."""
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            folder = pathlib.Path(name)
            shutil.copytree(self.begin, folder, dirs_exist_ok=True)
            place = {"root": folder / "store", "image": folder / "image", "report": folder / "report"}
            run = self.call("run", folder / "store", folder / "ledger", call=loop.call, at=at, action=loop.action,
                            sticky=int(loop.sticky), seed=seed, **place)
            report = (folder / "report").read_text() if (folder / "report").exists() else ""
            if not report:
                return False
            self.totals.add(faults=1)
            what = f"{loop.name}, n = {at}: {report.splitlines()[0]}"
            if "RETRIED" in report:
                self.totals.fail(f"{what}: synced again after a failed sync")
            stops = loop.action in ("kill", "torn", "cut", "mixed")
            if run.returncode != -9 if stops else run.returncode not in (0, CANNOT_OPEN):
                self.totals.fail(f"{what}: the driver ended with {run.returncode}: {run.stderr[-500:]}")
            self.check_after(loop, folder, what, seed)
            return True

    def check_after(self, loop, folder, what, seed):
        if loop.action in ("kill", "torn"):
            self.recover_and_die(folder, seed)
        cuts_power = loop.action in ("cut", "mixed")
        if not cuts_power:
            self.check(folder / "store", folder / "ledger", what)
        # What failed to be synced must not have been counted on.
        if cuts_power or (loop.call == "sync" and (folder / "image").exists()):
            self.check(folder / "image", folder / "ledger", what + " (after the power cut)",
                       pristine=loop.action == "cut")

    def recover_and_die(self, folder, seed):
        """Recoveries that are killed themselves; they must not change what the next one finds."""
        rng = random.Random(seed)
        for _ in range(rng.randrange(3)):
            self.call("reopen", folder / "store", folder / "ledger", root=folder / "store", call="any",
                      at=rng.randrange(1, 60), action="kill", report=folder / "report")
            self.totals.add(recoveries=1)

    def check(self, store, ledger, what, pristine=False):
        check = self.call("check", store, ledger, f"pristine={int(pristine)}")
        numbers = {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", check.stdout)}
        self.totals.add(recoveries=2, **numbers)
        if check.returncode != 0:
            self.totals.fail(f"{what}: {check.stdout.strip() or check.stderr.strip()[-500:]} "
                             f"(status {check.returncode})")

    def run_loop(self, loop, pool, short, rng, stop_at_failure=False):
        """n = 1, 2, ... until the fault is not met any more; every n-th only when `short`."""
        stride = 1
        if short:
            stride = 29 if loop.call == "any" else 13
        first = rng.randrange(1, stride + 1)
        tried = 0
        while True:
            places = [first + i * stride for i in range(BATCH)]
            tries = [pool.submit(self.try_at, loop, at, rng.randrange(1 << 32)) for at in places]
            if not all([one.result() for one in tries]):
                return
            if stop_at_failure and self.totals.failures:
                return
            first = places[-1] + stride
            tried += BATCH
            if tried % PROGRESS_FAULTS < BATCH:
                print(f"    {loop.name}: {tried} so far", flush=True)

    def damage(self, short, rng, pool):
        """Damages every file of a store."""
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            folder = pathlib.Path(name)
            self.call("run", folder / "store", folder / "ledger")
            pieces = WORKERS if short else DAMAGE_PIECES
            every = 20 if short else 1
            runs = []
            for piece in range(pieces):
                store = folder / f"store-{piece}"
                shutil.copytree(folder / "store", store)
                first = piece + (rng.randrange(every) * pieces if short else 0)
                runs.append(pool.submit(self.call, "damage", store, folder / "ledger", f"every={every * pieces}",
                                        f"first={first}"))
            for number, run in enumerate(runs, 1):
                self.read_damage(run.result())
                if not short and number < pieces:
                    print(f"    damaged files: {number}/{pieces}", flush=True)

    def read_damage(self, run):
        numbers = dict(re.findall(r"(damages|recoveries)=(\d+)", run.stdout))
        self.totals.add(faults=int(numbers.get("damages", 0)), recoveries=int(numbers.get("recoveries", 0)))
        for line in run.stdout.splitlines():
            if line.startswith("FAILED"):
                self.totals.fail(line.removeprefix("FAILED: "))
        if run.returncode not in (0, 1) or "damages" not in numbers:
            self.totals.fail(f"damage: the driver ended with {run.returncode}: {run.stdout[-300:]}{run.stderr[-300:]}")


def find_mutant(build_dir, folder, pool, mutant, loop, rng):
    """What shows the bug: at some places first, then at all."""
    harness = Harness(build_dir, folder, "store_driver_mutants", mutant)
    for short in (True, False):
        if loop is None:
            harness.damage(short, rng, pool)
        else:
            harness.run_loop(loop, pool, short, rng, stop_at_failure=True)
        if harness.totals.failures:
            break
    return harness.totals.failures


def print_loop(name, before, after, failures):
    done = {key: after[key] - before[key] for key in ("faults", "recoveries", "acknowledged", "lost")}
    print(f"  {name}: {done['faults']} faults, {done['recoveries']} recoveries, {done['acknowledged']} spans "
          f"acknowledged, {done['lost']} lost{', FAILED' if failures else ''}", flush=True)


def run_all(options, folder, pool, rng):
    harness = Harness(options.build_dir, folder, "store_driver")
    totals = harness.totals
    steps = [(loop.name, lambda loop=loop: harness.run_loop(loop, pool, options.short, rng)) for loop in LOOPS]
    steps.append(("damaged files", lambda: harness.damage(options.short, rng, pool)))
    for name, step in steps:
        if options.only and options.only not in name:
            continue
        before, failed = dict(totals.numbers), len(totals.failures)
        step()
        print_loop(name, before, totals.numbers, len(totals.failures) > failed)
    return totals


def count_caught(options, folder, pool, rng):
    """How many of the seeded bugs were found."""
    caught = 0
    for mutant, loop in MUTANTS:
        found = find_mutant(options.build_dir, folder, pool, mutant, loop, rng)
        print(f"  seeded bug {mutant}: {'caught: ' + found[0].splitlines()[0][:100] if found else 'NOT CAUGHT'}",
              flush=True)
        caught += bool(found)
    return caught


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("build_dir")
    arguments.add_argument("--short", action="store_true")
    arguments.add_argument("--only", default="")
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = arguments.parse_args()
    rng = random.Random(options.seed)
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="spandrel-faults-", dir=memory) as folder, \
            concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        wanted = len(MUTANTS) if options.only in ("", "mutants") else 0
        try:
            totals = run_all(options, folder, pool, rng)
            caught = count_caught(options, folder, pool, rng) if wanted else 0
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
    for failure in totals.failures[:20]:
        print("FAILED: " + failure)
    sums = totals.numbers
    print(f"store faults: {sums['faults']} faults injected, {sums['recoveries']} recoveries, {sums['acknowledged']} "
          f"spans acknowledged, {sums['lost']} lost, {sums['wrong']} wrong, {sums['repeated']} repeated, "
          f"{sums['phantom']} never sent, {sums['half']} requests half there, seeded bugs caught "
          f"{caught}/{wanted}, {len(totals.failures)} failures (seed {options.seed})")
    nothing_done = sums["faults"] + caught == 0
    return 1 if totals.failures or caught < wanted or nothing_done else 0


if __name__ == "__main__":
    run_stage(main)
