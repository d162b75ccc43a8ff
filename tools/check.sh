#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everything a tool can check without running the program. Runs all checks, then prints the time of each and
# fails if any failed. clang-tidy looks at what changed (tools/files_to_lint.py says since when); TIDY=all makes
# it look at everything.
set -uo pipefail
cd "$(dirname "$0")/.."
source tools/steps.sh

cpp_files() { git ls-files --cached --others --exclude-standard '*.h' '*.cc'; }

check_format() { cpp_files | xargs clang-format-14 --dry-run --Werror; }

# Each file names its licence at the top, and each header is included once.
check_marks() {
  local file failed=0
  while read -r file; do
    head -1 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || { echo "$file: no SPDX line"; failed=1; }
    [[ $file != *.h ]] || grep -q '#pragma once' "$file" || { echo "$file: no #pragma once"; failed=1; }
  done < <(cpp_files)
  return $failed
}

configure_dev() { cmake --preset dev >build/configure-dev.log 2>&1 || { cat build/configure-dev.log; return 1; }; }

check_headers() { configure_dev && tools/check_headers.py; }

check_thread_safety() { configure_dev && tools/check_thread_safety.py; }

check_tidy() {
  configure_dev || return 1
  local files
  mapfile -t files < <(tools/files_to_lint.py)
  [ ${#files[@]} -gt 0 ] || return 0
  printf '%s\n' "${files[@]}" |
    xargs -P "$(nproc)" -n 4 clang-tidy-14 --quiet -p build/dev 2>build/clang-tidy.log >build/clang-tidy.out
  local status=$?
  grep -E 'error:|warning:' build/clang-tidy.out | sort -u
  return $status
}

check_page() { (cd ui && { [ -d node_modules ] || npm ci --silent; } && npm run --silent check); }

mkdir -p build
step format check_format
step marks check_marks
step layers tools/check_layers.py
step docs tools/check_docs.py
step markdown tools/check_markdown.py
step page check_page
step headers check_headers
step "thread safety" check_thread_safety
step tidy check_tidy
finish_steps
