#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds every fuzz target and runs each for FUZZ_SECONDS (default 30), starting from the committed
# corpus in fuzz/<target> where there is one. New inputs stay in build/corpus.
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --preset fuzz >build/configure-fuzz.log 2>&1 || { cat build/configure-fuzz.log; exit 1; }
cmake --build --preset fuzz -j "$(nproc)"
for target in build/fuzz/bin/*_fuzz; do
  name=$(basename "$target")
  mkdir -p "build/corpus/$name" "fuzz/$name"
  echo "=== $name"
  "$target" -max_total_time="${FUZZ_SECONDS:-30}" -rss_limit_mb=1024 -timeout=10 -print_final_stats=1 \
    -artifact_prefix="build/corpus/$name-" "build/corpus/$name" "fuzz/$name"
done
