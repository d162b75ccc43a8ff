// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "proto/writer.h"
#include "span/span_batch.h"
#include "span/span_view.h"
#include "traffic/traffic_shape.h"

// How the traffic shapes write OTLP messages: fields in the order of their numbers, as protobuf's
// own encoders do.
namespace spandrel::traffic {

inline void AddString(proto::Writer& writer, uint32_t field, std::string_view key,
                      std::string_view value) {
  const proto::NestedMessage attribute(writer, field);
  writer.Bytes(span::otlp::kKeyValueKey, key);
  const proto::NestedMessage any(writer, span::otlp::kKeyValueValue);
  writer.Bytes(span::otlp::kAnyValueString, value);
}

inline void AddInt(proto::Writer& writer, uint32_t field, std::string_view key, int64_t value) {
  const proto::NestedMessage attribute(writer, field);
  writer.Bytes(span::otlp::kKeyValueKey, key);
  const proto::NestedMessage any(writer, span::otlp::kKeyValueValue);
  writer.Varint(span::otlp::kAnyValueInt, static_cast<uint64_t>(value));
}

inline void AddExtra(proto::Writer& writer, const std::vector<ExtraAttribute>& extra) {
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

inline void AddHead(proto::Writer& writer, const SpanHead& head) {
  writer.Bytes(span::otlp::kSpanTraceId, head.trace_id.view());
  writer.Bytes(span::otlp::kSpanSpanId, head.span_id.view());
  if (!head.parent_span_id.IsZero()) {
    writer.Bytes(span::otlp::kSpanParentSpanId, head.parent_span_id.view());
  }
  writer.Bytes(span::otlp::kSpanName, head.name);
  writer.Varint(span::otlp::kSpanKind, static_cast<uint64_t>(head.kind));
  writer.Fixed64(span::otlp::kSpanStartTime, head.start_time_unix_nano);
  writer.Fixed64(span::otlp::kSpanEndTime, head.start_time_unix_nano + head.duration_nano);
}

}  // namespace spandrel::traffic
