// SPDX-License-Identifier: Apache-2.0
#include "processors/actions/context_value.h"

#include <algorithm>

namespace spandrel::processors {
namespace {

constexpr std::string_view kMetadata = "metadata.";
constexpr std::string_view kAuth = "auth.";

bool IsIdentity(std::string_view name) {
  return name == "auth.subject" || name == "auth.username";
}

// "127.0.0.1:4318" and "[::1]:4318" without the port.
std::string_view HostOf(std::string_view peer) {
  if (const size_t colon = peer.rfind(':'); colon != std::string_view::npos) {
    peer = peer.substr(0, colon);
  }
  if (peer.starts_with('[') && peer.ends_with(']')) peer = peer.substr(1, peer.size() - 2);
  return peer;
}

std::optional<std::string> NotEmpty(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return std::string(text);
}

// Names of headers are in lower case there.
bool IsSameName(std::string_view lower, std::string_view name) {
  return std::equal(lower.begin(), lower.end(), name.begin(), name.end(), [](char a, char b) {
    return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + 32) : b);
  });
}

std::optional<std::string> MetadataValue(const signal::Origin& origin, std::string_view name) {
  std::optional<std::string> joined;
  for (const auto& [key, value] : origin.metadata) {
    if (!IsSameName(key, name)) continue;
    if (joined) *joined += ';';
    joined = joined.value_or("") + value;
  }
  return joined;
}

}  // namespace

bool IsContextName(std::string_view name) {
  if (name.starts_with(kAuth)) return IsIdentity(name);
  return !name.empty() && name != kMetadata;
}

std::optional<std::string> ContextValue(const signal::Origin* origin, std::string_view name) {
  if (origin == nullptr) return std::nullopt;
  if (name == "client.address") return NotEmpty(HostOf(origin->peer));
  if (name.starts_with(kAuth)) return IsIdentity(name) ? NotEmpty(origin->identity) : std::nullopt;
  if (name.starts_with(kMetadata)) name.remove_prefix(kMetadata.size());
  return MetadataValue(*origin, name);
}

}  // namespace spandrel::processors
