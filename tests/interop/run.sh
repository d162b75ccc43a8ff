#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Other people's senders against a real Spandrel, their spans compared with what its APIs return.
#
#   tests/interop/run.sh BIN_DIR [WORK_DIR]     BIN_DIR holds `spandrel`
#
# Needs Node and npm, CMake and Debian's opentelemetry-cpp; Go where it is installed.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
spandrel=$(realpath "${1:?usage: run.sh BIN_DIR [WORK_DIR]}")/spandrel
work=$(realpath -m "${2:-$here/../../build/interop}")
mkdir -p "$work"
data=$(mktemp -d)
server_pid=

cleanup() {
  if [[ -n $server_pid ]] && kill -0 "$server_pid" 2>/dev/null; then
    kill "$server_pid"
    wait "$server_pid" || true
  fi
  rm -rf "$data"
}
trap cleanup EXIT

start_server() {
  "$spandrel" --data-dir "$data/store" --otlp-grpc 127.0.0.1:0 --otlp-http 127.0.0.1:0 \
    --http 127.0.0.1:0 --ready-file "$data/ready.json" >"$data/server.log" 2>&1 &
  server_pid=$!
  for _ in $(seq 300); do
    [[ -s $data/ready.json ]] && return
    if ! kill -0 "$server_pid" 2>/dev/null; then break; fi
    sleep 0.1
  done
  echo "spandrel did not become ready:" >&2
  cat "$data/server.log" >&2
  return 1
}

# The address of one of the server's listeners.
address() { node -p "JSON.parse(require('fs').readFileSync('$data/ready.json'))['$1']"; }

# send LABEL COMMAND...: keeps what the sender says it sent, or says what went wrong.
expectations=()
send() {
  local file="$data/$1.json"
  shift
  if ! "$@" >"$file"; then
    echo "FAIL $*" >&2
    tail -n 20 "$data/server.log" >&2
    return 1
  fi
  expectations+=("$file")
}

(cd "$here/js" && npm ci --ignore-scripts --no-progress --silent)
cmake -S "$here/cpp" -B "$work/cpp" -G Ninja -DCMAKE_BUILD_TYPE=Debug >"$work/cpp-cmake.log"
ninja -C "$work/cpp" >"$work/cpp-build.log" || { cat "$work/cpp-build.log" >&2; exit 1; }
go_sender=
if command -v go >/dev/null; then
  (cd "$here/go" && go build -o "$work/go_sender" .)
  go_sender=$work/go_sender
else
  echo "SKIP SKIP SKIP: Go is not installed; Go's SDK and otelhttp are NOT tested" >&2
fi

start_server
grpc=$(address otlp_grpc)
http=$(address otlp_http)
for transport in grpc protobuf json; do
  target=$http
  [[ $transport == grpc ]] && target=$grpc
  send "js-$transport" node "$here/js/send.mjs" "$transport" "$target"
  send "cpp-$transport" "$work/cpp/interop_cpp_sender" "$transport" "$target"
done
if [[ -n $go_sender ]]; then
  send go-grpc "$go_sender" grpc "$grpc"
  send go-http "$go_sender" http "$http"
fi
node "$here/verify.mjs" "$(address http)" "${expectations[@]}"
