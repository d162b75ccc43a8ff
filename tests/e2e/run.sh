#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The page in Chromium: tests/e2e/run.sh [folder of the spandrel binary]. Without it, against the mock.
set -euo pipefail
bin=${1:-}
[ -z "$bin" ] || bin=$(realpath "$bin")
cd "$(dirname "$0")"
[ -d node_modules ] || npm ci --silent
if [ -n "$bin" ]; then
  export SPANDREL_BIN="$bin"
else
  [ -d ../../ui/node_modules ] || npm ci --silent --prefix ../../ui
  npm run build --silent --prefix ../../ui -- --logLevel warn
fi
exec node --test page.e2e.mjs sign_in.e2e.mjs
