// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "opentelemetry/trace/span.h"
#include "sdk/encoding/attribute_set.h"
#include "sdk/encoding/message_buffer.h"
#include "sdk/record/span_identity.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {

// What a span has from its parent.
struct ParentLink {
  uint64_t span_id = 0;  // 0: none
  bool remote = false;
  TraceStateText trace_state;
};

// opentelemetry.proto.trace.v1.Span as the bytes it is sent as, from its beginning to its end: what
// is set is encoded at once, and only what can still change is kept beside the bytes. Times are
// Unix times in nanoseconds. Not thread-safe.
class SpanMessage {
 public:
  // `limits` outlive the message.
  SpanMessage(const SpanLimits& limits, const SpanIdentity& identity, const ParentLink& parent,
              trace_api::SpanKind kind, uint64_t start, std::string_view name);

  void SetName(std::string_view name);
  void SetStatus(trace_api::StatusCode code, std::string_view description);
  // `attributes` may be null.
  void AddEvent(std::string_view name, uint64_t time,
                const opentelemetry::common::KeyValueIterable* attributes);
  void AddLink(const trace_api::SpanContext& target,
               const opentelemetry::common::KeyValueIterable& attributes);
  AttributeSet& attributes() { return attributes_; }

  uint64_t start() const;
  // The whole message. To be called once, and nothing after it.
  std::string_view Finish(uint64_t end);

 private:
  void AppendCounts();
  void AppendStatus();

  const SpanLimits& limits_;
  MessageBuffer bytes_;
  size_t name_begin_;  // of the name's whole field
  size_t name_size_;
  AttributeSet attributes_;
  std::string status_message_;
  trace_api::StatusCode status_ = trace_api::StatusCode::kUnset;
  uint32_t events_ = 0;
  uint32_t dropped_events_ = 0;
  uint32_t links_ = 0;
  uint32_t dropped_links_ = 0;
};

}  // namespace spandrel::sdk
