// SPDX-License-Identifier: Apache-2.0
#include "traffic/generator.h"

#include <algorithm>
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

// `spans`: encoded fields of ScopeSpans.
void WriteResourceSpans(std::string_view resource, std::string_view spans, std::string* bytes) {
  proto::Writer writer(bytes);
  const proto::NestedMessage resource_spans(writer, otlp::kRequestResourceSpans);
  writer.Bytes(otlp::kResourceSpansResource, resource);
  const proto::NestedMessage scope_spans(writer, otlp::kResourceSpansScopeSpans);
  {
    const proto::NestedMessage scope(writer, otlp::kScopeSpansScope);
    writer.Bytes(otlp::kScopeName, "spandrel.load");
    writer.Bytes(otlp::kScopeVersion, "1");
  }
  bytes->append(spans);
}

}  // namespace

SpanGenerator::SpanGenerator(GeneratorOptions options)
    : options_(std::move(options)),
      shape_(MakeShape(options_)),
      waiting_(shape_->resources().size()) {}

std::string SpanGenerator::NextRequest(size_t span_count) {
  for (size_t i = 0; i < span_count; ++i) AppendSpan();
  std::string bytes;
  for (size_t i = 0; i < waiting_.size(); ++i) {
    if (waiting_[i].spans > 0) bytes += Take(i).bytes;
  }
  return bytes;
}

GeneratedRequest SpanGenerator::NextPiece(size_t span_count) {
  while (next_span_ < options_.spans) {
    const size_t resource = AppendSpan();
    if (waiting_[resource].spans >= span_count) return Take(resource);
  }
  const auto left = std::find_if(waiting_.begin(), waiting_.end(),
                                 [](const Waiting& waiting) { return waiting.spans > 0; });
  if (left == waiting_.end()) return {};
  return Take(static_cast<size_t>(left - waiting_.begin()));
}

GeneratedRequest SpanGenerator::Take(size_t resource) {
  Waiting& waiting = waiting_[resource];
  GeneratedRequest request{{}, std::exchange(waiting.spans, 0)};
  WriteResourceSpans(shape_->resources()[resource], waiting.bytes, &request.bytes);
  waiting.bytes.clear();
  return request;
}

size_t SpanGenerator::AppendSpan() {
  message_.clear();
  const size_t resource = shape_->WriteSpan(PlantedOnNextSpan(), &message_);
  proto::Writer(&waiting_[resource].bytes).Bytes(otlp::kScopeSpansSpans, message_);
  ++waiting_[resource].spans;
  return resource;
}

const std::vector<ExtraAttribute>& SpanGenerator::PlantedOnNextSpan() {
  extra_.clear();
  const uint64_t index = next_span_++;
  for (const PlantedAttribute& planted : options_.planted)
    if (IsPlanted(index, planted.count, options_.spans)) extra_.push_back(planted.attribute);
  return extra_;
}

}  // namespace spandrel::traffic
