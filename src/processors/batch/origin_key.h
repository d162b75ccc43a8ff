// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "signal/origin.h"

namespace spandrel::processors {

// What the origins of batches that may be merged have in common: the tenant, and the request
// metadata that `metadata_keys` names.
struct OriginKey {
  std::string tenant;
  std::vector<std::pair<std::string, std::string>> metadata;

  friend bool operator<(const OriginKey& a, const OriginKey& b) {
    return std::tie(a.tenant, a.metadata) < std::tie(b.tenant, b.metadata);
  }
};

// `keys` are in lower case. Values of one name keep their order.
inline OriginKey KeyOf(const signal::SharedOrigin& origin, const std::vector<std::string>& keys) {
  OriginKey key;
  if (origin == nullptr) return key;
  key.tenant = origin->tenant;
  for (const std::string& name : keys) {
    for (const auto& entry : origin->metadata) {
      if (entry.first == name) key.metadata.push_back(entry);
    }
  }
  return key;
}

// The origin of what was merged: what is common, and neither sender nor identity. Null when nothing
// is.
inline signal::SharedOrigin OriginOf(const OriginKey& key) {
  if (key.tenant.empty() && key.metadata.empty()) return nullptr;
  return std::make_shared<const signal::Origin>(
      signal::Origin{key.tenant, /*identity=*/"", key.metadata, /*peer=*/""});
}

}  // namespace spandrel::processors
