// SPDX-License-Identifier: Apache-2.0
#include "wire/testing/same_as_peer.h"

#include <gtest/gtest.h>

#include <bit>

#include "span/span_view.h"

namespace spandrel::wire {
namespace {

using span::ValueType;

void ExpectSameAttributes(span::AttributeReader ours,
                          const google::protobuf::RepeatedPtrField<pb::KeyValue>& theirs);

void ExpectSameValue(const span::ValueView& ours, const pb::AnyValue& theirs) {
  switch (theirs.value_case()) {
    case pb::AnyValue::kStringValue:
      ASSERT_EQ(ours.type(), ValueType::kString);
      EXPECT_EQ(ours.bytes(), theirs.string_value());
      break;
    case pb::AnyValue::kBoolValue:
      ASSERT_EQ(ours.type(), ValueType::kBool);
      EXPECT_EQ(ours.as_bool(), theirs.bool_value());
      break;
    case pb::AnyValue::kIntValue:
      ASSERT_EQ(ours.type(), ValueType::kInt);
      EXPECT_EQ(ours.as_int(), theirs.int_value());
      break;
    case pb::AnyValue::kDoubleValue:
      ASSERT_EQ(ours.type(), ValueType::kDouble);
      EXPECT_EQ(std::bit_cast<uint64_t>(ours.as_double()),
                std::bit_cast<uint64_t>(theirs.double_value()));
      break;
    case pb::AnyValue::kBytesValue:
      ASSERT_EQ(ours.type(), ValueType::kBytes);
      EXPECT_EQ(ours.bytes(), theirs.bytes_value());
      break;
    case pb::AnyValue::kArrayValue: {
      ASSERT_EQ(ours.type(), ValueType::kArray);
      span::ArrayReader reader(ours.bytes());
      for (const auto& element : theirs.array_value().values()) {
        const auto value = reader.Next();
        ASSERT_TRUE(value);
        ExpectSameValue(*value, element);
      }
      EXPECT_FALSE(reader.Next());
      break;
    }
    case pb::AnyValue::kKvlistValue:
      ASSERT_EQ(ours.type(), ValueType::kKvlist);
      ExpectSameAttributes({ours.bytes(), span::otlp::kListValues}, theirs.kvlist_value().values());
      break;
    default:
      EXPECT_EQ(ours.type(), ValueType::kEmpty);
  }
}

void ExpectSameAttributes(span::AttributeReader ours,
                          const google::protobuf::RepeatedPtrField<pb::KeyValue>& theirs) {
  for (const auto& attribute : theirs) {
    const auto own = ours.Next();
    ASSERT_TRUE(own);
    EXPECT_EQ(own->key, attribute.key());
    ExpectSameValue(own->value, attribute.value());
  }
  EXPECT_FALSE(ours.Next());
}

void ExpectSameEvents(const span::SpanView& ours, const pb::Span& theirs) {
  span::MessageReader events = ours.events();
  for (const auto& event : theirs.events()) {
    const auto message = events.Next();
    ASSERT_TRUE(message);
    const span::EventView own(*message);
    EXPECT_EQ(own.time_unix_nano, event.time_unix_nano());
    EXPECT_EQ(own.name, event.name());
    EXPECT_EQ(own.dropped_attributes_count, event.dropped_attributes_count());
    ExpectSameAttributes(own.attributes(), event.attributes());
  }
  EXPECT_FALSE(events.Next());
}

void ExpectSameLinks(const span::SpanView& ours, const pb::Span& theirs) {
  span::MessageReader links = ours.links();
  for (const auto& link : theirs.links()) {
    const auto message = links.Next();
    ASSERT_TRUE(message);
    const span::LinkView own(*message);
    // Ids of another length are no ids.
    if (link.trace_id().size() == span::TraceId::kSize) {
      EXPECT_EQ(own.trace_id.view(), link.trace_id());
    }
    if (link.span_id().size() == span::SpanId::kSize) {
      EXPECT_EQ(own.span_id.view(), link.span_id());
    }
    EXPECT_EQ(own.trace_state, link.trace_state());
    EXPECT_EQ(own.dropped_attributes_count, link.dropped_attributes_count());
    ExpectSameAttributes(own.attributes(), link.attributes());
  }
  EXPECT_FALSE(links.Next());
}

void ExpectSameSpan(const span::SpanRef& ref, const pb::Span& theirs) {
  const span::SpanEntry& entry = ref.entry();
  EXPECT_EQ(entry.trace_id.view(), theirs.trace_id());
  EXPECT_EQ(entry.span_id.view(), theirs.span_id());
  if (!entry.parent_span_id.IsZero()) {
    EXPECT_EQ(entry.parent_span_id.view(), theirs.parent_span_id());
  }
  EXPECT_EQ(entry.start_time_unix_nano, theirs.start_time_unix_nano());
  EXPECT_EQ(entry.end_time_unix_nano, theirs.end_time_unix_nano());
  if (pb::Span::SpanKind_IsValid(theirs.kind())) {
    EXPECT_EQ(static_cast<int>(entry.kind), theirs.kind());
  }
  if (pb::Status::StatusCode_IsValid(theirs.status().code())) {
    EXPECT_EQ(static_cast<int>(entry.status), theirs.status().code());
  }
  EXPECT_EQ(ref.name(), theirs.name());
  const span::SpanView span = ref.span();
  EXPECT_EQ(span.name, theirs.name());
  EXPECT_EQ(span.trace_state, theirs.trace_state());
  EXPECT_EQ(span.status_message, theirs.status().message());
  EXPECT_EQ(span.dropped_attributes_count, theirs.dropped_attributes_count());
  EXPECT_EQ(span.dropped_events_count, theirs.dropped_events_count());
  EXPECT_EQ(span.dropped_links_count, theirs.dropped_links_count());
  EXPECT_EQ(span.event_count, static_cast<uint32_t>(theirs.events_size()));
  EXPECT_EQ(span.link_count, static_cast<uint32_t>(theirs.links_size()));
  ExpectSameAttributes(span.attributes(), theirs.attributes());
  ExpectSameEvents(span, theirs);
  ExpectSameLinks(span, theirs);
}

// Of the last attribute of that name; empty when it is not a text.
std::string ServiceNameOf(const pb::Resource& resource) {
  std::string name;
  for (const auto& attribute : resource.attributes()) {
    if (attribute.key() == "service.name") name = attribute.value().string_value();
  }
  return name;
}

void ExpectSameScope(const span::SpanRef& ref, const pb::ResourceSpans& resource_spans,
                     const pb::ScopeSpans& scope_spans) {
  EXPECT_EQ(ref.resource_entry().present, resource_spans.has_resource());
  EXPECT_EQ(ref.scope_entry().present, scope_spans.has_scope());
  EXPECT_EQ(ref.resource_schema_url(), resource_spans.schema_url());
  EXPECT_EQ(ref.scope_schema_url(), scope_spans.schema_url());
  ExpectSameAttributes(ref.resource().attributes(), resource_spans.resource().attributes());
  ExpectSameAttributes(ref.scope().attributes(), scope_spans.scope().attributes());
  EXPECT_EQ(ref.scope().name, scope_spans.scope().name());
  EXPECT_EQ(ref.scope().version, scope_spans.scope().version());
  EXPECT_EQ(ref.service_name(), ServiceNameOf(resource_spans.resource()));
}

}  // namespace

void ExpectSameSpans(const span::SpanChunk& ours, const pb::ExportTraceServiceRequest& theirs) {
  size_t at = 0;
  for (const auto& resource_spans : theirs.resource_spans()) {
    for (const auto& scope_spans : resource_spans.scope_spans()) {
      for (const auto& span : scope_spans.spans()) {
        ASSERT_LT(at, ours.spans.size());
        const span::SpanRef ref(ours, at++);
        ExpectSameScope(ref, resource_spans, scope_spans);
        ExpectSameSpan(ref, span);
      }
    }
  }
  EXPECT_EQ(at, ours.spans.size());
}

}  // namespace spandrel::wire
