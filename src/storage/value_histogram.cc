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

}  // namespace

void ValueHistogram::Add(double value, uint64_t count) {
  if (std::isnan(value)) return;
  count_ += count;
  const double magnitude = std::fabs(value);
  if (magnitude < std::numeric_limits<double>::min()) {
    zero_count_ += count;
    return;
  }
  auto& buckets = value < 0 ? negative_ : positive_;
  buckets[LatencyHistogram::BucketOfNumber(magnitude)] += count;
}

void ValueHistogram::Merge(const ValueHistogram& other) {
  for (const auto& [bucket, count] : other.positive_) positive_[bucket] += count;
  for (const auto& [bucket, count] : other.negative_) negative_[bucket] += count;
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
