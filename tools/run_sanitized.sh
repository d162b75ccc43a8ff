#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: run_sanitized.sh asan|tsan [TEST_PROGRAM...]
# Builds and runs the unit tests, all or these programs, under a sanitizer: asan (address and undefined
# behaviour) or tsan. tools/sanitizers says what foreign libraries are forgiven.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
shift
mkdir -p build
cmake --preset "$preset" >"build/configure-$preset.log" 2>&1 || { cat "build/configure-$preset.log"; exit 1; }

# CMake forgets what it was told when it changes its mind about a compiler; tests without the sanitizer pass easily.
grep -q '^SPANDREL_SANITIZER:[A-Z]*=[a-z]' "build/$preset/CMakeCache.txt" ||
  { echo "run_sanitized: build/$preset is configured without a sanitizer; remove it" >&2; exit 1; }

export LSAN_OPTIONS="suppressions=$PWD/tools/sanitizers/lsan.supp:print_suppressions=0"
export UBSAN_OPTIONS="print_stacktrace=1"
# Tests fork and start threads in the child, which the sanitizer takes for a mistake unless told.
export TSAN_OPTIONS="suppressions=$PWD/tools/sanitizers/tsan.supp:print_suppressions=0:die_after_fork=0:second_deadlock_stack=1"

build() { cmake --build --preset "$preset" -j "$(nproc)" "$@" >"build/build-$preset.log" 2>&1 ||
  { grep -E 'error|FAILED' "build/build-$preset.log" | head -50; exit 1; }; }
if [ $# -eq 0 ]; then
  build
  ctest --test-dir "build/$preset" --output-on-failure
else
  build --target "$@"
  ctest --test-dir "build/$preset" --output-on-failure -R "^($(IFS='|'; echo "$*"))\$"
fi
