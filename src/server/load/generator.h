// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "span/ids.h"
#include "span/span_batch.h"

namespace spandrel::server {

struct GeneratorOptions {
  uint64_t seed = 1;
  uint64_t start_time_unix_nano = 0;       // of the first trace
  uint64_t trace_interval_nano = 100'000;  // between starts of traces
};

// Makes OTLP requests that look like a company's traffic, the same for the same options: traces of
// heavy-tailed size (log-normal, median 8 spans, at most 10,000), 20 services of 20 operations
// each, 80 resources with 7 attributes, 11 attributes a span (5 of low, 3 of middle, 3 of unique
// cardinality), 4 % errors with an exception event; about 500 bytes a span.
class SpanGenerator {
 public:
  explicit SpanGenerator(GeneratorOptions options);

  // The next `span_count` spans as an ExportTraceServiceRequest, grouped by resource. A trace may
  // begin in one request and end in another.
  std::string NextRequest(size_t span_count);

 private:
  struct OpenSpan {
    span::SpanId id;
    uint64_t start = 0;
    uint64_t duration = 0;
    uint32_t service = 0;
  };

  void StartTrace();
  void AppendSpan();
  void AppendAttributes(std::string* message, uint32_t operation, bool error);
  uint64_t Below(uint64_t bound) { return random_() % bound; }

  GeneratorOptions options_;
  std::mt19937_64 random_;
  std::lognormal_distribution<double> trace_size_;
  std::lognormal_distribution<double> root_duration_;
  std::vector<std::string> resources_;          // encoded Resource messages
  std::vector<std::string> spans_by_resource_;  // encoded `spans` fields of the request being made

  span::TraceId trace_id_;
  std::vector<OpenSpan> trace_;  // spans of the current trace that may become parents
  size_t left_in_trace_ = 0;
  uint64_t trace_start_ = 0;
};

}  // namespace spandrel::server
