// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "opentelemetry/trace/span.h"
#include "sdk/record/span_identity.h"

namespace spandrel::sdk {

// What a child or a propagator takes from a span.
struct SpanView {
  SpanIdentity identity;
  bool remote = false;
  int64_t unix_offset = 0;  // see SpanTimes; 0: not a recorded span of this process
  TraceStateText trace_state;
};

// Without the copies that GetContext makes, if the span is one of ours.
SpanView ViewSpan(const trace_api::Span& span);
SpanView ViewContext(const trace_api::SpanContext& context);

}  // namespace spandrel::sdk
