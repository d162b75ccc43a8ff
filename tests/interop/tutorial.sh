#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# examples/collector.yaml as it stands: OTLP on 4317, batches, a Jaeger collector at jaeger:14250. Runs in a
# network and a mount namespace of its own, where those ports are free and `jaeger` is this machine.
#
#   tests/interop/tutorial.sh SPANDREL JAEGER_COLLECTOR
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
spandrel=$1
collector=$2
spans=2000

if [[ ${IN_NAMESPACE:-} != yes ]]; then
  if ! unshare --net --mount true 2>/dev/null; then
    echo "SKIP SKIP SKIP: no right to make a namespace; examples/collector.yaml is NOT tested as it stands" >&2
    exit 0
  fi
  IN_NAMESPACE=yes exec unshare --net --mount "$0" "$@"
fi

data=$(mktemp -d)
jaeger_pid=
spandrel_pid=
cleanup() {
  for pid in $spandrel_pid $jaeger_pid; do kill "$pid" 2>/dev/null || true; done
  wait
  rm -rf "$data"
}
trap cleanup EXIT

fail() {
  echo "FAIL tutorial: $1" >&2
  cat "$data"/*.log >&2
  exit 1
}

# until CONDITION...: up to 30 s.
until_true() {
  for _ in $(seq 300); do
    if "$@"; then return; fi
    sleep 0.1
  done
  fail "waited in vain: $*"
}
all_arrived() { [[ $(wc -l <"$data/spans") -ge $spans ]]; }

ip link set lo up
{ cat /etc/hosts; echo "127.0.0.1 jaeger"; } >"$data/hosts"
mount --bind "$data/hosts" /etc/hosts

"$collector" "$data/address" "$data/spans" 127.0.0.1:14250 >"$data/jaeger.log" 2>&1 &
jaeger_pid=$!
"$spandrel" --config "$here/../../examples/collector.yaml" --ready-file "$data/ready" >"$data/spandrel.log" 2>&1 &
spandrel_pid=$!
until_true test -s "$data/address"
until_true test -s "$data/ready"
"$spandrel" load --endpoint localhost:4317 --spans $spans >"$data/load.log" 2>&1 || fail "the load was refused"
until_true all_arrived
kill -TERM "$spandrel_pid"
wait "$spandrel_pid" || fail "it did not end with status 0"
spandrel_pid=
echo "ok tutorial: $(wc -l <"$data/spans") spans through examples/collector.yaml to Jaeger's code"
