// SPDX-License-Identifier: Apache-2.0
#include "columnar/compaction/policy.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace spandrel::columnar {
namespace {

constexpr uint64_t kSmallestTierBytes = uint64_t{1} << 20;
constexpr uint64_t kMaxMergedDictionaryBytes = uint64_t{256} << 20;

int TierOf(uint64_t bytes) {
  int tier = 0;
  for (uint64_t bound = kSmallestTierBytes; bytes > bound; bound *= 4) ++tier;
  return tier;
}

// The longest run at the front of `tier` that stays within the limits of one part.
std::vector<size_t> WithinLimits(const std::vector<size_t>& tier,
                                 const std::vector<PartFacts>& parts,
                                 const EngineOptions& options) {
  std::vector<size_t> chosen;
  uint64_t bytes = 0;
  uint64_t spans = 0;
  uint64_t dictionary = 0;
  for (const size_t at : tier) {
    bytes += parts[at].bytes;
    spans += parts[at].spans;
    dictionary += parts[at].dictionary_bytes;
    if (bytes > options.max_part_bytes || spans > options.max_part_spans ||
        dictionary > kMaxMergedDictionaryBytes || chosen.size() == options.merge_fan_in) {
      break;
    }
    chosen.push_back(at);
  }
  return chosen;
}

}  // namespace

std::vector<size_t> ChooseMerge(const std::vector<PartFacts>& parts, const EngineOptions& options) {
  std::vector<size_t> order(parts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return parts[a].min_start < parts[b].min_start; });
  std::map<int, std::vector<size_t>> tiers;
  for (const size_t at : order) tiers[TierOf(parts[at].bytes)].push_back(at);
  for (const auto& [tier, members] : tiers) {
    if (members.size() < options.merge_fan_in) continue;
    std::vector<size_t> chosen = WithinLimits(members, parts, options);
    if (chosen.size() >= 2) return chosen;
  }
  return {};
}

std::vector<size_t> ChooseExpired(const std::vector<PartFacts>& parts, uint64_t now_unix_nano,
                                  const EngineOptions& options) {
  const auto max_age = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(options.max_age).count());
  const uint64_t oldest = max_age == 0 || max_age > now_unix_nano ? 0 : now_unix_nano - max_age;
  uint64_t total = 0;
  for (const PartFacts& part : parts) total += part.bytes;
  std::vector<size_t> order(parts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return parts[a].max_start < parts[b].max_start; });
  std::vector<size_t> expired;
  for (const size_t at : order) {
    const bool too_much = options.max_bytes != 0 && total > options.max_bytes;
    if (parts[at].max_start >= oldest && !too_much) break;
    expired.push_back(at);
    total -= parts[at].bytes;
  }
  return expired;
}

}  // namespace spandrel::columnar
