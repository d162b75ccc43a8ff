// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "opentelemetry/trace/span.h"
#include "opentelemetry/trace/span_context_kv_iterable.h"
#include "sdk/process/spin_lock.h"
#include "sdk/record/span_identity.h"
#include "sdk/record/span_message.h"

namespace spandrel::sdk {

class SpanRecorder;

struct SpanTimes {
  int64_t start_steady = 0;
  int64_t unix_offset = 0;  // added to a steady time of this span's trace
};

// A span that is recorded. Thread-safe; what comes after End is ignored.
class RecordingSpan final : public trace_api::Span {
 public:
  RecordingSpan(SpanRecorder& recorder, opentelemetry::nostd::string_view name,
                trace_api::SpanKind kind, const SpanIdentity& identity, ParentLink parent,
                SpanTimes times);
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
  const TraceStateText& trace_state() const {
    return trace_state_;
  }
  int64_t unix_offset() const {
    return unix_offset_;
  }

 private:
  void AppendEvent(std::string_view name, uint64_t time,
                   const opentelemetry::common::KeyValueIterable* attributes);
  void AppendLinks(const trace_api::SpanContextKeyValueIterable& links);
  void Finish(int64_t end_steady);
  uint64_t UnixNow() const;

  SpanRecorder& recorder_;  // until the span has ended
  const SpanIdentity identity_;
  const TraceStateText trace_state_;
  const int64_t unix_offset_;

  mutable SpinLock lock_;  // guards all below
  bool ended_ = false;
  SpanMessage message_;
};

}  // namespace spandrel::sdk
