#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: run_sanitized.sh asan|tsan [TEST_PROGRAM...]
# Builds and runs the unit tests, all or these programs, under a sanitizer: asan (address and undefined
# behaviour) or tsan.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
shift
mkdir -p build
cmake --preset "$preset" >"build/configure-$preset.log" 2>&1 || { cat "build/configure-$preset.log"; exit 1; }
if [ $# -eq 0 ]; then
  cmake --build --preset "$preset" -j "$(nproc)"
  ctest --test-dir "build/$preset" --output-on-failure
else
  cmake --build --preset "$preset" -j "$(nproc)" --target "$@"
  ctest --test-dir "build/$preset" --output-on-failure -R "^($(IFS='|'; echo "$*"))\$"
fi
