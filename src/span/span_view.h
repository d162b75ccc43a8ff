// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "span/span_batch.h"
#include "span/value.h"

namespace spandrel::span {

// Field numbers of opentelemetry/proto/trace/v1/trace.proto, schema 1.11.
namespace otlp {
inline constexpr uint32_t kRequestResourceSpans = 1;
inline constexpr uint32_t kResourceSpansResource = 1;
inline constexpr uint32_t kResourceSpansScopeSpans = 2;
inline constexpr uint32_t kResourceSpansSchemaUrl = 3;
inline constexpr uint32_t kResourceAttributes = 1;
inline constexpr uint32_t kResourceDroppedAttributesCount = 2;
inline constexpr uint32_t kResourceEntityRefs = 3;
inline constexpr uint32_t kScopeSpansScope = 1;
inline constexpr uint32_t kScopeSpansSpans = 2;
inline constexpr uint32_t kScopeSpansSchemaUrl = 3;
inline constexpr uint32_t kScopeName = 1;
inline constexpr uint32_t kScopeVersion = 2;
inline constexpr uint32_t kScopeAttributes = 3;
inline constexpr uint32_t kScopeDroppedAttributesCount = 4;
inline constexpr uint32_t kSpanTraceId = 1;
inline constexpr uint32_t kSpanSpanId = 2;
inline constexpr uint32_t kSpanTraceState = 3;
inline constexpr uint32_t kSpanParentSpanId = 4;
inline constexpr uint32_t kSpanName = 5;
inline constexpr uint32_t kSpanKind = 6;
inline constexpr uint32_t kSpanStartTime = 7;
inline constexpr uint32_t kSpanEndTime = 8;
inline constexpr uint32_t kSpanAttributes = 9;
inline constexpr uint32_t kSpanDroppedAttributesCount = 10;
inline constexpr uint32_t kSpanEvents = 11;
inline constexpr uint32_t kSpanDroppedEventsCount = 12;
inline constexpr uint32_t kSpanLinks = 13;
inline constexpr uint32_t kSpanDroppedLinksCount = 14;
inline constexpr uint32_t kSpanStatus = 15;
inline constexpr uint32_t kSpanFlags = 16;
inline constexpr uint32_t kEventTime = 1;
inline constexpr uint32_t kEventName = 2;
inline constexpr uint32_t kEventAttributes = 3;
inline constexpr uint32_t kEventDroppedAttributesCount = 4;
inline constexpr uint32_t kLinkTraceId = 1;
inline constexpr uint32_t kLinkSpanId = 2;
inline constexpr uint32_t kLinkTraceState = 3;
inline constexpr uint32_t kLinkAttributes = 4;
inline constexpr uint32_t kLinkDroppedAttributesCount = 5;
inline constexpr uint32_t kLinkFlags = 6;
inline constexpr uint32_t kStatusMessage = 2;
inline constexpr uint32_t kStatusCode = 3;
}  // namespace otlp

// The views below read messages that wire::DecodeOtlpProtobuf has checked, and live as long as the
// bytes they were made from. Making one reads the message once.

struct ResourceView {
  explicit ResourceView(std::string_view message) : message(message) {}
  AttributeReader attributes() const { return {message, otlp::kResourceAttributes}; }
  uint32_t dropped_attributes_count() const;

  std::string_view message;
};

struct ScopeView {
  explicit ScopeView(std::string_view message);
  AttributeReader attributes() const { return {message, otlp::kScopeAttributes}; }

  std::string_view message;
  std::string_view name;
  std::string_view version;
  uint32_t dropped_attributes_count = 0;
};

struct EventView {
  explicit EventView(std::string_view message);
  AttributeReader attributes() const { return {message, otlp::kEventAttributes}; }

  std::string_view message;
  std::string_view name;
  uint64_t time_unix_nano = 0;
  uint32_t dropped_attributes_count = 0;
};

struct LinkView {
  explicit LinkView(std::string_view message);
  AttributeReader attributes() const { return {message, otlp::kLinkAttributes}; }

  std::string_view message;
  TraceId trace_id;  // zero when it had another length
  SpanId span_id;
  std::string_view trace_state;
  uint32_t dropped_attributes_count = 0;
  uint32_t flags = 0;
};

// Reads the messages held by field `field` of a message in order: a span's events and links.
class MessageReader {
 public:
  MessageReader(std::string_view message, uint32_t field) : rest_(message), field_(field) {}
  std::optional<std::string_view> Next();

 private:
  std::string_view rest_;
  uint32_t field_;
};

// The whole of one span.
struct SpanView {
  // Reads a Span message.
  explicit SpanView(std::string_view message);

  AttributeReader attributes() const { return {message, otlp::kSpanAttributes}; }
  MessageReader events() const { return {message, otlp::kSpanEvents}; }
  MessageReader links() const { return {message, otlp::kSpanLinks}; }

  std::string_view message;
  std::string_view trace_state;
  std::string_view name;
  std::string_view status_message;
  uint32_t flags = 0;
  uint32_t dropped_attributes_count = 0;
  uint32_t dropped_events_count = 0;
  uint32_t dropped_links_count = 0;
  uint32_t event_count = 0;
  uint32_t link_count = 0;
};

// Where a span stands in its chunk: the way from an entry to everything about it.
class SpanRef {
 public:
  SpanRef(const SpanChunk& chunk, size_t index) : chunk_(&chunk), entry_(&chunk.spans[index]) {}

  const SpanEntry& entry() const { return *entry_; }
  const ScopeEntry& scope_entry() const { return chunk_->scopes[entry_->scope]; }
  const ResourceEntry& resource_entry() const { return chunk_->resources[scope_entry().resource]; }
  std::string_view message() const { return entry_->message.In(chunk_->bytes()); }
  std::string_view name() const { return entry_->name.In(chunk_->bytes()); }
  std::string_view service_name() const {
    return resource_entry().service_name.In(chunk_->bytes());
  }
  SpanView span() const { return SpanView(message()); }
  ScopeView scope() const { return ScopeView(scope_entry().message.In(chunk_->bytes())); }
  ResourceView resource() const {
    return ResourceView(resource_entry().message.In(chunk_->bytes()));
  }
  std::string_view scope_schema_url() const { return scope_entry().schema_url.In(chunk_->bytes()); }
  std::string_view resource_schema_url() const {
    return resource_entry().schema_url.In(chunk_->bytes());
  }

 private:
  const SpanChunk* chunk_;
  const SpanEntry* entry_;
};

// Calls `visit(SpanRef)` for every span of the batch in order.
template <typename Visitor>
void ForEachSpan(const SpanBatch& batch, Visitor&& visit) {
  for (const auto& chunk : batch.chunks()) {
    for (size_t i = 0; i < chunk->spans.size(); ++i) visit(SpanRef(*chunk, i));
  }
}

}  // namespace spandrel::span
