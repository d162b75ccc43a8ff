// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "traffic/traffic_shape.h"

namespace spandrel::traffic {

enum class Shape : uint8_t {
  kCompany,         // CompanyShape
  kTracegen,        // TracegenShape, keys and values in turn
  kTracegenRandom,  // TracegenShape, keys and values at random
};

// A rare attribute: on `count` of all spans, at even distances.
struct PlantedAttribute {
  ExtraAttribute attribute;
  uint64_t count = 0;
};

struct GeneratorOptions {
  uint64_t seed = 1;
  Shape shape = Shape::kCompany;
  uint64_t spans = 0;                     // that will be asked for; planting needs to know
  uint64_t start_time_unix_nano = 0;      // of the first trace
  double nano_per_span = 6'000;           // the time over which starts are spread, by spans
  std::vector<PlantedAttribute> planted;  // of each at most `spans`
};

// Makes OTLP requests of a shape, the same for the same options.
class SpanGenerator {
 public:
  explicit SpanGenerator(GeneratorOptions options);

  // The next `span_count` spans as an ExportTraceServiceRequest, grouped by resource. A trace may
  // begin in one request and end in another.
  std::string NextRequest(size_t span_count);

 private:
  void AppendSpan();
  const std::vector<ExtraAttribute>& PlantedOnNextSpan();

  const GeneratorOptions options_;
  std::unique_ptr<TrafficShape> shape_;
  std::vector<std::string> spans_by_resource_;  // encoded `spans` fields of the request being made
  std::vector<ExtraAttribute> extra_;           // of the span being made
  std::string message_;                         // of the span being made
  uint64_t next_span_ = 0;
};

}  // namespace spandrel::traffic
