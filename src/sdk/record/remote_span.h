// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <string_view>
#include <utility>

#include "opentelemetry/nostd/shared_ptr.h"
#include "opentelemetry/trace/trace_state.h"
#include "sdk/record/non_recording_span.h"
#include "sdk/record/span_identity.h"

namespace spandrel::sdk {

// The caller's span as its headers tell of it: ids, flags and the text of the tracestate, which
// must be well-formed. The API's TraceState, whose parser costs microseconds, is only made when
// somebody asks for the context. Immutable and thread-safe.
class RemoteSpan final : public NonRecordingSpan {
 public:
  RemoteSpan(const SpanIdentity& identity, TraceStateText trace_state_text)
      : identity_(identity), trace_state_text_(std::move(trace_state_text)) {}

  trace_api::SpanContext GetContext() const noexcept override;

  const SpanIdentity& identity() const { return identity_; }
  const TraceStateText& trace_state_text() const { return trace_state_text_; }

 private:
  using TraceStatePtr = opentelemetry::nostd::shared_ptr<trace_api::TraceState>;
  const TraceStatePtr& trace_state() const;

  const SpanIdentity identity_;
  const TraceStateText trace_state_text_;
  mutable std::once_flag parsed_;
  mutable TraceStatePtr trace_state_;  // set under parsed_
};

// From the thread's pools: one allocation of pooled memory for the span, one more and the
// characters for a `trace_state` that is not empty.
opentelemetry::nostd::shared_ptr<trace_api::Span> MakeRemoteSpan(const SpanIdentity& identity,
                                                                 std::string_view trace_state);

}  // namespace spandrel::sdk
