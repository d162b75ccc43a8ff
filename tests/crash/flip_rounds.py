#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Flips bits in every file of a store and compares its answers (flip_rounds.cc).

usage: flip_rounds.py BIN_DIR [ARGUMENT ...]

The arguments are those of the program: --spans N, --flips N, --singles N, --seed N.
"""
import pathlib
import subprocess
import sys

from crash_server import run_stage, scratch_folder


def main():
    with scratch_folder("spandrel-flips-") as folder:
        command = [pathlib.Path(sys.argv[1]) / "flip_rounds", pathlib.Path(folder) / "stores", *sys.argv[2:]]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    run_stage(main)
