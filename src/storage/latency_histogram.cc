// SPDX-License-Identifier: Apache-2.0
#include "storage/latency_histogram.h"

#include <algorithm>
#include <cmath>

namespace spandrel::storage {
namespace {

constexpr double kBucketsPerDoubling = 32;

}  // namespace

void LatencyHistogram::Add(uint64_t duration_nano, uint64_t count) {
  count_ += count;
  if (duration_nano == 0) {
    zero_count_ += count;
  } else {
    buckets_[BucketOf(duration_nano)] += count;
  }
}

void LatencyHistogram::Merge(const LatencyHistogram& other) {
  count_ += other.count_;
  zero_count_ += other.zero_count_;
  for (const auto& [bucket, count] : other.buckets_) buckets_[bucket] += count;
}

uint64_t LatencyHistogram::Quantile(double quantile) const {
  if (count_ == 0) return 0;
  const double share = std::clamp(quantile, 0.0, 1.0);
  const auto rank =
      std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_))));
  uint64_t seen = zero_count_;
  if (seen >= rank) return 0;
  for (const auto& [bucket, count] : buckets_) {
    seen += count;
    if (seen >= rank) {
      // The middle of the bucket on the logarithmic scale halves the worst error.
      return static_cast<uint64_t>(
          std::llround(UpperBound(bucket) / std::exp2(0.5 / kBucketsPerDoubling)));
    }
  }
  return 0;
}

int32_t LatencyHistogram::BucketOf(uint64_t duration_nano) {
  const double position = std::log2(static_cast<double>(duration_nano)) * kBucketsPerDoubling;
  return static_cast<int32_t>(std::ceil(position)) - 1;
}

double LatencyHistogram::UpperBound(int32_t bucket) {
  return std::exp2((bucket + 1) / kBucketsPerDoubling);
}

}  // namespace spandrel::storage
