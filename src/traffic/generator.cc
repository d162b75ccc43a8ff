// SPDX-License-Identifier: Apache-2.0
#include "traffic/generator.h"

#include <utility>

#include "proto/writer.h"
#include "span/span_view.h"
#include "traffic/company_shape.h"
#include "traffic/tracegen_shape.h"

namespace spandrel::traffic {
namespace {

namespace otlp = span::otlp;

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
  proto::Writer writer(&bytes);
  for (size_t i = 0; i < spans_by_resource_.size(); ++i) {
    if (spans_by_resource_[i].empty()) continue;
    const proto::NestedMessage resource_spans(writer, otlp::kRequestResourceSpans);
    writer.Bytes(otlp::kResourceSpansResource, shape_->resources()[i]);
    const proto::NestedMessage scope_spans(writer, otlp::kResourceSpansScopeSpans);
    {
      const proto::NestedMessage scope(writer, otlp::kScopeSpansScope);
      writer.Bytes(otlp::kScopeName, "spandrel.load");
      writer.Bytes(otlp::kScopeVersion, "1");
    }
    bytes.append(spans_by_resource_[i]);
  }
  return bytes;
}

void SpanGenerator::AppendSpan() {
  message_.clear();
  const size_t resource = shape_->WriteSpan(PlantedOnNextSpan(), &message_);
  proto::Writer(&spans_by_resource_[resource]).Bytes(otlp::kScopeSpansSpans, message_);
}

const std::vector<ExtraAttribute>& SpanGenerator::PlantedOnNextSpan() {
  extra_.clear();
  const uint64_t index = next_span_++;
  for (const PlantedAttribute& planted : options_.planted)
    if (IsPlanted(index, planted.count, options_.spans)) extra_.push_back(planted.attribute);
  return extra_;
}

}  // namespace spandrel::traffic
