// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "opentelemetry/common/timestamp.h"
#include "opentelemetry/nostd/shared_ptr.h"
#include "opentelemetry/trace/span_context.h"
#include "opentelemetry/trace/span_metadata.h"
#include "opentelemetry/trace/trace_state.h"
#include "spandrel/detail/otlp_attributes.h"
#include "spandrel/detail/otlp_fields.h"

// Reads spans of OTLP into recordables of opentelemetry-cpp's SDK, whose headers only
// spandrel/otel_exporter.h includes: `Recordable` is opentelemetry::sdk::trace::Recordable.
namespace spandrel::sdk::otel_exporter_detail {

namespace trace_api = opentelemetry::trace;

// The ids of a span, a parent or a link.
struct Ids {
  std::string_view trace_id;
  std::string_view span_id;
  std::string_view trace_state;
  uint64_t flags = 0;

  trace_api::SpanContext ToContext() const {
    return {TraceIdOf(trace_id), SpanIdOf(span_id),
            trace_api::TraceFlags(static_cast<uint8_t>(flags)), false, ToTraceState()};
  }
  // Without the members whose keys the API does not know, for which it would keep none.
  nostd::shared_ptr<trace_api::TraceState> ToTraceState() const {
    using trace_api::TraceState;
    if (trace_state.empty()) return TraceState::GetDefault();
    std::string known;
    for (std::string_view rest = trace_state; !rest.empty();) {
      const std::string_view member = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(member.size() + 1, rest.size()));
      if (!TraceState::IsValidKey(View(member.substr(0, member.find('='))))) continue;
      if (!known.empty()) known += ',';
      known += member;
    }
    return TraceState::FromHeader(known);
  }
  static trace_api::TraceId TraceIdOf(std::string_view bytes) {
    uint8_t id[trace_api::TraceId::kSize] = {};
    if (bytes.size() == sizeof(id)) std::memcpy(id, bytes.data(), sizeof(id));
    return trace_api::TraceId(id);
  }
  static trace_api::SpanId SpanIdOf(std::string_view bytes) {
    uint8_t id[trace_api::SpanId::kSize] = {};
    if (bytes.size() == sizeof(id)) std::memcpy(id, bytes.data(), sizeof(id));
    return trace_api::SpanId(id);
  }
};

inline common::SystemTimestamp TimeOf(uint64_t unix_nanos) {
  return common::SystemTimestamp(std::chrono::nanoseconds(unix_nanos));
}

// Span.Event, Span.Link and Status.
template <typename Recordable>
void ReadEvent(std::string_view message, Recordable& out) {
  uint64_t time = 0;
  std::string_view name;
  Attributes attributes;
  for (Fields field(message); field.Next();) {
    if (field.number == 1) time = field.value;
    if (field.number == 2) name = field.bytes;
    if (field.number == 3) attributes.Add(field.bytes);
  }
  out.AddEvent(View(name), TimeOf(time), attributes);
}

template <typename Recordable>
void ReadLink(std::string_view message, Recordable& out) {
  Ids ids;
  Attributes attributes;
  for (Fields field(message); field.Next();) {
    if (field.number == 1) ids.trace_id = field.bytes;
    if (field.number == 2) ids.span_id = field.bytes;
    if (field.number == 3) ids.trace_state = field.bytes;
    if (field.number == 4) attributes.Add(field.bytes);
    if (field.number == 6) ids.flags = field.value;
  }
  out.AddLink(ids.ToContext(), attributes);
}

template <typename Recordable>
void ReadStatus(std::string_view message, Recordable& out) {
  std::string_view description;
  uint64_t code = 0;
  for (Fields field(message); field.Next();) {
    if (field.number == 2) description = field.bytes;
    if (field.number == 3) code = field.value;
  }
  if (code <= 2) out.SetStatus(static_cast<trace_api::StatusCode>(code), View(description));
}

// A Span message, all of it. What is malformed ends it there; `out` has what came before.
template <typename Recordable>
void ReadSpan(std::string_view message, Recordable& out) {
  Ids ids;
  std::string_view parent;
  Attributes attributes;
  uint64_t start = 0;
  uint64_t end = 0;
  for (Fields field(message); field.Next();) {
    switch (field.number) {
      case 1:
        ids.trace_id = field.bytes;
        break;
      case 2:
        ids.span_id = field.bytes;
        break;
      case 3:
        ids.trace_state = field.bytes;
        break;
      case 4:
        parent = field.bytes;
        break;
      case 5:
        out.SetName(View(field.bytes));
        break;
      case 6:
        if (field.value >= 1 && field.value <= 5) {
          out.SetSpanKind(static_cast<trace_api::SpanKind>(field.value - 1));
        }
        break;
      case 7:
        start = field.value;
        break;
      case 8:
        end = field.value;
        break;
      case 9:
        attributes.Add(field.bytes);
        break;
      case 11:
        ReadEvent(field.bytes, out);
        break;
      case 13:
        ReadLink(field.bytes, out);
        break;
      case 15:
        ReadStatus(field.bytes, out);
        break;
      case 16:
        ids.flags = field.value;
        break;
      default:
        break;
    }
  }
  const trace_api::SpanContext context = ids.ToContext();
  out.SetIdentity(context, Ids::SpanIdOf(parent));
  out.SetTraceFlags(context.trace_flags());
  out.SetStartTime(TimeOf(start));
  out.SetDuration(std::chrono::nanoseconds(end > start ? end - start : 0));
  attributes.ForEachKeyValue([&out](nostd::string_view key, common::AttributeValue value) noexcept {
    out.SetAttribute(key, value);
    return true;
  });
}

}  // namespace spandrel::sdk::otel_exporter_detail
