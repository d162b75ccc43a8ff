// SPDX-License-Identifier: Apache-2.0
#include "storage/latency_histogram.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace spandrel::storage {
namespace {

constexpr double kBucketsPerDoubling = 32;
constexpr int kMantissaBits = 52;
constexpr uint64_t kMantissaMask = (uint64_t{1} << kMantissaBits) - 1;

uint64_t BitsOf(double value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  return bits;
}

// The bounds of the buckets of one doubling, as mantissas. The first bits of a mantissa say which
// bucket it is, but for one bound that may lie among the mantissas with the same first bits: they
// are a 64th of the doubling, and no bucket is narrower than a 46th.
struct Bounds {
  static constexpr int kSliceBits = 6;

  Bounds() {
    for (size_t i = 0; i < upper.size(); ++i) {
      const double bound = std::exp2(static_cast<double>(i) / kBucketsPerDoubling);
      upper[i] = i < 32 ? BitsOf(bound) & kMantissaMask : UINT64_MAX;
    }
    for (size_t slice = 0; slice < first.size(); ++slice) {
      const uint64_t mantissa = uint64_t{slice} << (kMantissaBits - kSliceBits);
      first[slice] = static_cast<uint8_t>(std::lower_bound(upper.begin(), upper.end(), mantissa) -
                                          upper.begin());
    }
  }

  int32_t PlaceOf(uint64_t mantissa) const {
    const uint8_t place = first[mantissa >> (kMantissaBits - kSliceBits)];
    return mantissa > upper[place] ? place + 1 : place;
  }

  std::array<uint64_t, 33> upper;
  std::array<uint8_t, size_t{1} << kSliceBits> first;
};

const Bounds& TheBounds() {
  static const Bounds bounds;
  return bounds;
}

int32_t PlaceOf(const Bounds& bounds, double number) {
  const uint64_t bits = BitsOf(number);
  const auto doublings = static_cast<int32_t>(bits >> kMantissaBits) - 1023;
  return doublings * 32 + bounds.PlaceOf(bits & kMantissaMask) - 1;
}

}  // namespace

void LatencyHistogram::Add(uint64_t duration_nano, uint64_t count) {
  if (duration_nano == 0) return AddZeros(count);
  AddToBucket(BucketOf(duration_nano), count);
}

void LatencyHistogram::AddZeros(uint64_t count) {
  count_ += count;
  zero_count_ += count;
}

void LatencyHistogram::Reserve(size_t buckets) {
  if (pages_.empty()) pages_.reserve(std::min(kMaxPages, 2 + buckets / (kPageSize / 2)));
}

void LatencyHistogram::Merge(const LatencyHistogram& other) {
  AddZeros(other.zero_count_);
  other.VisitBuckets([&](int32_t bucket, uint64_t count) { AddToBucket(bucket, count); });
}

std::vector<std::pair<int32_t, uint64_t>> LatencyHistogram::buckets() const {
  std::vector<std::pair<int32_t, uint64_t>> all;
  VisitBuckets([&](int32_t bucket, uint64_t count) { all.emplace_back(bucket, count); });
  return all;
}

uint64_t LatencyHistogram::Quantile(double quantile) const {
  if (count_ == 0) return 0;
  const double share = std::clamp(quantile, 0.0, 1.0);
  const auto rank =
      std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_))));
  if (zero_count_ >= rank) return 0;
  // The middle of the bucket on the logarithmic scale halves the worst error.
  return static_cast<uint64_t>(
      std::llround(UpperBound(BucketOfRank(rank)) / std::exp2(0.5 / kBucketsPerDoubling)));
}

// Looks from the end on: high quantiles are asked for most.
int32_t LatencyHistogram::BucketOfRank(uint64_t rank) const {
  const uint64_t max_longer = count_ - rank;
  uint64_t longer = 0;
  for (size_t number = kMaxPages; number-- > 0;) {
    if (place_of_page_[number] == 0) continue;
    const uint64_t of_page = CountOfPage(number);
    if (longer + of_page <= max_longer) {
      longer += of_page;
      continue;
    }
    size_t i = kPageSize - 1;
    for (; i > 0 && longer + CountAt(number, i) <= max_longer; --i) longer += CountAt(number, i);
    return static_cast<int32_t>(number * kPageSize + i) + kFirstBucket;
  }
  return kFirstBucket;
}

uint64_t LatencyHistogram::CountOfPage(size_t number) const {
  const Page& page = pages_[place_of_page_[number] - 1U];
  uint64_t count = 0;
  for (const Low low : page) count += low;
  const auto end = high_.lower_bound((number + 1) * kPageSize);
  for (auto at = high_.lower_bound(number * kPageSize); at != end; ++at)
    count += at->second << kLowBits;
  return count;
}

int32_t LatencyHistogram::BucketOfNumber(double number) {
  return PlaceOf(TheBounds(), number);
}

void LatencyHistogram::FindBuckets(std::span<const uint64_t> durations,
                                   std::span<int32_t> buckets) {
  const Bounds& bounds = TheBounds();
  for (size_t i = 0; i < durations.size(); ++i) {
    const int32_t bucket = PlaceOf(bounds, static_cast<double>(durations[i]));
    buckets[i] = durations[i] == 0 ? kFirstBucket - 1 : bucket;
  }
}

double LatencyHistogram::UpperBound(int32_t bucket) {
  return std::exp2((bucket + 1) / kBucketsPerDoubling);
}

void LatencyHistogram::AddPage(size_t number) {
  pages_.emplace_back();
  place_of_page_[number] = static_cast<uint8_t>(pages_.size());
}

uint64_t LatencyHistogram::HighAt(size_t at) const {
  const auto found = high_.find(at);
  return found == high_.end() ? 0 : found->second << kLowBits;
}

template <typename Visit>
void LatencyHistogram::VisitBuckets(Visit&& visit) const {
  for (size_t number = 0; number < kMaxPages; ++number) {
    if (place_of_page_[number] == 0) continue;
    for (size_t i = 0; i < kPageSize; ++i) {
      const uint64_t count = CountAt(number, i);
      if (count != 0) visit(static_cast<int32_t>(number * kPageSize + i) + kFirstBucket, count);
    }
  }
}

}  // namespace spandrel::storage
