// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/format/latency_table.h"

#include <algorithm>
#include <deque>

#include "proto/writer.h"

namespace spandrel::columnar {
namespace {

using base::Status;
using base::StatusCode;
using proto::AppendVarint;

constexpr int32_t kFirstBucket = storage::LatencyHistogram::kFirstBucket;
constexpr int32_t kLastBucket = storage::LatencyHistogram::kLastBucket;
constexpr int32_t kBucketOffset = 1 - kFirstBucket;

// Two numbers that are small mostly: four bits each, or the highest such number and a varint of
// what is more.
constexpr uint64_t kHalfMax = 15;

void AppendPair(uint64_t first, uint64_t second, std::string* out) {
  out->push_back(static_cast<char>(std::min(first, kHalfMax) << 4 | std::min(second, kHalfMax)));
  if (first >= kHalfMax) AppendVarint(first - kHalfMax, out);
  if (second >= kHalfMax) AppendVarint(second - kHalfMax, out);
}

// Takes numbers off the front of untrusted bytes; after a failure it yields zeros.
class NumberReader {
 public:
  explicit NumberReader(std::string_view bytes) : rest_(bytes) {}

  uint64_t TakeVarint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      value |= uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    rest_ = {};
    return 0;
  }
  // What AppendPair() wrote; there is a byte at least.
  std::pair<uint64_t, uint64_t> TakePair() {
    const auto both = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    uint64_t first = both >> 4;
    uint64_t second = both & kHalfMax;
    if (first == kHalfMax) first += TakeVarint();
    if (second == kHalfMax) second += TakeVarint();
    return {first, second};
  }
  std::string_view TakeBytes(uint64_t size) {
    if (!Has(size)) return {};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  // True when so many bytes are still there.
  bool Has(uint64_t size) {
    if (size > rest_.size()) ok_ = false;
    return ok_;
  }
  bool empty() const { return rest_.empty(); }
  bool done() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// Numbers of buckets, 0 for a duration of zero, as a builder collects them.
int32_t NumberOf(uint64_t duration_nano) {
  if (duration_nano == 0) return 0;
  return storage::LatencyHistogram::BucketOf(duration_nano) + kBucketOffset;
}

}  // namespace

void LatencyTableBuilder::Add(const LatencyKey& key, uint64_t duration_nano, uint64_t weight) {
  const int32_t number = NumberOf(duration_nano);
  Durations& durations = durations_[key];
  durations.numbers.push_back(number);
  if (weight > 1) durations.more[number] += weight - 1;
}

std::string LatencyTableBuilder::Encode() const {
  LatencyTable table;
  std::deque<std::string> buckets;
  for (const auto& [key, durations] : durations_) {
    LatencyRecord& record = table.emplace_back(LatencyRecord{.key = key});
    record.zero_count = EncodeCounts(durations, &buckets.emplace_back());
    record.buckets = buckets.back();
  }
  return EncodeLatencyTable(std::move(table));
}

// Appends the buckets and returns how many durations are zero.
uint64_t LatencyTableBuilder::EncodeCounts(Durations durations, std::string* buckets) {
  std::vector<int32_t>& numbers = durations.numbers;
  std::sort(numbers.begin(), numbers.end());
  uint64_t zeros = 0;
  int32_t next = 1;
  for (auto at = numbers.begin(); at != numbers.end();) {
    const int32_t number = *at;
    const auto end = std::upper_bound(at, numbers.end(), number);
    uint64_t count = static_cast<uint64_t>(end - at);
    if (!durations.more.empty()) {
      const auto more = durations.more.find(number);
      if (more != durations.more.end()) count += more->second;
    }
    if (number == 0) {
      zeros = count;
    } else {
      AppendPair(static_cast<uint64_t>(number - next), count - 1, buckets);
      next = number + 1;
    }
    at = end;
  }
  return zeros;
}

// Histograms by minute, service and error.
std::string EncodeLatencyTable(LatencyTable table) {
  std::sort(table.begin(), table.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  std::string bytes;
  AppendVarint(table.size(), &bytes);
  uint64_t minute = 0;
  for (const LatencyRecord& record : table) {
    AppendVarint(record.key.minute - minute, &bytes);
    minute = record.key.minute;
    AppendVarint(uint64_t{record.key.resource} << 1 | (record.key.error ? 1 : 0), &bytes);
    AppendVarint(record.zero_count, &bytes);
    AppendVarint(record.buckets.size(), &bytes);
    bytes += record.buckets;
  }
  return bytes;
}

Status ParseLatencyTable(std::string_view bytes, size_t resource_count, LatencyTable* table) {
  NumberReader reader(bytes);
  const uint64_t histograms = reader.TakeVarint();
  uint64_t minute = 0;
  table->resize(reader.Has(histograms) ? histograms : 0);
  for (LatencyRecord& record : *table) {
    minute += reader.TakeVarint();
    const uint64_t service = reader.TakeVarint();
    if (service >> 1 >= resource_count) return {StatusCode::kDataLoss, "latencies damaged"};
    record.key = {minute, static_cast<uint32_t>(service >> 1), (service & 1) != 0};
    record.zero_count = reader.TakeVarint();
    record.buckets = reader.TakeBytes(reader.TakeVarint());
  }
  return reader.done() ? Status() : Status(StatusCode::kDataLoss, "latencies cannot be read");
}

void AddBuckets(std::string_view buckets, storage::LatencyHistogram* histogram) {
  histogram->Reserve(buckets.size());
  NumberReader reader(buckets);
  int32_t next = kFirstBucket;
  while (!reader.empty()) {
    const auto [skipped, more] = reader.TakePair();
    const int32_t bucket = std::min(next + static_cast<int32_t>(skipped & 0xffff), kLastBucket);
    histogram->AddToBucket(bucket, more + 1);
    next = bucket + 1;
  }
}

}  // namespace spandrel::columnar
