// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>

namespace spandrel::storage {

// Counts of numbers in the buckets of LatencyHistogram, for values of either sign and below one:
// bucket i holds magnitudes in (2^(i/32), 2^((i+1)/32)]. A quantile is off by at most 1.1 %. Adds
// up without loss.
class ValueHistogram {
 public:
  // Not-a-number is not counted; magnitudes below 2^-1022 count as zero.
  void Add(double value, uint64_t count = 1);
  void Merge(const ValueHistogram& other);

  uint64_t count() const { return count_; }
  uint64_t zero_count() const { return zero_count_; }
  // Bucket index and count of those that are not empty.
  const std::map<int32_t, uint64_t>& positive() const { return positive_; }
  const std::map<int32_t, uint64_t>& negative() const { return negative_; }

  // The number that a share `quantile` in [0, 1] of all is at most; 0 when empty.
  double Quantile(double quantile) const;

  friend bool operator==(const ValueHistogram&, const ValueHistogram&) = default;

 private:
  std::map<int32_t, uint64_t> positive_;
  std::map<int32_t, uint64_t> negative_;
  uint64_t zero_count_ = 0;
  uint64_t count_ = 0;
};

}  // namespace spandrel::storage
