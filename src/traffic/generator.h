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

// An encoded ExportTraceServiceRequest.
struct GeneratedRequest {
  std::string bytes;
  uint64_t spans = 0;
};

// Makes OTLP requests of a shape, the same for the same options.
class SpanGenerator {
 public:
  explicit SpanGenerator(GeneratorOptions options);

  // The next `span_count` spans as an ExportTraceServiceRequest, grouped by resource. A trace may
  // begin in one request and end in another.
  std::string NextRequest(size_t span_count);

  // The same spans as batch processors send them: a request is of one resource, which waits until
  // it has `span_count` spans, so that the pieces of a trace come one by one. When all
  // `options.spans` are made, what is left of each; then an empty one.
  GeneratedRequest NextPiece(size_t span_count);

 private:
  struct Waiting {
    std::string bytes;  // encoded `spans` fields
    uint64_t spans = 0;
  };

  size_t AppendSpan();  // the index of its resource
  GeneratedRequest Take(size_t resource);
  const std::vector<ExtraAttribute>& PlantedOnNextSpan();

  const GeneratorOptions options_;
  std::unique_ptr<TrafficShape> shape_;
  std::vector<Waiting> waiting_;       // by resource: not sent yet
  std::vector<ExtraAttribute> extra_;  // of the span being made
  std::string message_;                // of the span being made
  uint64_t next_span_ = 0;
};

}  // namespace spandrel::traffic
