// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "opentelemetry/trace/span_context.h"
#include "sdk/record/api_trace_state.h"

namespace spandrel::sdk {

namespace trace_api = opentelemetry::trace;

// Ids as spans keep and compare them; the bytes are in wire order.
struct SpanIdentity {
  uint64_t trace_id[2] = {0, 0};
  uint64_t span_id = 0;
  uint8_t flags = 0;

  static SpanIdentity Of(const trace_api::SpanContext& context);
  trace_api::SpanContext ToContext(bool remote, const TraceStateText& trace_state) const;
  bool valid() const { return (trace_id[0] | trace_id[1]) != 0 && span_id != 0; }
};

TraceStateText TraceStateOf(const trace_api::SpanContext& context);

}  // namespace spandrel::sdk
