// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace spandrel::storage {

// Counts of durations in buckets whose bounds grow by 2^(1/32), the layout of an OpenTelemetry
// exponential histogram of scale 5 (opentelemetry/proto/metrics/v1, ExponentialHistogramDataPoint):
// bucket i holds (2^(i/32), 2^((i+1)/32)] nanoseconds. A quantile is off by at most 1.1 %. Adds up
// without loss.
class LatencyHistogram {
 public:
  static constexpr int32_t kFirstBucket = -1;  // of one nanosecond
  static constexpr int32_t kLastBucket = 2047;

  void Add(uint64_t duration_nano, uint64_t count = 1);
  // Counts of a bucket from kFirstBucket to kLastBucket, or of durations of zero.
  void AddToBucket(int32_t bucket, uint64_t count) {
    count_ += count;
    const auto at = static_cast<size_t>(bucket - kFirstBucket);
    Low& low = PageAt(at / kPageSize)[at % kPageSize];
    const uint64_t sum = low + count;
    low = static_cast<Low>(sum);
    if (sum >> kLowBits != 0) high_[at] += sum >> kLowBits;
  }
  void AddZeros(uint64_t count);
  // Makes room for so many buckets that lie close together, when none is counted yet.
  void Reserve(size_t buckets);
  void Merge(const LatencyHistogram& other);

  uint64_t count() const { return count_; }
  uint64_t zero_count() const { return zero_count_; }
  // Bucket index and count of the buckets that are not empty, by index.
  std::vector<std::pair<int32_t, uint64_t>> buckets() const;

  // The duration in nanoseconds that a share `quantile` in [0, 1] of all is at most; 0 when empty.
  uint64_t Quantile(double quantile) const;

  // The bucket of a duration above zero, and the largest duration that a bucket holds.
  static int32_t BucketOf(uint64_t duration_nano) {
    return BucketOfNumber(static_cast<double>(duration_nano));
  }
  // The same of any number from 2^-1022 on; it may lie outside of what AddToBucket takes.
  static int32_t BucketOfNumber(double number);
  // BucketOf each of `durations`; of zero, the number below kFirstBucket.
  static void FindBuckets(std::span<const uint64_t> durations, std::span<int32_t> buckets);
  static double UpperBound(int32_t bucket);

 private:
  // The buckets of one doubling lie together and are there once one of them counts something, so
  // that a few durations that are far apart take little room.
  static constexpr size_t kPageSize = 32;
  static constexpr size_t kMaxPages = (kLastBucket - kFirstBucket) / kPageSize + 1;
  // A page is a line of the cache: most counts of a minute are small, and there are many minutes.
  using Low = uint16_t;
  static constexpr int kLowBits = 16;
  using Page = std::array<Low, kPageSize>;

  Page& PageAt(size_t number) {
    if (place_of_page_[number] == 0) AddPage(number);
    return pages_[place_of_page_[number] - 1U];
  }
  void AddPage(size_t number);
  // What a bucket, or all of a page, counts; the page is there.
  uint64_t CountAt(size_t number, size_t i) const {
    const Low low = pages_[place_of_page_[number] - 1U][i];
    return high_.empty() ? low : low + HighAt(number * kPageSize + i);
  }
  uint64_t HighAt(size_t at) const;
  uint64_t CountOfPage(size_t number) const;
  // The bucket that has the `rank`-th duration, counted from the shortest; zeros are fewer.
  int32_t BucketOfRank(uint64_t rank) const;
  // Calls `visit(bucket, count)` by index for those that are not empty.
  template <typename Visit>
  void VisitBuckets(Visit&& visit) const;

  std::vector<Page> pages_;                         // in the order in which they were needed
  std::array<uint8_t, kMaxPages> place_of_page_{};  // in pages_, from 1 on; 0 when it is not there
  std::map<size_t, uint64_t> high_;  // by bucket: the bits of its count above those in its page
  uint64_t zero_count_ = 0;
  uint64_t count_ = 0;
};

}  // namespace spandrel::storage
