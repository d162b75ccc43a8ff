#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds everything (preset dev) and runs every test: unit tests, the page's tests, the page in a
# browser against the real binary, attacks, other people's senders, and crashes. Runs all groups, then
# prints the time of each and fails if any failed.
set -uo pipefail
cd "$(dirname "$0")/.."
source tools/steps.sh
jobs=$(nproc)
bin=build/dev/bin

build() {
  # Without them the tests that need them are skipped.
  tools/fetch_cpp_httplib.sh || true
  cmake --preset dev >build/configure-dev.log 2>&1 || { cat build/configure-dev.log; return 1; }
  cmake --build --preset dev -j "$jobs" >build/build-dev.log 2>&1 || { grep -E 'error|FAILED' build/build-dev.log | head -50; return 1; }
}

unit_tests() { ctest --test-dir build/dev --output-on-failure -j "$jobs"; }
page_tests() { (cd ui && { [ -d node_modules ] || npm ci --silent; } && npm test --silent); }
browser_tests() { tests/e2e/run.sh "$bin"; }
interop_tests() { tests/interop/run.sh "$bin"; }
package_tests() { tests/package/run.sh build/dev; }
crash_tests() { tests/crash/run.py build/dev short; }
tools_tests() { python3 -m unittest discover -s tests/tools -p '*_test.py'; }
server_tests() { python3 -m unittest discover -s tests/server -p '*_test.py'; }
attack_tests() { tests/attack/run.py short; }
w3c_tests() { python3 -m unittest discover -s tests/w3c -p '*_test.py'; }

mkdir -p build
step "tools" tools_tests
if step "build" build; then
  export SPANDREL_BIN="$PWD/$bin"
  step "unit tests" unit_tests
  step "page unit tests" page_tests
  step "server" server_tests
  step "attacks" attack_tests
  step "w3c" w3c_tests
  step "page in the browser" browser_tests
  step "other people's senders" interop_tests
  step "packages" package_tests
  step "crashes and failing disks" crash_tests
fi
finish_steps
