// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <vector>

#include "base/check.h"
#include "base/testing/fuzz_input.h"
#include "columnar/part/format/latency_table.h"
#include "storage/latency_histogram.h"

namespace {

using namespace spandrel;
using namespace spandrel::columnar;
using spandrel::storage::LatencyHistogram;

constexpr size_t kResources = 4;

// Some durations of some keys, and what of them is to be read again.
struct Sample {
  LatencyTableBuilder builder;
  std::map<LatencyKey, LatencyHistogram> expected;
};

Sample SampleOf(base::FuzzInput input) {
  Sample sample;
  while (!input.empty()) {
    const uint8_t bits = input.Byte();
    // Of every magnitude.
    const uint64_t duration = input.Number() >> (bits >> 2 & 63U);
    const uint32_t resource = input.Byte() % uint32_t{kResources};
    const uint64_t weight = 1 + input.Byte() % 40;
    const LatencyKey key{uint64_t{bits & 3U}, resource, (bits & 1U) != 0};
    sample.builder.Add(key, duration, weight);
    sample.expected[key].Add(duration, weight);
  }
  return sample;
}

LatencyHistogram HistogramOf(const LatencyRecord& record) {
  LatencyHistogram histogram;
  histogram.AddZeros(record.zero_count);
  AddBuckets(record.buckets, &histogram);
  return histogram;
}

void CheckRoundTrip(const Sample& sample) {
  const std::string bytes = sample.builder.Encode();
  LatencyTable table;
  SPANDREL_CHECK(ParseLatencyTable(bytes, kResources, &table).ok());
  SPANDREL_CHECK(table.size() == sample.expected.size());
  for (const LatencyRecord& record : table) {
    const LatencyHistogram histogram = HistogramOf(record);
    const LatencyHistogram& expected = sample.expected.at(record.key);
    SPANDREL_CHECK(histogram.zero_count() == expected.zero_count());
    SPANDREL_CHECK(histogram.buckets() == expected.buckets());
  }
}

// Whatever parses can be read, and encodes to bytes that parse.
void CheckParse(std::string_view bytes) {
  LatencyTable table;
  if (!ParseLatencyTable(bytes, kResources, &table).ok()) return;
  for (const LatencyRecord& record : table) {
    SPANDREL_CHECK(record.key.resource < kResources);
    HistogramOf(record);
  }
  const std::string again = EncodeLatencyTable(table);
  LatencyTable parsed;
  SPANDREL_CHECK(ParseLatencyTable(again, kResources, &parsed).ok());
  SPANDREL_CHECK(parsed.size() == table.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<char> exact(data, data + size);
  CheckParse({exact.data(), exact.size()});
  CheckRoundTrip(SampleOf({data, size}));
  return 0;
}
