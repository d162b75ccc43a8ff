// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "opentelemetry/trace/span.h"
#include "opentelemetry/trace/span_context_kv_iterable.h"
#include "sdk/attribute_set.h"
#include "sdk/small_array.h"
#include "sdk/spin_lock.h"
#include "spandrel/sdk.h"

namespace spandrel::sdk {

namespace trace_api = opentelemetry::trace;

class Tracer;

// Ids as the span keeps and compares them; the bytes are in wire order.
struct SpanIdentity {
  uint64_t trace_id[2] = {0, 0};
  uint64_t span_id = 0;
  uint8_t flags = 0;

  static SpanIdentity Of(const trace_api::SpanContext& context);
  trace_api::SpanContext ToContext(
      const opentelemetry::nostd::shared_ptr<trace_api::TraceState>& trace_state) const;
  bool valid() const { return (trace_id[0] | trace_id[1]) != 0 && span_id != 0; }
};

// What a span has from its parent.
struct ParentLink {
  uint64_t span_id = 0;  // 0: none
  bool remote = false;
  opentelemetry::nostd::shared_ptr<trace_api::TraceState> trace_state;  // null: empty
};

struct SpanTimes {
  int64_t start_steady = 0;
  int64_t unix_offset = 0;  // added to a steady time of this span's trace
};

// A span that is recorded: its attributes, events and links are OTLP bytes from the moment they are
// set, and End only puts the fixed fields before them. Thread-safe; what comes after End is
// ignored.
class RecordingSpan final : public trace_api::Span {
 public:
  RecordingSpan(Tracer& tracer, opentelemetry::nostd::string_view name, trace_api::SpanKind kind,
                const SpanIdentity& identity, ParentLink parent, SpanTimes times);
  ~RecordingSpan() override;

  void SetAttribute(opentelemetry::nostd::string_view key,
                    const opentelemetry::common::AttributeValue& value) noexcept override;
  void AddEvent(opentelemetry::nostd::string_view name) noexcept override;
  void AddEvent(opentelemetry::nostd::string_view name,
                opentelemetry::common::SystemTimestamp time) noexcept override;
  void AddEvent(opentelemetry::nostd::string_view name, opentelemetry::common::SystemTimestamp time,
                const opentelemetry::common::KeyValueIterable& attributes) noexcept override;
  void AddEvent(opentelemetry::nostd::string_view name,
                const opentelemetry::common::KeyValueIterable& attributes) noexcept override;
#if OPENTELEMETRY_ABI_VERSION_NO >= 2
  void AddLink(const trace_api::SpanContext& target,
               const opentelemetry::common::KeyValueIterable& attributes) noexcept override;
  void AddLinks(const trace_api::SpanContextKeyValueIterable& links) noexcept override;
#endif
  void SetStatus(trace_api::StatusCode code,
                 opentelemetry::nostd::string_view description) noexcept override;
  void UpdateName(opentelemetry::nostd::string_view name) noexcept override;
  void End(const trace_api::EndSpanOptions& options) noexcept override;
  trace_api::SpanContext GetContext() const noexcept override;
  bool IsRecording() const noexcept override;

  // While the span is made, before others see it.
  void SetInitial(const opentelemetry::common::KeyValueIterable& attributes,
                  const trace_api::SpanContextKeyValueIterable& links);

  const SpanIdentity& identity() const {
    return identity_;
  }
  const ParentLink& parent() const {
    return parent_;
  }
  int64_t unix_offset() const {
    return times_.unix_offset;
  }

 private:
  void AppendEvent(std::string_view name, uint64_t time,
                   const opentelemetry::common::KeyValueIterable* attributes);
  void AppendLink(const trace_api::SpanContext& target,
                  const opentelemetry::common::KeyValueIterable& attributes);
  void SetName(std::string_view name);
  int64_t UnixNow() const;
  size_t EncodedSize() const;
  void Encode(char* out, uint64_t end_unix) const;
  char* EncodeIds(char* out) const;
  char* EncodeCounts(char* out) const;

  Tracer& tracer_;  // lives as long as the process
  const SpanIdentity identity_;
  const ParentLink parent_;
  const SpanTimes times_;
  const trace_api::SpanKind kind_;

  mutable SpinLock lock_;  // guards all below
  bool ended_ = false;
  trace_api::StatusCode status_ = trace_api::StatusCode::kUnset;
  uint32_t events_ = 0;
  uint32_t dropped_events_ = 0;
  uint32_t links_ = 0;
  uint32_t dropped_links_ = 0;
  std::string status_message_;
  std::string events_and_links_;  // encoded fields 11 and 13
  AttributeSet attributes_;       // encoded fields 9
  SmallArray<char, 64> name_;
};

}  // namespace spandrel::sdk
