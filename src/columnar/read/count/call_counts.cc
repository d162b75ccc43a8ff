// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/count/call_counts.h"

#include <algorithm>
#include <tuple>

namespace spandrel::columnar {

uint32_t CallCounts::ServiceId(std::string_view name) {
  const auto [entry, is_new] = ids_.try_emplace(std::string(name), names_.size());
  if (is_new) names_.emplace_back(name);
  return entry->second;
}

void CallCounts::Add(uint32_t parent, uint32_t child, const Child& span) {
  if (parent == child) return;
  Call& call = calls_[KeyOf(parent, child)];
  call.count += span.weight;
  call.errors += span.error ? span.weight : 0;
  call.latency.Add(span.duration_nano, span.weight);
}

void CallCounts::Merge(const CallCounts& other) {
  std::vector<uint32_t> ids;
  for (const std::string& name : other.names_) ids.push_back(ServiceId(name));
  for (const auto& [key, from] : other.calls_) {
    Call& call = calls_[KeyOf(ids[key >> 32], ids[key & UINT32_MAX])];
    call.count += from.count;
    call.errors += from.errors;
    call.latency.Merge(from.latency);
  }
}

std::vector<storage::Dependency> CallCounts::Finish() const {
  std::vector<storage::Dependency> all;
  for (const auto& [key, call] : calls_) {
    all.push_back(
        {names_[key >> 32], names_[key & UINT32_MAX], call.count, call.errors, call.latency});
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::tie(a.parent, a.child) < std::tie(b.parent, b.child);
  });
  return all;
}

}  // namespace spandrel::columnar
