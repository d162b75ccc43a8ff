#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: run_deep.sh [fuzz|asan|tsan|speed]...     (default: all four)
# What takes too long for CI: every fuzz target for FUZZ_SECONDS (default 10), the unit tests under the address and
# undefined-behaviour sanitizers and under the thread sanitizer, and the speed gate. DEEP_FUZZ and DEEP_TESTS name
# fuzz targets and test programs to do only those; BASE names the revision that the speed gate compares with. Runs
# all parts, prints how each ended and one line to quote, and fails if a part failed. Logs: build/deep.
set -uo pipefail
cd "$(dirname "$0")/.."
source tools/steps.sh
read -ra fuzzers <<<"${DEEP_FUZZ:-}"
read -ra tests <<<"${DEEP_TESTS:-}"
parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(fuzz asan tsan speed)

fuzz() { FUZZ_SECONDS=${FUZZ_SECONDS:-10} tools/run_fuzz.sh "${fuzzers[@]}"; }
asan() { tools/run_sanitized.sh asan "${tests[@]}"; }
tsan() { tools/run_sanitized.sh tsan "${tests[@]}"; }
speed() { tools/speed_gate.py; }

# What to quote of a part's log: how much was looked at.
extent() { # part log
  case "$1" in
    fuzz) echo "$(grep -c '^=== ' "$2") targets" ;;
    asan | tsan) sed -n 's/^\([0-9]*% tests passed\), .* out of \([0-9]*\)$/\2 programs, \1/p' "$2" | tail -1 ;;
    speed) sed -n 's/^speed_gate: \([0-9]* compared.*\)/\1/p' "$2" | tail -1 ;;
  esac
}

logged() { "$1" 2>&1 | tee "build/deep/$1.log"; }

mkdir -p build/deep
quoted=()
for part in "${parts[@]}"; do
  case "$part" in
    fuzz | asan | tsan | speed) ;;
    *) echo "run_deep: unknown part '$part' (fuzz, asan, tsan, speed)" >&2; exit 2 ;;
  esac
  if step "$part" logged "$part"; then outcome=passed; else outcome=FAILED; fi
  quoted+=("$part $outcome ($(extent "$part" "build/deep/$part.log"))")
done
finish_steps
status=$?
revision=$(git rev-parse --short HEAD)$([ -z "$(git status --porcelain)" ] || echo "+changes")
echo "deep $revision: $(IFS=';'; echo "${quoted[*]}" | sed 's/;/; /g')"
exit $status
