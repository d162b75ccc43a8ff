// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <protozero/pbf_writer.hpp>
#include <string_view>
#include <vector>

#include "span/span_batch.h"
#include "span/span_view.h"
#include "traffic/traffic_shape.h"

// How the traffic shapes write OTLP messages: fields in the order of their numbers, as protobuf's
// own encoders do.
namespace spandrel::traffic {

inline void AddString(protozero::pbf_writer& writer, uint32_t field, std::string_view key,
                      std::string_view value) {
  protozero::pbf_writer attribute(writer, field);
  attribute.add_string(span::otlp::kKeyValueKey, key.data(), key.size());
  protozero::pbf_writer any(attribute, span::otlp::kKeyValueValue);
  any.add_string(span::otlp::kAnyValueString, value.data(), value.size());
}

inline void AddInt(protozero::pbf_writer& writer, uint32_t field, std::string_view key,
                   int64_t value) {
  protozero::pbf_writer attribute(writer, field);
  attribute.add_string(span::otlp::kKeyValueKey, key.data(), key.size());
  protozero::pbf_writer any(attribute, span::otlp::kKeyValueValue);
  any.add_int64(span::otlp::kAnyValueInt, value);
}

inline void AddExtra(protozero::pbf_writer& writer, const std::vector<ExtraAttribute>& extra) {
  for (const ExtraAttribute& attribute : extra)
    AddString(writer, span::otlp::kSpanAttributes, attribute.key, attribute.value);
}

// What comes before a span's attributes.
struct SpanHead {
  span::TraceId trace_id;
  span::SpanId span_id;
  span::SpanId parent_span_id;  // zero: none
  std::string_view name;
  span::SpanKind kind = span::SpanKind::kInternal;
  uint64_t start_time_unix_nano = 0;
  uint64_t duration_nano = 0;
};

inline void AddHead(protozero::pbf_writer& writer, const SpanHead& head) {
  const auto add_id = [&](uint32_t field, std::string_view id) {
    writer.add_bytes(field, id.data(), id.size());
  };
  add_id(span::otlp::kSpanTraceId, head.trace_id.view());
  add_id(span::otlp::kSpanSpanId, head.span_id.view());
  if (!head.parent_span_id.IsZero())
    add_id(span::otlp::kSpanParentSpanId, head.parent_span_id.view());
  writer.add_string(span::otlp::kSpanName, head.name.data(), head.name.size());
  writer.add_enum(span::otlp::kSpanKind, static_cast<int32_t>(head.kind));
  writer.add_fixed64(span::otlp::kSpanStartTime, head.start_time_unix_nano);
  writer.add_fixed64(span::otlp::kSpanEndTime, head.start_time_unix_nano + head.duration_nano);
}

}  // namespace spandrel::traffic
