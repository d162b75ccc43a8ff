// SPDX-License-Identifier: Apache-2.0
#include "conformance/kept_spans.h"

#include <bit>
#include <map>
#include <string>

#include "base/check.h"
#include "proto/writer.h"
#include "span/span_view.h"
#include "wire/otlp/otlp.h"

namespace spandrel::conformance {
namespace {

namespace otlp = span::otlp;
using proto::NestedMessage;
using proto::Writer;
using span::ValueType;
using span::ValueView;

void WriteTyped(Writer& writer, const ValueView& value) {
  switch (value.type()) {
    case ValueType::kString:
      return writer.Bytes(otlp::kAnyValueString, value.bytes());
    case ValueType::kBool:
      return writer.Varint(otlp::kAnyValueBool, value.as_bool() ? 1 : 0);
    case ValueType::kInt:
      return writer.Varint(otlp::kAnyValueInt, static_cast<uint64_t>(value.as_int()));
    case ValueType::kDouble:
      return writer.Fixed64(otlp::kAnyValueDouble, std::bit_cast<uint64_t>(value.as_double()));
    case ValueType::kArray:
      return writer.Bytes(otlp::kAnyValueArray, value.bytes());
    case ValueType::kKvlist:
      return writer.Bytes(otlp::kAnyValueKvlist, value.bytes());
    case ValueType::kBytes:
      return writer.Bytes(otlp::kAnyValueBytes, value.bytes());
    default:
      return;
  }
}

// Writes one span after the other.
class Rewriter {
 public:
  explicit Rewriter(bool typed_values) : typed_values_(typed_values) {}

  void Add(const span::SpanRef& span) {
    const NestedMessage resource_spans(writer_, otlp::kRequestResourceSpans);
    if (span.resource_entry().present) WriteResource(span.resource());
    WriteText(otlp::kResourceSpansSchemaUrl, span.resource_schema_url());
    const NestedMessage scope_spans(writer_, otlp::kResourceSpansScopeSpans);
    if (span.scope_entry().present) WriteScope(span.scope());
    WriteText(otlp::kScopeSpansSchemaUrl, span.scope_schema_url());
    const NestedMessage message(writer_, otlp::kScopeSpansSpans);
    WriteSpan(span.entry(), span.span());
  }

  span::SpanBatch Finish() && {
    const auto decoded = wire::DecodeOtlpProtobuf(base::MakeSharedBytes(std::move(bytes_)));
    SPANDREL_CHECK(decoded.ok());
    SPANDREL_CHECK(decoded->rejected_spans == 0);
    return span::SpanBatch(decoded->chunk);
  }

 private:
  void WriteText(uint32_t field, std::string_view text) {
    if (!text.empty()) writer_.Bytes(field, text);
  }
  void WriteCount(uint32_t field, uint32_t count) {
    if (count > 0) writer_.Varint(field, count);
  }

  void WriteAttributes(uint32_t field, span::AttributeReader attributes) {
    std::map<std::string_view, ValueView> by_key;
    while (const auto attribute = attributes.Next()) by_key[attribute->key] = attribute->value;
    for (const auto& [key, value] : by_key) {
      const NestedMessage attribute(writer_, field);
      writer_.Bytes(otlp::kKeyValueKey, key);
      const NestedMessage any_value(writer_, otlp::kKeyValueValue);
      if (typed_values_) {
        WriteTyped(writer_, value);
      } else {
        writer_.Bytes(otlp::kAnyValueString, value.ToText());
      }
    }
  }

  void WriteResource(const span::ResourceView& resource) {
    const NestedMessage message(writer_, otlp::kResourceSpansResource);
    WriteAttributes(otlp::kResourceAttributes, resource.attributes());
    WriteCount(otlp::kResourceDroppedAttributesCount, resource.dropped_attributes_count());
  }

  void WriteScope(const span::ScopeView& scope) {
    const NestedMessage message(writer_, otlp::kScopeSpansScope);
    WriteText(otlp::kScopeName, scope.name);
    WriteText(otlp::kScopeVersion, scope.version);
    WriteAttributes(otlp::kScopeAttributes, scope.attributes());
    WriteCount(otlp::kScopeDroppedAttributesCount, scope.dropped_attributes_count);
  }

  void WriteSpan(const span::SpanEntry& entry, const span::SpanView& span) {
    writer_.Bytes(otlp::kSpanTraceId, entry.trace_id.view());
    writer_.Bytes(otlp::kSpanSpanId, entry.span_id.view());
    WriteText(otlp::kSpanTraceState, span.trace_state);
    if (!entry.parent_span_id.IsZero()) {
      writer_.Bytes(otlp::kSpanParentSpanId, entry.parent_span_id.view());
    }
    WriteText(otlp::kSpanName, span.name);
    writer_.Varint(otlp::kSpanKind, static_cast<uint64_t>(entry.kind));
    writer_.Fixed64(otlp::kSpanStartTime, entry.start_time_unix_nano);
    writer_.Fixed64(otlp::kSpanEndTime, entry.end_time_unix_nano);
    WriteAttributes(otlp::kSpanAttributes, span.attributes());
    WriteCount(otlp::kSpanDroppedAttributesCount, span.dropped_attributes_count);
    span::MessageReader events = span.events();
    while (const auto event = events.Next()) WriteEvent(span::EventView(*event));
    WriteCount(otlp::kSpanDroppedEventsCount, span.dropped_events_count);
    span::MessageReader links = span.links();
    while (const auto link = links.Next()) WriteLink(span::LinkView(*link));
    WriteCount(otlp::kSpanDroppedLinksCount, span.dropped_links_count);
    WriteStatus(entry.status, span.status_message);
    if (span.flags != 0) writer_.Fixed32(otlp::kSpanFlags, span.flags);
  }

  void WriteStatus(span::SpanStatus code, std::string_view text) {
    const NestedMessage status(writer_, otlp::kSpanStatus);
    WriteText(otlp::kStatusMessage, text);
    writer_.Varint(otlp::kStatusCode, static_cast<uint64_t>(code));
  }

  void WriteEvent(const span::EventView& event) {
    const NestedMessage message(writer_, otlp::kSpanEvents);
    writer_.Fixed64(otlp::kEventTime, event.time_unix_nano);
    WriteText(otlp::kEventName, event.name);
    WriteAttributes(otlp::kEventAttributes, event.attributes());
    WriteCount(otlp::kEventDroppedAttributesCount, event.dropped_attributes_count);
  }

  void WriteLink(const span::LinkView& link) {
    const NestedMessage message(writer_, otlp::kSpanLinks);
    writer_.Bytes(otlp::kLinkTraceId, link.trace_id.view());
    writer_.Bytes(otlp::kLinkSpanId, link.span_id.view());
    WriteText(otlp::kLinkTraceState, link.trace_state);
    WriteAttributes(otlp::kLinkAttributes, link.attributes());
    WriteCount(otlp::kLinkDroppedAttributesCount, link.dropped_attributes_count);
    if (link.flags != 0) writer_.Fixed32(otlp::kLinkFlags, link.flags);
  }

  const bool typed_values_;
  std::string bytes_;
  Writer writer_{&bytes_};
};

}  // namespace

span::SpanBatch AsKept(const span::SpanBatch& spans, const storage::Capabilities& can) {
  if (can.exact_bytes && can.typed_values) return spans;
  Rewriter rewriter(can.typed_values);
  span::ForEachSpan(spans, [&rewriter](const span::SpanRef& span) { rewriter.Add(span); });
  return std::move(rewriter).Finish();
}

}  // namespace spandrel::conformance
