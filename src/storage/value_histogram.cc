// SPDX-License-Identifier: Apache-2.0
#include "storage/value_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "storage/latency_histogram.h"

namespace spandrel::storage {
namespace {

// The middle of a bucket on the logarithmic scale.
double MiddleOf(int32_t bucket) {
  return LatencyHistogram::UpperBound(bucket) / std::exp2(0.5 / 32);
}

using Buckets = ValueHistogram::Buckets;

// Of a bucket, which is there then.
uint64_t& CountAt(Buckets* buckets, int32_t bucket) {
  const auto place =
      std::lower_bound(buckets->begin(), buckets->end(), bucket,
                       [](const auto& counted, int32_t wanted) { return counted.first < wanted; });
  if (place != buckets->end() && place->first == bucket) return place->second;
  return buckets->emplace(place, bucket, 0)->second;
}

void AddTo(const Buckets& more, Buckets* all) {
  Buckets joined;
  joined.reserve(all->size() + more.size());
  auto next = more.begin();
  for (const auto& counted : *all) {
    for (; next != more.end() && next->first < counted.first; ++next) joined.push_back(*next);
    joined.push_back(counted);
    if (next != more.end() && next->first == counted.first) joined.back().second += next++->second;
  }
  joined.insert(joined.end(), next, more.end());
  *all = std::move(joined);
}

}  // namespace

void ValueHistogram::Add(double value, uint64_t count) {
  if (std::isnan(value)) return;
  const double magnitude = std::fabs(value);
  if (magnitude < std::numeric_limits<double>::min()) return AddZeros(count);
  count_ += count;
  Buckets& buckets = value < 0 ? negative_ : positive_;
  CountAt(&buckets, LatencyHistogram::BucketOfNumber(magnitude)) += count;
}

void ValueHistogram::AddZeros(uint64_t count) {
  count_ += count;
  zero_count_ += count;
}

void ValueHistogram::AddRun(int32_t first, std::span<const uint64_t> counts) {
  Buckets run;
  run.reserve(static_cast<size_t>(
      std::count_if(counts.begin(), counts.end(), [](uint64_t count) { return count != 0; })));
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    run.emplace_back(first + static_cast<int32_t>(i), counts[i]);
    count_ += counts[i];
  }
  if (positive_.empty()) {
    positive_ = std::move(run);
  } else {
    AddTo(run, &positive_);
  }
}

void ValueHistogram::Merge(const ValueHistogram& other) {
  AddTo(other.positive_, &positive_);
  AddTo(other.negative_, &negative_);
  zero_count_ += other.zero_count_;
  count_ += other.count_;
}

double ValueHistogram::Quantile(double quantile) const {
  if (count_ == 0) return 0;
  const double share = std::clamp(quantile, 0.0, 1.0);
  const auto rank =
      std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_))));
  uint64_t seen = 0;
  for (auto at = negative_.rbegin(); at != negative_.rend(); ++at) {
    seen += at->second;
    if (seen >= rank) return -MiddleOf(at->first);
  }
  seen += zero_count_;
  if (seen >= rank) return 0;
  for (const auto& [bucket, count] : positive_) {
    seen += count;
    if (seen >= rank) return MiddleOf(bucket);
  }
  return positive_.empty() ? 0 : MiddleOf(positive_.rbegin()->first);
}

}  // namespace spandrel::storage
