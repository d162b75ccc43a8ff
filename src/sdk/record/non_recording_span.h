// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "opentelemetry/trace/span.h"
#include "opentelemetry/trace/span_context_kv_iterable.h"

namespace spandrel::sdk {

// A span that only carries its context; what is set on it goes nowhere. The context is the
// subclass's.
class NonRecordingSpan : public opentelemetry::trace::Span {
 public:
  void SetAttribute(opentelemetry::nostd::string_view,
                    const opentelemetry::common::AttributeValue&) noexcept final {}
  void AddEvent(opentelemetry::nostd::string_view) noexcept final {}
  void AddEvent(opentelemetry::nostd::string_view,
                opentelemetry::common::SystemTimestamp) noexcept final {}
  void AddEvent(opentelemetry::nostd::string_view, opentelemetry::common::SystemTimestamp,
                const opentelemetry::common::KeyValueIterable&) noexcept final {}
  void AddEvent(opentelemetry::nostd::string_view,
                const opentelemetry::common::KeyValueIterable&) noexcept final {}
#if OPENTELEMETRY_ABI_VERSION_NO >= 2
  void AddLink(const opentelemetry::trace::SpanContext&,
               const opentelemetry::common::KeyValueIterable&) noexcept final {}
  void AddLinks(const opentelemetry::trace::SpanContextKeyValueIterable&) noexcept final {}
#endif
  void SetStatus(opentelemetry::trace::StatusCode,
                 opentelemetry::nostd::string_view) noexcept final {}
  void UpdateName(opentelemetry::nostd::string_view) noexcept final {}
  void End(const opentelemetry::trace::EndSpanOptions&) noexcept final {}
  bool IsRecording() const noexcept final {
    return false;
  }
};

}  // namespace spandrel::sdk
