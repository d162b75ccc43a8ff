// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/scan/trace_ids.h"

#include <bit>
#include <iterator>

namespace spandrel::columnar {
namespace {

constexpr int kMaxBucketBits = 24;
// Ids of a bucket, on average; as a power of two.
constexpr int kIdsOfBucketBits = 2;

}  // namespace

TraceIdList MergeTraceIds(const std::vector<TraceIdSpan>& lists) {
  TraceIdList ids;
  std::vector<ptrdiff_t> bounds = {0};
  for (const TraceIdSpan list : lists) {
    ids.insert(ids.end(), list.begin(), list.end());
    bounds.push_back(static_cast<ptrdiff_t>(ids.size()));
  }
  // Neighbours are merged until one list is left.
  TraceIdList merged(ids.size());
  while (bounds.size() > 2) {
    std::vector<ptrdiff_t> left = {0};
    for (size_t i = 0; i + 1 < bounds.size(); i += 2) {
      const auto first = ids.begin() + bounds[i];
      const auto middle = ids.begin() + bounds[i + 1];
      const auto last = ids.begin() + bounds[std::min(i + 2, bounds.size() - 1)];
      std::merge(first, middle, middle, last, merged.begin() + bounds[i], IsBefore);
      left.push_back(last - ids.begin());
    }
    ids.swap(merged);
    bounds = std::move(left);
  }
  return ids;
}

TraceIdIndex::TraceIdIndex(TraceIdSpan ids) : ids_(ids) {
  if (ids.empty()) return;
  half_ = WordOf(ids.front(), 0) == WordOf(ids.back(), 0) ? 1 : 0;
  // At least one bit is left, also where there is one id only.
  shared_bits_ =
      std::min(std::countl_zero(WordOf(ids.front(), half_) ^ WordOf(ids.back(), half_)), 63);
  bucket_bits_ = std::clamp(static_cast<int>(std::bit_width(ids.size())) - kIdsOfBucketBits, 1,
                            kMaxBucketBits);
  first_places_.resize((size_t{1} << bucket_bits_) + 1);
  size_t bucket = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    for (const size_t of_id = BucketOf(ids[i]); bucket <= of_id; ++bucket) {
      first_places_[bucket] = static_cast<uint32_t>(i);
    }
  }
  for (; bucket < first_places_.size(); ++bucket) {
    first_places_[bucket] = static_cast<uint32_t>(ids.size());
  }
}

std::optional<size_t> TraceIdIndex::Find(const span::TraceId& id) const {
  if (ids_.empty() || IsBefore(id, ids_.front()) || IsBefore(ids_.back(), id)) return std::nullopt;
  const size_t bucket = BucketOf(id);
  const auto first = ids_.begin() + first_places_[bucket];
  const auto last = ids_.begin() + first_places_[bucket + 1];
  const auto found = std::lower_bound(first, last, id, IsBefore);
  if (found == last || *found != id) return std::nullopt;
  return static_cast<size_t>(found - ids_.begin());
}

}  // namespace spandrel::columnar
