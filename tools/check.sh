#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everything a tool can check without running the program. Runs all checks, then fails if any failed.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=()

check() {
  local name=$1
  shift
  if "$@"; then echo "check: $name ok"; else failed+=("$name"); echo "check: $name FAILED"; fi
}

cpp_files() { git ls-files --cached --others --exclude-standard '*.h' '*.cc'; }

check_format() { cpp_files | xargs clang-format-14 --dry-run --Werror; }

check_headers_alone() {
  local header failed=0
  while read -r header; do
    case "$header" in
      src/*) ;;
      *) continue ;;
    esac
    grep -q '#pragma once' "$header" || { echo "$header: no #pragma once"; failed=1; }
    head -1 "$header" | grep -q 'SPDX-License-Identifier: Apache-2.0' || { echo "$header: no SPDX line"; failed=1; }
  done < <(cpp_files | grep '\.h$')
  return $failed
}

configure_dev() { cmake --preset dev >build/configure-dev.log 2>&1 || { cat build/configure-dev.log; return 1; }; }

check_tidy() {
  configure_dev || return 1
  cpp_files | grep -E '^src/.*\.cc$' | grep -vE '_(test|bench|fuzz)\.cc$' |
    xargs -P "$(nproc)" -n 4 clang-tidy-14 --quiet -p build/dev 2>build/clang-tidy.log >build/clang-tidy.out
  local status=$?
  grep -E 'error:|warning:' build/clang-tidy.out | sort -u
  return $status
}

check_page() { (cd ui && { [ -d node_modules ] || npm ci --silent; } && npm run --silent check); }

mkdir -p build
check format check_format
check headers check_headers_alone
check layers tools/check_layers.py
check docs tools/check_docs.py
check page check_page
check tidy check_tidy

if [ ${#failed[@]} -gt 0 ]; then
  echo "check: failed: ${failed[*]}"
  exit 1
fi
