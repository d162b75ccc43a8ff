#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Packs the Debian packages of a build and uses them as an application would: the examples by CMake, a small
# program by pkg-config, which sends its span to the packed server.
# usage: run.sh BUILD_DIR
set -euo pipefail
build=$(realpath "$1")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
server=
cleanup() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; fi
  rm -rf "$work"
}
trap cleanup EXIT

fail() { echo "package: $*" >&2; exit 1; }

quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "failed: $*"; }; }

has() { grep -q " ./$2$" <<<"$(dpkg-deb -c "$1")" || fail "$(basename "$1") has no $2"; }

depends() { grep -q "$2" <<<"$(dpkg-deb -f "$1" Depends)" || fail "$(basename "$1") does not depend on $2"; }

(cd "$build" && quietly cpack -B "$work/packages")
library=$(ls "$work"/packages/libspandrel-dev_*.deb)
program=$(ls "$work"/packages/spandrel_*.deb)
for file in usr/include/spandrel/sdk.h usr/lib/libspandrel_sdk.a usr/lib/cmake/Spandrel/SpandrelConfig.cmake \
  usr/lib/pkgconfig/spandrel-sdk.pc; do
  has "$library" "$file"
done
has "$program" usr/bin/spandrel
has "$program" usr/lib/systemd/system/spandrel.service
for file in bash-completion/completions/spandrel zsh/vendor-completions/_spandrel fish/vendor_completions.d/spandrel.fish; do
  has "$program" "usr/share/$file"
done
depends "$library" opentelemetry-cpp-dev
depends "$program" libnghttp2
dpkg-deb -x "$library" "$work/root"
dpkg-deb -x "$program" "$work/root"
echo "package: $(basename "$library") $(du -k "$library" | cut -f1) KB, $(basename "$program") $(du -k "$program" | cut -f1) KB"

for example in examples/*/CMakeLists.txt; do
  name=$(basename "$(dirname "$example")")
  quietly cmake -S "examples/$name" -B "$work/$name" -G Ninja -DCMAKE_PREFIX_PATH="$work/root/usr"
  quietly cmake --build "$work/$name"
  echo "package: example $name builds"
done

quietly cmake -S tests/package/unknown -B "$work/unknown" -G Ninja -DCMAKE_PREFIX_PATH="$work/root/usr"

export PKG_CONFIG_PATH="$work/root/usr/lib/pkgconfig"
# shellcheck disable=SC2046
quietly c++ -std=c++17 tests/package/hello.cc -o "$work/hello" $(pkg-config --cflags --libs spandrel-sdk)
"$work/root/usr/bin/spandrel" --data-dir "$work/data" --otlp-grpc 127.0.0.1:0 --otlp-http 127.0.0.1:0 \
  --http 127.0.0.1:0 --tempo 127.0.0.1:0 --ready-file "$work/ready" >"$work/server.log" 2>&1 &
server=$!
timeout 30 bash -c "until [ -s '$work/ready' ]; do kill -0 $server || exit 1; read -rt 0.05 <> <(:) || true; done" ||
  { cat "$work/server.log" >&2; fail "the packed server did not start"; }
endpoint=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["otlp_grpc"])' "$work/ready")
got=$(OTEL_EXPORTER_OTLP_ENDPOINT="http://$endpoint" "$work/hello")
[ "$got" = "exported 1" ] || fail "the program says '$got'"
echo "package: a program built by pkg-config sent its span to the packed server"
