#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Starts Spandrel and the demo from the given folder of binaries, says where to look, and stops both
# on Ctrl-C. Data stays in ./spandrel-data. Extra arguments go to spandrel.
set -uo pipefail
# Own process groups, so that Ctrl-C reaches this script alone and it can stop them in order.
set -m
cd "$(dirname "$0")/.."
bin=$1
shift
work=$(mktemp -d)
server=
demo=

stop() {
  trap - EXIT
  # A second signal must not end this script before both programs have ended.
  trap '' INT TERM
  # The demo first, so that its last spans still find the server.
  for pid in $demo $server; do kill -TERM "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; done
  rm -rf "$work"
}
trap 'stop; exit 0' INT TERM
trap stop EXIT

wait_for() { # pid file what
  while [ ! -s "$2" ]; do
    kill -0 "$1" 2>/dev/null || { echo "$3 did not start; its message is above" >&2; exit 1; }
    sleep 0.1
  done
}
address() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$2"; }

"$bin/spandrel" --ready-file "$work/server.json" "$@" &
server=$!
wait_for "$server" "$work/server.json" spandrel

"$bin/spandrel-demo" --endpoint "$(address otlp_grpc "$work/server.json")" \
  --page "http://$(address http "$work/server.json")" --ready-file "$work/demo.json" &
demo=$!
wait_for "$demo" "$work/demo.json" spandrel-demo

cat <<TEXT

  Traces    http://$(address http "$work/server.json")
  Demo      http://$(address frontend "$work/demo.json")
  OTLP      gRPC $(address otlp_grpc "$work/server.json"), HTTP $(address otlp_http "$work/server.json")

  Ctrl-C stops everything.

TEXT
wait -n "$server" "$demo"
echo "one of the two programs has ended" >&2
exit 1
