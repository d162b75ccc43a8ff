// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

namespace spandrel::storage {

// Counts of durations in buckets whose bounds grow by 2^(1/32), the layout of an OpenTelemetry
// exponential histogram of scale 5 (opentelemetry/proto/metrics/v1, ExponentialHistogramDataPoint):
// bucket i holds (2^(i/32), 2^((i+1)/32)] nanoseconds. A quantile is off by at most 1.1 %. Adds up
// without loss.
class LatencyHistogram {
 public:
  void Add(uint64_t duration_nano, uint64_t count = 1);
  void Merge(const LatencyHistogram& other);

  uint64_t count() const { return count_; }
  uint64_t zero_count() const { return zero_count_; }
  // Bucket index to count; only buckets that are not empty.
  const std::map<int32_t, uint64_t>& buckets() const { return buckets_; }

  // The duration in nanoseconds that a share `quantile` in [0, 1] of all is at most; 0 when empty.
  uint64_t Quantile(double quantile) const;

  // The bucket of a duration above zero, and the largest duration that a bucket holds.
  static int32_t BucketOf(uint64_t duration_nano);
  static double UpperBound(int32_t bucket);

 private:
  std::map<int32_t, uint64_t> buckets_;
  uint64_t zero_count_ = 0;
  uint64_t count_ = 0;
};

}  // namespace spandrel::storage
