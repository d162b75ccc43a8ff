// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/count/span_groups.h"

#include <algorithm>

namespace spandrel::columnar {

using storage::AggregateBucket;
using storage::AggregateSeries;

namespace {

// What a group takes beside its texts, and a bucket with durations of a few orders of magnitude.
constexpr size_t kGroupBytes = 256;
constexpr size_t kBucketBytes = sizeof(AggregateBucket) + 768;

}  // namespace

uint32_t SpanGroups::IdOf(const std::vector<std::string>& group) {
  const auto [entry, is_new] = ids_.try_emplace(group, static_cast<uint32_t>(groups_.size()));
  if (is_new) {
    groups_.emplace_back();
    size_t text_bytes = 0;
    for (const std::string& text : group) text_bytes += text.size();
    Reserve(kGroupBytes + text_bytes);
  }
  return entry->second;
}

void SpanGroups::Add(uint32_t group, const Measurement& measurement) {
  AggregateBucket& bucket = BucketAt(group, measurement.start);
  bucket.count += measurement.weight;
  bucket.error_count += measurement.error ? measurement.weight : 0;
  bucket.latency.Add(measurement.duration, measurement.weight);
}

AggregateBucket& SpanGroups::BucketAt(uint32_t group, uint64_t start) {
  Group& found = groups_[group];
  if (found.last != nullptr) {
    const uint64_t last = found.last->start_time_unix_nano;
    if (start >= last && (request_.step_nano == 0 || start - last < request_.step_nano)) {
      return *found.last;
    }
  }
  const uint64_t at = BucketStart(start);
  const auto [entry, is_new] = found.buckets.try_emplace(at);
  if (is_new) Reserve(kBucketBytes);
  AggregateBucket& bucket = entry->second;
  bucket.start_time_unix_nano = at;
  found.last = &bucket;
  return bucket;
}

uint64_t SpanGroups::BucketStart(uint64_t start) const {
  const uint64_t origin = request_.start_time.min_unix_nano;
  if (request_.step_nano == 0 || start <= origin) return origin;
  return origin + (start - origin) / request_.step_nano * request_.step_nano;
}

void SpanGroups::Merge(SpanGroups&& other) {
  for (const auto& [group, id] : other.ids_) {
    Group& into = groups_[IdOf(group)];
    for (auto& [start, from] : other.groups_[id].buckets) {
      const auto [entry, is_new] = into.buckets.try_emplace(start, std::move(from));
      if (is_new) continue;
      AggregateBucket& bucket = entry->second;
      bucket.count += from.count;
      bucket.error_count += from.error_count;
      bucket.latency.Merge(from.latency);
    }
  }
}

storage::AggregateResult SpanGroups::Finish() && {
  std::vector<std::pair<uint64_t, AggregateSeries>> counted;
  for (const auto& [group, id] : ids_) {
    uint64_t total = 0;
    AggregateSeries series{group, {}};
    series.buckets.reserve(groups_[id].buckets.size());
    for (auto& [start, bucket] : groups_[id].buckets) {
      total += bucket.count;
      series.buckets.push_back(std::move(bucket));
    }
    if (total == 0) continue;
    std::sort(series.buckets.begin(), series.buckets.end(), [](const auto& a, const auto& b) {
      return a.start_time_unix_nano < b.start_time_unix_nano;
    });
    counted.emplace_back(total, std::move(series));
  }
  std::stable_sort(counted.begin(), counted.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  storage::AggregateResult result;
  result.truncated = counted.size() > request_.max_groups;
  if (result.truncated) counted.resize(request_.max_groups);
  for (auto& [total, series] : counted) result.series.push_back(std::move(series));
  return result;
}

}  // namespace spandrel::columnar
