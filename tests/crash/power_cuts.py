#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cuts the power of a real file system under load, and wants back what was acknowledged before.

usage: power_cuts.py BIN_DIR [--cuts N] [--seed N]

The store is on ext4, which is in a loop file on an XFS that can share blocks between files (reflink). Copying the
loop file freezes the disk as it is at that moment, without what the kernel still holds in memory: the power cut.
The copy is mounted, so that ext4 replays its journal, and the store in it is compared with what the ledger held
before the cut. Then the same with an engine that does not sync its log, which must be caught. Skipped, loudly,
where mounting is not permitted or mkfs.xfs is missing.
"""
import argparse
import contextlib
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time

from crash_server import run_stage

CUTS_PER_STORE = 10
XFS_BYTES = 3 << 30
DISK_BYTES = 512 << 20
ENDLESS = "requests=100000000"


def run(*command, check=True):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=check, timeout=120)


@contextlib.contextmanager
def mounted(image, target):
    target.mkdir(exist_ok=True)
    run("mount", "-o", "loop", image, target)
    try:
        yield target
    finally:
        run("umount", target)


def make_image(path, size, *mkfs):
    with open(path, "wb") as file:
        file.truncate(size)
    run(*mkfs, path)


def why_not(folder):
    """What keeps this machine from it; nothing when it can."""
    if os.geteuid() != 0:
        return "only root may mount"
    if not shutil.which("mkfs.xfs"):
        return "mkfs.xfs is missing (xfsprogs)"
    try:
        make_image(folder / "probe", 400 << 20, "mkfs.xfs", "-q", "-m", "reflink=1")
        with mounted(folder / "probe", folder / "probed"):
            return None
    except (OSError, subprocess.SubprocessError) as error:
        return str(getattr(error, "stderr", "") or error).strip()


class Cuts:
    """Cuts under one writer after the other."""

    def __init__(self, bin_dir, xfs, disk, rng):
        self.bin_dir, self.xfs, self.disk, self.rng = pathlib.Path(bin_dir), xfs, disk, rng
        self.cuts = 0
        self.acknowledged = 0
        self.lost = 0
        self.failures = []

    def run_writer(self, driver, mutant, cuts):
        store = self.disk / f"store-{self.cuts}"
        ledger = self.xfs / f"ledger-{self.cuts}"
        ledger.touch()
        writer = subprocess.Popen([self.bin_dir / driver, "run", store, ledger, ENDLESS], stderr=subprocess.DEVNULL,
                                  env={"SPANDREL_STORE_MUTANT": mutant})
        try:
            for _ in range(cuts):
                time.sleep(self.rng.uniform(0.01, 0.2))
                self.cut(store, ledger)
            if writer.poll() is not None:
                self.failures.append("the writer ended by itself")
        finally:
            writer.send_signal(signal.SIGKILL)
            writer.wait()
            shutil.rmtree(store, ignore_errors=True)

    def cut(self, store, ledger):
        self.cuts += 1
        # Read before the cut: all of it was acknowledged by then.
        before = ledger.read_bytes()
        image = self.xfs / "cut.img"
        run("cp", "--reflink=always", self.xfs / "disk.img", image)
        # Requests that were sent since may be in the image, too.
        sent_since = [record for record in records_of(ledger.read_bytes()[len(before):]) if record & 1 == 0]
        frozen = self.xfs / "ledger-at-cut"
        frozen.write_bytes(before + b"".join(record.to_bytes(8, "little") for record in sent_since))
        try:
            with mounted(image, self.xfs / "after-cut") as after:
                self.check(after / store.name, frozen)
        finally:
            image.unlink()

    def check(self, store, ledger):
        check = run(self.bin_dir / "store_driver", "check", store, ledger, check=False)
        found = dict(re.findall(r"(\w+)=(\d+)", check.stdout))
        self.acknowledged += int(found.get("acknowledged", 0))
        self.lost += int(found.get("lost", 0))
        if check.returncode != 0:
            self.failures.append(f"cut {self.cuts}: {check.stdout.strip()} {check.stderr.strip()[-300:]}")


def records_of(content):
    return [int.from_bytes(content[at:at + 8], "little") for at in range(0, len(content) // 8 * 8, 8)]


def cut_often(bin_dir, xfs, disk, rng, wanted, mutant=""):
    cuts = Cuts(bin_dir, xfs, disk, rng)
    driver = "store_driver_mutants" if mutant else "store_driver"
    while cuts.cuts < wanted and not cuts.failures:
        cuts.run_writer(driver, mutant, min(CUTS_PER_STORE, wanted - cuts.cuts))
        if not mutant:
            print(f"  {cuts.cuts} cuts, {cuts.acknowledged} spans acknowledged, {cuts.lost} lost", flush=True)
    return cuts


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("bin_dir")
    arguments.add_argument("--cuts", type=int, default=200)
    arguments.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = arguments.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="spandrel-cuts-") as name:
        folder = pathlib.Path(name)
        reason = why_not(folder)
        if reason:
            print(f"SKIPPED: power cuts of a real file system: {reason}")
            return 0
        make_image(folder / "xfs.img", XFS_BYTES, "mkfs.xfs", "-q", "-m", "reflink=1")
        with mounted(folder / "xfs.img", folder / "xfs") as xfs:
            make_image(xfs / "disk.img", DISK_BYTES, "mkfs.ext4", "-q", "-F")
            with mounted(xfs / "disk.img", folder / "disk") as disk:
                cuts = cut_often(options.bin_dir, xfs, disk, rng, options.cuts)
                unsynced = cut_often(options.bin_dir, xfs, disk, rng, 50, "skip_log_sync")
    for failure in cuts.failures:
        print("FAILED: " + failure)
    if not unsynced.failures:
        print("FAILED: an engine that does not sync its log was not caught")
    print(f"power cuts of ext4: {cuts.cuts} faults injected, {2 * cuts.cuts} recoveries, {cuts.acknowledged} spans "
          f"acknowledged, {cuts.lost} lost, {len(cuts.failures)} failures, seeded bugs caught {int(bool(unsynced.failures))}/1 "
          f"(seed {options.seed})")
    return 1 if cuts.failures or not unsynced.failures else 0


if __name__ == "__main__":
    run_stage(main)
