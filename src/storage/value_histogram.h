// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace spandrel::storage {

// Counts of numbers in the buckets of LatencyHistogram, for values of either sign and below one:
// bucket i holds magnitudes in (2^(i/32), 2^((i+1)/32)]. A quantile is off by at most 1.1 %. Adds
// up without loss.
class ValueHistogram {
 public:
  // Bucket index and count of those that are not empty, by index.
  using Buckets = std::vector<std::pair<int32_t, uint64_t>>;

  // Not-a-number is not counted; magnitudes below 2^-1022 count as zero.
  void Add(double value, uint64_t count = 1);
  void AddZeros(uint64_t count);
  // Counts of buckets of positive numbers that lie one behind the other from `first` on.
  void AddRun(int32_t first, std::span<const uint64_t> counts);
  void Merge(const ValueHistogram& other);

  uint64_t count() const { return count_; }
  uint64_t zero_count() const { return zero_count_; }
  const Buckets& positive() const { return positive_; }
  const Buckets& negative() const { return negative_; }

  // The number that a share `quantile` in [0, 1] of all is at most; 0 when empty.
  double Quantile(double quantile) const;

  friend bool operator==(const ValueHistogram&, const ValueHistogram&) = default;

 private:
  Buckets positive_;
  Buckets negative_;
  uint64_t zero_count_ = 0;
  uint64_t count_ = 0;
};

}  // namespace spandrel::storage
