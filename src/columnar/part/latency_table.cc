// SPDX-License-Identifier: Apache-2.0
#include "columnar/part/latency_table.h"

#include <algorithm>

#include "storage/latency_histogram.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

// Buckets are kept as numbers from 1 on; that of a nanosecond is -1.
constexpr int32_t kBucketOffset = 2;
constexpr int64_t kMaxBucket = 64 * 32 + kBucketOffset;

void AppendVarint(uint64_t value, std::string* out) {
  while (value >= 0x80) {
    out->push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out->push_back(static_cast<char>(value));
}

// Takes varints off the front of untrusted bytes; after a failure it yields zeros.
class VarintReader {
 public:
  explicit VarintReader(std::string_view bytes) : rest_(bytes) {}

  uint64_t Take() {
    // Most are of one byte.
    if (!rest_.empty() && static_cast<uint8_t>(rest_.front()) < 0x80) {
      const auto value = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      return value;
    }
    return TakeLong();
  }
  // Two at once, which are nearly always of one byte each.
  std::pair<uint64_t, uint64_t> TakeTwo() {
    if (rest_.size() >= 2) {
      const auto first = static_cast<uint8_t>(rest_[0]);
      const auto second = static_cast<uint8_t>(rest_[1]);
      if ((first | second) < 0x80) {
        rest_.remove_prefix(2);
        return {first, second};
      }
    }
    const uint64_t first = Take();
    return {first, Take()};
  }
  // True when so many varints may still be there.
  bool Has(uint64_t count) {
    if (count > rest_.size()) ok_ = false;
    return ok_;
  }
  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }

 private:
  uint64_t TakeLong() {
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

  std::string_view rest_;
  bool ok_ = true;
};

// The number of zeros, the number of buckets, and each as its distance from the one before, since
// they lie close together, and its count.
void AppendCounts(const LatencyCounts& counts, std::string* out) {
  AppendVarint(counts.zero_count, out);
  AppendVarint(counts.buckets.size(), out);
  int32_t previous = 0;
  for (const auto& [bucket, count] : counts.buckets) {
    AppendVarint(static_cast<uint64_t>(bucket + kBucketOffset - previous), out);
    AppendVarint(count, out);
    previous = bucket + kBucketOffset;
  }
}

void TakeCounts(VarintReader* from, LatencyCounts* counts) {
  // A copy stays in registers.
  VarintReader reader = *from;
  counts->zero_count = reader.Take();
  counts->count = counts->zero_count;
  const uint64_t buckets = reader.Take();
  counts->buckets.resize(reader.Has(buckets) ? buckets : 0);
  int64_t bucket = 0;
  for (auto& [number, count] : counts->buckets) {
    const auto [distance, spans] = reader.TakeTwo();
    bucket = std::min<int64_t>(bucket + static_cast<int64_t>(distance & 0xffff), kMaxBucket);
    number = static_cast<int32_t>(bucket - kBucketOffset);
    count = spans;
    counts->count += spans;
  }
  *from = reader;
}

}  // namespace

void LatencyTableBuilder::Add(const LatencyKey& key, uint64_t duration_nano, uint64_t weight) {
  const bool is_zero = duration_nano == 0;
  const int32_t number =
      is_zero ? 0 : storage::LatencyHistogram::BucketOf(duration_nano) + kBucketOffset;
  Durations& durations = durations_[key];
  durations.numbers.push_back(number);
  if (weight > 1) durations.more[number] += weight - 1;
}

LatencyTable LatencyTableBuilder::Finish() const {
  LatencyTable table;
  for (const auto& [key, durations] : durations_) table.emplace_back(key, CountsOf(durations));
  return table;
}

LatencyCounts LatencyTableBuilder::CountsOf(Durations durations) {
  LatencyCounts counts;
  std::vector<int32_t>& numbers = durations.numbers;
  std::sort(numbers.begin(), numbers.end());
  for (auto at = numbers.begin(); at != numbers.end();) {
    const int32_t number = *at;
    const auto end = std::upper_bound(at, numbers.end(), number);
    uint64_t count = static_cast<uint64_t>(end - at);
    if (!durations.more.empty()) {
      const auto more = durations.more.find(number);
      if (more != durations.more.end()) count += more->second;
    }
    counts.count += count;
    if (number == 0) {
      counts.zero_count = count;
    } else {
      counts.buckets.emplace_back(number - kBucketOffset, count);
    }
    at = end;
  }
  return counts;
}

// Histograms by minute, service and error.
std::string EncodeLatencyTable(LatencyTable table) {
  std::sort(table.begin(), table.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string bytes;
  AppendVarint(table.size(), &bytes);
  uint64_t minute = 0;
  for (const auto& [key, counts] : table) {
    AppendVarint(key.minute - minute, &bytes);
    minute = key.minute;
    AppendVarint(uint64_t{key.resource} << 1 | (key.error ? 1 : 0), &bytes);
    AppendCounts(counts, &bytes);
  }
  return bytes;
}

Result<LatencyTable> ParseLatencyTable(std::string_view bytes, size_t resource_count) {
  LatencyTable table;
  SPANDREL_RETURN_IF_ERROR(ParseLatencyTable(bytes, resource_count, &table));
  return table;
}

Status ParseLatencyTable(std::string_view bytes, size_t resource_count, LatencyTable* table) {
  VarintReader reader(bytes);
  const uint64_t keys = reader.Take();
  uint64_t minute = 0;
  if (reader.Has(keys)) table->resize(keys);
  for (auto entry = table->begin(); entry != table->end() && reader.ok(); ++entry) {
    minute += reader.Take();
    const uint64_t service = reader.Take();
    entry->first = {minute, static_cast<uint32_t>(service >> 1), (service & 1) != 0};
    if (service >> 1 >= resource_count) return {StatusCode::kDataLoss, "latencies damaged"};
    TakeCounts(&reader, &entry->second);
  }
  return reader.done() ? Status() : Status(StatusCode::kDataLoss, "latencies cannot be read");
}

}  // namespace spandrel::columnar
