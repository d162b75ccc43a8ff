// SPDX-License-Identifier: Apache-2.0
#include "columnar/compaction/choice.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <optional>

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

// Parts whose newest span is before this are too old; 0 when none is.
uint64_t OldestKept(uint64_t now_unix_nano, const EngineOptions& options) {
  const auto max_age = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(options.max_age).count());
  return max_age == 0 || max_age > now_unix_nano ? 0 : now_unix_nano - max_age;
}

// How much has to go, for the store's own limit and for the disk's sake.
class RoomNeeded {
 public:
  RoomNeeded(const std::vector<PartFacts>& parts, const RetentionFacts& facts,
             const EngineOptions& options)
      : max_bytes_(options.max_bytes == 0 ? UINT64_MAX : options.max_bytes),
        free_(facts.free_disk_bytes),
        min_free_(facts.min_free_bytes) {
    for (const PartFacts& part : parts) stored_ += part.bytes;
  }

  std::optional<ExpiryReason> ReasonToDrop(uint64_t part_bytes) const {
    if (stored_ > max_bytes_) return ExpiryReason::kBytes;
    const bool disk_is_full = free_ < min_free_;
    if (disk_is_full && stored_ - part_bytes >= kKeptOnFullDisk) return ExpiryReason::kFreeDisk;
    return std::nullopt;
  }
  void Drop(uint64_t part_bytes) {
    stored_ -= part_bytes;
    free_ += std::min(part_bytes, UINT64_MAX - free_);
  }

 private:
  const uint64_t max_bytes_;
  uint64_t free_;
  const uint64_t min_free_;
  uint64_t stored_ = 0;
};

}  // namespace

std::vector<size_t> ChooseMerge(const std::vector<PartFacts>& parts, const EngineOptions& options) {
  std::vector<size_t> order(parts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return parts[a].min_start < parts[b].min_start; });
  std::map<std::pair<int, bool>, std::vector<size_t>> tiers;
  for (const size_t at : order) {
    tiers[{TierOf(parts[at].bytes), parts[at].policy_applied}].push_back(at);
  }
  for (const auto& [tier, members] : tiers) {
    if (members.size() < options.merge_fan_in) continue;
    std::vector<size_t> chosen = WithinLimits(members, parts, options);
    if (chosen.size() >= 2) return chosen;
  }
  return {};
}

std::string_view ExpiryReasonName(ExpiryReason reason) {
  constexpr std::array<std::string_view, kExpiryReasonCount> kNames = {"age", "bytes", "free_disk",
                                                                       "policy"};
  return kNames[static_cast<size_t>(reason)];
}

std::vector<ExpiredPart> ChooseExpired(const std::vector<PartFacts>& parts,
                                       const RetentionFacts& facts, const EngineOptions& options) {
  std::vector<size_t> order(parts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return parts[a].max_start < parts[b].max_start; });
  const uint64_t oldest_kept = OldestKept(facts.now_unix_nano, options);
  RoomNeeded room(parts, facts, options);
  std::vector<ExpiredPart> expired;
  for (const size_t at : order) {
    const bool too_old = parts[at].max_start < oldest_kept;
    const std::optional<ExpiryReason> reason =
        too_old ? ExpiryReason::kAge : room.ReasonToDrop(parts[at].bytes);
    if (!reason) break;
    expired.push_back({at, *reason});
    room.Drop(parts[at].bytes);
  }
  return expired;
}

std::optional<size_t> ChooseForPolicy(const std::vector<PartFacts>& parts, uint64_t now_unix_nano,
                                      const PolicyOptions& options) {
  const auto hot = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(options.keep_whole_for).count());
  if (hot == 0 || hot > now_unix_nano) return std::nullopt;
  std::optional<size_t> oldest;
  for (size_t at = 0; at < parts.size(); ++at) {
    const bool is_hot = parts[at].max_start >= now_unix_nano - hot;
    if (is_hot || parts[at].policy_applied) continue;
    if (!oldest || parts[at].min_start < parts[*oldest].min_start) oldest = at;
  }
  return oldest;
}

uint64_t StartRetentionClock(uint64_t saved, const std::vector<PartFacts>& parts,
                             uint64_t wall_unix_nano) {
  if (saved != 0) return saved;
  if (parts.empty()) return wall_unix_nano;
  uint64_t newest = 0;
  for (const PartFacts& part : parts) newest = std::max(newest, part.max_start);
  return std::min(newest, wall_unix_nano);
}

uint64_t AdvanceRetentionClock(uint64_t clock, std::chrono::nanoseconds elapsed,
                               uint64_t wall_unix_nano) {
  if (wall_unix_nano <= clock || elapsed.count() <= 0) return clock;
  const uint64_t behind = wall_unix_nano - clock;
  return clock + std::min(behind, 2 * static_cast<uint64_t>(elapsed.count()));
}

}  // namespace spandrel::columnar
