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
pids=()

cleanup() {
  for pid in "${pids[@]}"; do
    kill "$pid" 2>/dev/null && wait "$pid" || true
  done
  rm -rf "$data"
}
trap cleanup EXIT

# start NAME FLAG...: a Spandrel whose addresses are in NAME.json when it is ready.
start() {
  local name=$1
  shift
  "$spandrel" --ready-file "$data/$name.json" "$@" >"$data/$name.log" 2>&1 &
  local pid=$!
  pids=("$pid" "${pids[@]}")
  if wait_for "$data/$name.json" "$pid"; then return; fi
  echo "$name did not become ready:" >&2
  cat "$data/$name.log" >&2
  return 1
}

# address NAME LISTENER
address() { node -p "JSON.parse(require('fs').readFileSync('$data/$1.json'))['$2']"; }

# A collector between the senders and the store, as a configuration file makes one.
start_gateway() {
  cat >"$data/gateway.yaml" <<YAML
receivers:
  otlp:
    protocols:
      grpc: { endpoint: "127.0.0.1:0" }
      http: { endpoint: "127.0.0.1:0" }
processors:
  batch: { timeout: 20ms }
exporters:
  otlp:
    endpoint: "$(address store otlp_grpc)"
    tls: { insecure: true }
    sending_queue: { wait_for_result: true }
service:
  telemetry: { metrics: { level: none } }
  pipelines:
    traces: { receivers: [otlp], processors: [batch], exporters: [otlp] }
YAML
  start gateway --config "$data/gateway.yaml"
}

# wait_for FILE PID: until the process has written it.
wait_for() {
  for _ in $(seq 300); do
    [[ -s $1 ]] && return
    kill -0 "$2" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}

# The tutorial's collector, before a Jaeger collector of Jaeger's own code.
start_jaeger() {
  "$work/jaeger_collector" "$data/jaeger.address" "$data/jaeger.spans" >"$data/jaeger.log" 2>&1 &
  pids=("$!" "${pids[@]}")
  wait_for "$data/jaeger.address" "$!"
  cat >"$data/to_jaeger.yaml" <<YAML
receivers:
  otlp:
    protocols:
      grpc: { endpoint: "127.0.0.1:0" }
processors:
  batch:
exporters:
  jaeger:
    endpoint: "$(cat "$data/jaeger.address")"
    tls:
      insecure: true
service:
  telemetry: { metrics: { level: none } }
  pipelines:
    traces:
      receivers: [otlp]
      processors: [batch]
      exporters: [jaeger]
YAML
  start to_jaeger --config "$data/to_jaeger.yaml"
}

# send LABEL COMMAND...: keeps what the sender says it sent, or says what went wrong.
expectations=()
send() {
  local file="$data/$1.json"
  shift
  if ! "$@" >"$file"; then
    echo "FAIL $*" >&2
    tail -n 20 "$data"/*.log >&2
    return 1
  fi
  expectations+=("$file")
}

(cd "$here/js" && npm ci --ignore-scripts --no-progress --silent)
cmake -S "$here/cpp" -B "$work/cpp" -G Ninja -DCMAKE_BUILD_TYPE=Debug >"$work/cpp-cmake.log"
ninja -C "$work/cpp" >"$work/cpp-build.log" || { cat "$work/cpp-build.log" >&2; exit 1; }
go_sender=
if command -v go >/dev/null; then
  (cd "$here/go" && go build -o "$work/go_sender" . && go build -o "$work/jaeger_collector" ./jaeger &&
    go build -o "$work/jaeger_query" ./jaegerquery && go build -o "$work/prometheus_client" ./prometheus)
  go_sender=$work/go_sender
else
  echo "SKIP SKIP SKIP: Go is not installed; Go's SDK, otelhttp, Jaeger's and Prometheus's clients are NOT tested" >&2
fi

start store --data-dir "$data/store" --otlp-grpc 127.0.0.1:0 --otlp-http 127.0.0.1:0 --http 127.0.0.1:0 --tempo 127.0.0.1:0 \
  --jaeger-grpc 127.0.0.1:0 --mcp
start_gateway
for server in store gateway; do
  grpc=$(address $server otlp_grpc)
  http=$(address $server otlp_http)
  for transport in grpc protobuf json; do
    target=$http
    [[ $transport == grpc ]] && target=$grpc
    send "$server-js-$transport" node "$here/js/send.mjs" "$transport" "$target"
    send "$server-cpp-$transport" "$work/cpp/interop_cpp_sender" "$transport" "$target"
  done
  if [[ -n $go_sender ]]; then
    send "$server-go-grpc" "$go_sender" grpc "$grpc"
    send "$server-go-http" "$go_sender" http "$http"
  fi
done
node "$here/verify.mjs" "$(address store http)" "${expectations[@]}"
node "$here/js/mcp.mjs" "$(address store http)"

if [[ -n $go_sender ]]; then
  "$work/jaeger_query" "$(address store jaeger_grpc)" "$data/queried.spans" "${expectations[@]}"
  node "$here/verify_jaeger.mjs" "$data/queried.spans" "${expectations[@]}"
  "$work/prometheus_client" "$(address store tempo)"
  "$work/prometheus_client" "$(address store http)"
  start_jaeger
  expectations=()
  grpc=$(address to_jaeger otlp_grpc)
  send jaeger-js node "$here/js/send.mjs" grpc "$grpc"
  send jaeger-cpp "$work/cpp/interop_cpp_sender" grpc "$grpc"
  send jaeger-go "$go_sender" grpc "$grpc"
  node "$here/verify_jaeger.mjs" "$data/jaeger.spans" "${expectations[@]}"
  "$here/tutorial.sh" "$spandrel" "$work/jaeger_collector"
fi
