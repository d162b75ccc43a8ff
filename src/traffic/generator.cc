// SPDX-License-Identifier: Apache-2.0
#include "traffic/generator.h"

#include <protozero/pbf_writer.hpp>
#include <utility>

#include "span/span_view.h"
#include "traffic/company_shape.h"
#include "traffic/tracegen_shape.h"

namespace spandrel::traffic {
namespace {

namespace otlp = span::otlp;
using protozero::pbf_writer;

std::unique_ptr<TrafficShape> MakeShape(const GeneratorOptions& options) {
  const Timeline timeline(options.start_time_unix_nano, options.nano_per_span);
  switch (options.shape) {
    case Shape::kTracegen:
      return std::make_unique<TracegenShape>(options.seed, timeline,
                                             TracegenShape::Choice::kCyclic);
    case Shape::kTracegenRandom:
      return std::make_unique<TracegenShape>(options.seed, timeline,
                                             TracegenShape::Choice::kRandom);
    case Shape::kCompany:
      break;
  }
  return std::make_unique<CompanyShape>(options.seed, timeline);
}

// Whether span `index` of `spans` is one of `count` at even distances, the first half a distance
// from the beginning.
bool IsPlanted(uint64_t index, uint64_t count, uint64_t spans) {
  const auto up_to = [&](uint64_t end) { return (end * count + spans / 2) / spans; };
  return index < spans && up_to(index + 1) > up_to(index);
}

}  // namespace

SpanGenerator::SpanGenerator(GeneratorOptions options)
    : options_(std::move(options)),
      shape_(MakeShape(options_)),
      spans_by_resource_(shape_->resources().size()) {}

std::string SpanGenerator::NextRequest(size_t span_count) {
  for (std::string& spans : spans_by_resource_) spans.clear();
  for (size_t i = 0; i < span_count; ++i) AppendSpan();
  std::string bytes;
  pbf_writer request(bytes);
  for (size_t i = 0; i < spans_by_resource_.size(); ++i) {
    if (spans_by_resource_[i].empty()) continue;
    pbf_writer resource_spans(request, otlp::kRequestResourceSpans);
    resource_spans.add_message(otlp::kResourceSpansResource, shape_->resources()[i]);
    pbf_writer scope_spans(resource_spans, otlp::kResourceSpansScopeSpans);
    {
      pbf_writer scope(scope_spans, otlp::kScopeSpansScope);
      scope.add_string(otlp::kScopeName, "spandrel.load");
      scope.add_string(otlp::kScopeVersion, "1");
    }
    bytes.append(spans_by_resource_[i]);
  }
  return bytes;
}

void SpanGenerator::AppendSpan() {
  message_.clear();
  const size_t resource = shape_->WriteSpan(PlantedOnNextSpan(), &message_);
  pbf_writer spans(spans_by_resource_[resource]);
  spans.add_message(otlp::kScopeSpansSpans, message_);
}

const std::vector<ExtraAttribute>& SpanGenerator::PlantedOnNextSpan() {
  extra_.clear();
  const uint64_t index = next_span_++;
  for (const PlantedAttribute& planted : options_.planted)
    if (IsPlanted(index, planted.count, options_.spans)) extra_.push_back(planted.attribute);
  return extra_;
}

}  // namespace spandrel::traffic
