// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "opentelemetry/trace/span.h"
#include "opentelemetry/trace/span_context_kv_iterable.h"
#include "sdk/span_identity.h"

namespace spandrel::sdk {

// A span that is not recorded and only carries its ids on, so that the whole trace is left out.
class UnsampledSpan final : public trace_api::Span {
 public:
  UnsampledSpan(const SpanIdentity& identity, TraceStateText trace_state)
      : identity_(identity), trace_state_(std::move(trace_state)) {}

  void SetAttribute(opentelemetry::nostd::string_view,
                    const opentelemetry::common::AttributeValue&) noexcept override {}
  void AddEvent(opentelemetry::nostd::string_view) noexcept override {}
  void AddEvent(opentelemetry::nostd::string_view,
                opentelemetry::common::SystemTimestamp) noexcept override {}
  void AddEvent(opentelemetry::nostd::string_view, opentelemetry::common::SystemTimestamp,
                const opentelemetry::common::KeyValueIterable&) noexcept override {}
  void AddEvent(opentelemetry::nostd::string_view,
                const opentelemetry::common::KeyValueIterable&) noexcept override {}
#if OPENTELEMETRY_ABI_VERSION_NO >= 2
  void AddLink(const trace_api::SpanContext&,
               const opentelemetry::common::KeyValueIterable&) noexcept override {}
  void AddLinks(const trace_api::SpanContextKeyValueIterable&) noexcept override {}
#endif
  void SetStatus(trace_api::StatusCode, opentelemetry::nostd::string_view) noexcept override {}
  void UpdateName(opentelemetry::nostd::string_view) noexcept override {}
  void End(const trace_api::EndSpanOptions&) noexcept override {}
  trace_api::SpanContext GetContext() const noexcept override {
    return identity_.ToContext(false, trace_state_);
  }
  bool IsRecording() const noexcept override {
    return false;
  }

  const SpanIdentity& identity() const {
    return identity_;
  }
  const TraceStateText& trace_state() const {
    return trace_state_;
  }

 private:
  const SpanIdentity identity_;
  const TraceStateText trace_state_;
};

}  // namespace spandrel::sdk
