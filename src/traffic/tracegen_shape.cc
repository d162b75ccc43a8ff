// SPDX-License-Identifier: Apache-2.0
#include "traffic/tracegen_shape.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <utility>

#include "traffic/span_writer.h"

namespace spandrel::traffic {
namespace {

namespace otlp = span::otlp;

constexpr size_t kServices = 10;
constexpr size_t kSpansPerTrace = 10;
constexpr size_t kAttributesPerSpan = 11;
constexpr uint64_t kWaitNano = 123'000;
constexpr double kMedianNoiseNano = 4'000;

std::string EncodeResource(size_t index) {
  std::string bytes;
  proto::Writer writer(&bytes);
  constexpr uint32_t kField = otlp::kResourceAttributes;
  AddString(writer, kField, "service.name", fmt::format("tracegen-{:02}", index));
  AddString(writer, kField, "telemetry.sdk.language", "go");
  AddString(writer, kField, "telemetry.sdk.name", "opentelemetry");
  AddString(writer, kField, "telemetry.sdk.version", "1.39.0");
  return bytes;
}

}  // namespace

TracegenShape::TracegenShape(uint64_t seed, Timeline timeline, Choice choice)
    : random_(seed), timeline_(timeline), choice_(choice), noise_(std::log(kMedianNoiseNano), 0.8) {
  for (size_t i = 0; i < kServices; ++i) resources_.push_back(EncodeResource(i));
  for (size_t i = 0; i < kKeys; ++i) key_names_.push_back(fmt::format("attr_{:02}", i));
  for (size_t i = 0; i < kValues; ++i) values_.push_back(fmt::format("val_{:02}", i));
  std::iota(keys_.begin(), keys_.end(), 0);
}

uint64_t TracegenShape::NextDuration() {
  return kWaitNano + static_cast<uint64_t>(noise_(random_.engine()));
}

void TracegenShape::StartTrace() {
  trace_id_ = random_.Id<span::TraceId>();
  root_id_ = random_.Id<span::SpanId>();
  next_start_ = timeline_.StartTrace(kSpansPerTrace, &random_);
  next_span_ = 0;
  ++traces_;
  durations_.assign(1, 0);
  while (durations_.size() < kSpansPerTrace) durations_.push_back(NextDuration());
  durations_[0] = std::accumulate(durations_.begin(), durations_.end(), uint64_t{0});
}

size_t TracegenShape::WriteSpan(const std::vector<ExtraAttribute>& extra, std::string* message) {
  if (next_span_ == durations_.size()) StartTrace();
  const size_t index = next_span_++;
  const bool is_root = index == 0;
  proto::Writer writer(message);
  AddHead(writer, {.trace_id = trace_id_,
                   .span_id = is_root ? root_id_ : random_.Id<span::SpanId>(),
                   .parent_span_id = is_root ? span::SpanId() : root_id_,
                   .name = is_root ? "lets-go" : fmt::format("child-span-{:02}", index - 1),
                   .kind = is_root ? span::SpanKind::kServer : span::SpanKind::kClient,
                   .start_time_unix_nano = next_start_,
                   .duration_nano = durations_[index]});
  if (!is_root) next_start_ += durations_[index];
  WriteAttributes(message);
  AddExtra(writer, extra);
  writer.Fixed32(otlp::kSpanFlags, 0x101);
  return (traces_ - 1) % kServices;
}

void TracegenShape::WriteAttributes(std::string* message) {
  proto::Writer writer(message);
  for (size_t i = 0; i < kAttributesPerSpan; ++i) {
    size_t key = attributes_ % kKeys;
    size_t value = attributes_ % kValues;
    ++attributes_;
    if (choice_ == Choice::kRandom) {
      std::swap(keys_[i], keys_[i + random_.Below(kKeys - i)]);
      key = keys_[i];
      value = random_.Below(kValues);
    }
    AddString(writer, otlp::kSpanAttributes, key_names_[key], values_[value]);
  }
}

}  // namespace spandrel::traffic
