// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "storage/latency_histogram.h"

namespace spandrel::columnar {

inline constexpr uint64_t kMinuteNano = 60'000'000'000;

// The latencies of the spans of one service that start in one minute since the epoch, with or
// without status error.
struct LatencyKey {
  uint64_t minute = 0;
  uint32_t resource = 0;  // the first one of the part's dictionary with the service's name
  bool error = false;
  friend auto operator<=>(const LatencyKey&, const LatencyKey&) = default;
};

struct LatencyRecord {
  LatencyKey key;
  uint64_t zero_count = 0;   // spans of duration zero
  std::string_view buckets;  // the others, encoded; AddBuckets() reads them
};

using LatencyTable = std::vector<LatencyRecord>;

// Collects the latency histograms of a row group. One thread.
class LatencyTableBuilder {
 public:
  // `weight` durations of the same length.
  void Add(const LatencyKey& key, uint64_t duration_nano, uint64_t weight);
  std::string Encode() const;

 private:
  struct KeyHash {
    size_t operator()(const LatencyKey& key) const {
      return (key.minute * 0x9e3779b97f4a7c15) ^
             (uint64_t{key.resource} << 1 | (key.error ? 1 : 0));
    }
  };
  // Numbers stand for buckets, 0 for a duration of zero.
  struct Durations {
    std::vector<int32_t> numbers;      // of each span
    std::map<int32_t, uint64_t> more;  // what spans count beyond 1
  };
  static uint64_t EncodeCounts(Durations durations, std::string* buckets);

  std::unordered_map<LatencyKey, Durations, KeyHash> durations_;
};

std::string EncodeLatencyTable(LatencyTable table);

// Reads a table, whose records refer to `bytes`; they are of no use after an error. DATA_LOSS when
// it is not a table, or names resources that the dictionary does not have.
base::Status ParseLatencyTable(std::string_view bytes, size_t resource_count, LatencyTable* table);

// Adds what the buckets of a record count. Takes whatever bytes: a bucket out of bounds counts as
// the last one.
void AddBuckets(std::string_view buckets, storage::LatencyHistogram* histogram);

}  // namespace spandrel::columnar
