#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: run_fuzz.sh [TARGET...]
# Builds fuzz targets (all of them by default) and runs each for FUZZ_SECONDS (default 30), starting from
# the committed seeds in fuzz/<target> where there are any. New inputs stay in build/corpus. Runs all, says
# how far each came and from how many seeds, then fails if any found something.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
cmake --preset fuzz >build/configure-fuzz.log 2>&1 || { cat build/configure-fuzz.log; exit 1; }
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  mapfile -t targets < <(find src -name '*_fuzz.cc' -printf '%f\n' | sed 's/\.cc$//' | sort)
fi
for folder in fuzz/*/; do
  [ -n "$(find src -name "$(basename "$folder").cc")" ] || { echo "$folder: no fuzz target has this name"; exit 1; }
done
cmake --build --preset fuzz -j "$(nproc)" --target "${targets[@]}"

failed=()
table=()
for name in "${targets[@]}"; do
  corpus=("build/corpus/$name")
  mkdir -p "${corpus[0]}"
  seeds=0
  if [ -d "fuzz/$name" ]; then
    corpus+=("fuzz/$name")
    seeds=$(find "fuzz/$name" -type f | wc -l)
  fi
  log=build/corpus/$name.log
  echo "=== $name"
  # Entropic scheduling costs more than the run where one input reaches thousands of places.
  if "build/fuzz/bin/$name" -max_total_time="${FUZZ_SECONDS:-30}" -entropic=0 -len_control=0 -rss_limit_mb=2048 -timeout=20 \
    -artifact_prefix="build/corpus/$name-" "${corpus[@]}" >"$log" 2>&1; then
    verdict=ok
  else
    verdict=FAILED
    failed+=("$name")
    tail -40 "$log"
  fi
  table+=("$(printf '%-32s %-6s %3d seeds  %s' "$name" "$verdict" "$seeds" "$(grep -aoE '#[0-9]+.*cov: [0-9]+ ft: [0-9]+' "$log" | tail -1 | tr '\t' ' ')")")
done
printf '%s\n' "${table[@]}"
[ ${#failed[@]} -eq 0 ] || { printf 'failed: %s\n' "${failed[@]}"; exit 1; }
