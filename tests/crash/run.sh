#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: tests/crash/run.sh BUILD_DIR short|long
# Makes every kind of failure happen to the store and compares what was acknowledged with what is there.
# Runs all programs, then fails if any failed.
set -u
here=$(dirname "$0")
build=${1:?build directory}
form=${2:-short}
status=0
if [ "$form" = long ]; then
  rounds=100
  faults=
else
  rounds=6
  faults=--short
fi
python3 "$here/store_faults.py" "$build" $faults || status=1
python3 "$here/kill_rounds.py" "$build/bin" --rounds $rounds || status=1
python3 "$here/disk_faults.py" "$build/bin" || status=1
exit $status
