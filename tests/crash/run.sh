#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: tests/crash/run.sh BIN_DIR ROUNDS
# Kills the server under load ROUNDS times and compares what it acknowledged with what it still has.
set -eu
here=$(dirname "$0")
python3 "$here/kill_rounds.py" "${1:?bin directory}" --rounds "${2:-10}"
python3 "$here/disk_faults.py" "$1"
