#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing of the packages that building (`build`) and testing (`test`) need, after
# saying which. Debian 12 packages, the OpenTelemetry C++ API from bookworm-backports (of the mirror that
# the machine's own apt sources name), and Node 20 or newer: the one that is there, else from npm.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/apt_mirror.sh

build_packages=(
  cmake ninja-build g++ pkg-config lld ca-certificates python3
  libboost-dev libnghttp2-dev libssl-dev zlib1g-dev libdeflate-dev libzstd-dev libyaml-cpp-dev
  libsimdjson-dev libre2-dev libxxhash-dev libfmt-dev libspdlog-dev libcli11-dev
  libcurl4-openssl-dev libcpp-httplib-dev
  # Debian's opentelemetry-cpp-dev needs these to be found by CMake, even for the API alone.
  libabsl-dev libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc
)
backports_packages=(opentelemetry-cpp-dev)
test_packages=(libgtest-dev libgmock-dev libbenchmark-dev chromium clang-14 clang-format-14 clang-tidy-14
  libclang-rt-14-dev strace xfsprogs procps curl git iproute2 dpkg-dev python3-venv
  python3-jwt python3-cryptography python3-prometheus-client)
test_backports_packages=(libopentelemetry-proto-dev)

packages=()
backports=()
for group in "$@"; do
  case "$group" in
    build) packages+=("${build_packages[@]}"); backports+=("${backports_packages[@]}") ;;
    test) packages+=("${test_packages[@]}"); backports+=("${test_backports_packages[@]}") ;;
    *) echo "setup: unknown group '$group' (build, test)" >&2; exit 2 ;;
  esac
done

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

missing_of() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
  done
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >build/apt.log 2>&1 ||
    { tail -20 build/apt.log >&2; exit 1; }
}

install_packages() {
  local plain new
  mapfile -t plain < <(missing_of "${packages[@]}")
  mapfile -t new < <(missing_of "${backports[@]}")
  [ ${#plain[@]} -gt 0 ] || [ ${#new[@]} -gt 0 ] || return 0
  echo "setup: installing ${plain[*]} ${new[*]}"
  as_root apt-get update -qq >build/apt.log 2>&1 || true
  [ ${#plain[@]} -eq 0 ] || apt_install "${plain[@]}"
  [ ${#new[@]} -gt 0 ] || return 0
  if ! apt-cache policy opentelemetry-cpp-dev | grep -q 'Candidate: [0-9]'; then
    local mirror
    mirror=$(debian_mirror bookworm)
    [ -n "$mirror" ] ||
      { echo "setup: apt has no source for main of bookworm; add bookworm-backports to its sources" >&2; exit 1; }
    echo "setup: adding bookworm-backports of $mirror to the package sources"
    echo "deb $mirror bookworm-backports main" | as_root tee /etc/apt/sources.list.d/bookworm-backports.list >/dev/null
    as_root apt-get update -qq >build/apt.log 2>&1
  fi
  apt_install -t bookworm-backports "${new[@]}"
}

node_is_new_enough() {
  command -v node >/dev/null && command -v npm >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ]
}

install_node() {
  PATH="$PWD/build/tools/node/bin:$PATH"
  if node_is_new_enough; then return 0; fi
  echo "setup: installing Node (none of version 20 or newer is here)"
  mapfile -t plain < <(missing_of nodejs npm)
  [ ${#plain[@]} -eq 0 ] || apt_install "${plain[@]}"
  local modules="$PWD/build/tools/node-packages/node_modules" node_package
  node_package="node-linux-$(node -p process.arch)"
  npm install --no-save --prefix build/tools/node-packages "$node_package@22" npm@11 >build/npm.log 2>&1 ||
    { tail -20 build/npm.log >&2; exit 1; }
  mkdir -p build/tools/node/bin
  ln -sf "$modules/$node_package/bin/node" build/tools/node/bin/node
  ln -sf "$modules/npm/bin/npm-cli.js" build/tools/node/bin/npm
  ln -sf "$modules/npm/bin/npx-cli.js" build/tools/node/bin/npx
  node_is_new_enough || { echo "setup: Node 20 or newer could not be installed" >&2; exit 1; }
}

mkdir -p build
install_packages
install_node
