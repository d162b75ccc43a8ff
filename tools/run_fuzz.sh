#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: run_fuzz.sh [TARGET...]
# Builds fuzz targets (all of them by default) and runs each for FUZZ_SECONDS (default 30), starting from
# the committed seeds in fuzz/<target>, with the dictionary that fuzz/targets.txt names. New inputs stay in
# build/corpus. Runs all, says how far each came and from how many seeds, then fails if any found something or
# covered fewer edges than fuzz/targets.txt asks for.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
cmake --preset fuzz >build/configure-fuzz.log 2>&1 || { cat build/configure-fuzz.log; exit 1; }
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  mapfile -t targets < <(find src -name '*_fuzz.cc' -printf '%f\n' | sed 's/\.cc$//' | sort)
fi
declare -A floors dictionaries
while read -r name floor dictionary; do
  [[ $name == \#* ]] || { floors[$name]=$floor dictionaries[$name]=fuzz/dictionaries/$dictionary.dict; }
done <fuzz/targets.txt
for name in "${!floors[@]}" $(find fuzz -mindepth 1 -maxdepth 1 -type d ! -name dictionaries -printf '%f '); do
  [ -n "$(find src -name "$name.cc")" ] || { echo "$name: no fuzz target has this name"; exit 1; }
done
for name in "${targets[@]}"; do
  [ -n "${floors[$name]:-}" ] || { echo "$name: not in fuzz/targets.txt"; exit 1; }
  [ -n "$(ls "fuzz/$name" 2>/dev/null)" ] || { echo "$name: no seeds in fuzz/$name"; exit 1; }
done
cmake --build --preset fuzz -j "$(nproc)" --target "${targets[@]}"

failed=()
table=()
for name in "${targets[@]}"; do
  corpus=("build/corpus/$name")
  mkdir -p "${corpus[0]}"
  corpus+=("fuzz/$name")
  seeds=$(find "fuzz/$name" -type f | wc -l)
  log=build/corpus/$name.log
  echo "=== $name"
  # Entropic scheduling costs more than the run where one input reaches thousands of places.
  if "build/fuzz/bin/$name" -max_total_time="${FUZZ_SECONDS:-30}" -entropic=0 -len_control=0 -rss_limit_mb=2048 -timeout=20 \
    -dict="${dictionaries[$name]}" -artifact_prefix="build/corpus/$name-" "${corpus[@]}" >"$log" 2>&1; then
    verdict=ok
    reached=$(grep -aoE 'cov: [0-9]+' "$log" | tail -1 | tr -dc 0-9)
    if [ "${reached:-0}" -lt "${floors[$name]}" ]; then
      verdict=BELOW
      failed+=("$name: ${reached:-0} edges, not the ${floors[$name]} of fuzz/targets.txt")
    fi
  else
    verdict=FAILED
    failed+=("$name")
    tail -40 "$log"
  fi
  table+=("$(printf '%-32s %-6s %3d seeds  %s' "$name" "$verdict" "$seeds" "$(grep -aoE '#[0-9]+.*cov: [0-9]+ ft: [0-9]+' "$log" | tail -1 | tr '\t' ' ')")")
done
printf '%s\n' "${table[@]}"
[ ${#failed[@]} -eq 0 ] || { printf 'failed: %s\n' "${failed[@]}"; exit 1; }
