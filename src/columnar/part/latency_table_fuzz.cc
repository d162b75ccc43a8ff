// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "base/check.h"
#include "columnar/fuzz_input.h"
#include "columnar/part/latency_table.h"
#include "storage/latency_histogram.h"

namespace {

using namespace spandrel::columnar;

constexpr size_t kResources = 4;

// Some durations of some keys, the way from the builder and back.
LatencyTable TableOf(FuzzInput input) {
  LatencyTableBuilder builder;
  while (!input.empty()) {
    const uint8_t key = input.Byte();
    // Of every magnitude.
    const uint64_t duration = input.Number() >> (key >> 2 & 63U);
    const uint32_t resource = input.Byte() % uint32_t{kResources};
    const uint64_t weight = 1 + input.Byte() % 3;
    builder.Add({uint64_t{key & 3U}, resource, (key & 1U) != 0}, duration, weight);
  }
  return builder.Finish();
}

void CheckRoundTrip(const LatencyTable& table) {
  const std::string bytes = EncodeLatencyTable(table);
  const auto again = ParseLatencyTable(bytes, kResources);
  SPANDREL_CHECK(again.ok() && again->size() == table.size());
  for (const auto& [key, counts] : *again) {
    const auto sent = std::find_if(table.begin(), table.end(),
                                   [&k = key](const auto& entry) { return entry.first == k; });
    SPANDREL_CHECK(sent != table.end() && sent->second.count == counts.count);
    SPANDREL_CHECK(sent->second.zero_count == counts.zero_count);
    SPANDREL_CHECK(sent->second.buckets == counts.buckets);
  }
}

}  // namespace

// Whatever parses encodes to bytes that parse; what a builder made makes the round trip.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<char> exact(data, data + size);
  const auto table = ParseLatencyTable({exact.data(), exact.size()}, kResources);
  if (table.ok()) {
    for (const auto& [key, counts] : *table) SPANDREL_CHECK(key.resource < kResources);
    const auto again = ParseLatencyTable(EncodeLatencyTable(*table), kResources);
    SPANDREL_CHECK(again.ok() && again->size() == table->size());
  }
  CheckRoundTrip(TableOf({data, size}));
  return 0;
}
