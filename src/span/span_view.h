// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proto/otlp.h"
#include "span/span_batch.h"
#include "span/value.h"

namespace spandrel::span {

namespace otlp = proto::otlp;

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
