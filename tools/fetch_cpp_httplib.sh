#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fetches the httplib.h of newer Debian releases (source package cpp-httplib) into
# build/tools/cpp-httplib/VERSION/, for tests/httplib. Uses an apt configuration of its own under build/,
# with the Debian mirror and the keyring of this machine; nothing is installed.
# usage: fetch_cpp_httplib.sh [SUITE...]     (default: trixie sid)
# Exit code 77: not all of them could be fetched; those versions' tests are skipped.
set -uo pipefail
cd "$(dirname "$0")/.."
source tools/apt_mirror.sh
suites=("$@")
[ ${#suites[@]} -gt 0 ] || suites=(trixie sid)
headers=build/tools/cpp-httplib
apt_root=$PWD/build/tools/cpp-httplib-apt
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

skip() {
  echo "fetch_cpp_httplib: SKIPPED: $*" >&2
  echo "fetch_cpp_httplib: SKIPPED: the httplib adapter is not tested with the versions of ${missing[*]}" >&2
  exit 77
}

# A suite that is there has a file named after it, which says the version.
missing=()
for suite in "${suites[@]}"; do
  version=$(cat "$headers/$suite.version" 2>/dev/null)
  [ -n "$version" ] && [ -s "$headers/$version/httplib.h" ] || missing+=("$suite")
done
[ ${#missing[@]} -gt 0 ] || exit 0

for tool in apt-get tar gzip; do
  command -v "$tool" >/dev/null || skip "there is no $tool"
done
[ -r "$keyring" ] || skip "there is no $keyring"

# The mirror that this machine takes Debian's own release from.
codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
mirror=$(debian_mirror "$codename")
[ -n "$mirror" ] || skip "apt has no source for main of '$codename'"

mkdir -p "$headers" "$apt_root"/{lists/partial,cache/archives/partial,state,empty,source}
: >"$apt_root/state/status"
for suite in "${missing[@]}"; do
  echo "deb-src [signed-by=$keyring] $mirror $suite main"
done >"$apt_root/sources.list"

apt() {
  timeout 90 apt-get -q -o Dir::Etc::SourceList="$apt_root/sources.list" -o Dir::Etc::SourceParts="$apt_root/empty" \
    -o Dir::State="$apt_root/state" -o Dir::State::Lists="$apt_root/lists" -o Dir::State::status="$apt_root/state/status" \
    -o Dir::Cache="$apt_root/cache" -o APT::Sandbox::User="$(id -un)" -o APT::Update::Error-Mode=any \
    -o Acquire::Languages=none -o Acquire::Retries=1 -o Acquire::http::Timeout=15 -o Acquire::https::Timeout=15 \
    "$@" >>"$apt_root/log" 2>&1
}

# The newest header of SUITE, which is the only file taken from the upstream tarball.
fetch() {
  local suite=$1 tarball version
  rm -rf "$apt_root/source" && mkdir "$apt_root/source"
  (cd "$apt_root/source" && apt source --download-only --only-source -t "$suite" "cpp-httplib/$suite") || return 1
  tarball=$(compgen -G "$apt_root/source/*.orig.tar.*[!c]" | head -1)
  tar -xf "$tarball" -C "$apt_root/source" --wildcards --strip-components=1 '*/httplib.h' || return 1
  version=$(sed -n 's/^#define CPPHTTPLIB_VERSION "\(.*\)"$/\1/p' "$apt_root/source/httplib.h")
  [ -n "$version" ] || return 1
  mkdir -p "$headers/$version" && mv "$apt_root/source/httplib.h" "$headers/$version/httplib.h" || return 1
  echo "$version" >"$headers/$suite.version"
  echo "fetch_cpp_httplib: $suite has $version"
}

: >"$apt_root/log"
apt update || skip "apt-get update failed: $(tail -1 "$apt_root/log")"
failed=()
for suite in "${missing[@]}"; do
  fetch "$suite" || failed+=("$suite")
done
missing=("${failed[@]}")
[ ${#missing[@]} -eq 0 ] || skip "no source of cpp-httplib: $(tail -1 "$apt_root/log")"
