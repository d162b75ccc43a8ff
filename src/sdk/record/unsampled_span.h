// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "sdk/record/non_recording_span.h"
#include "sdk/record/span_identity.h"

namespace spandrel::sdk {

// A span that is not recorded and only carries its ids on, so that the whole trace is left out.
class UnsampledSpan final : public NonRecordingSpan {
 public:
  UnsampledSpan(const SpanIdentity& identity, TraceStateText trace_state)
      : identity_(identity), trace_state_(std::move(trace_state)) {}

  trace_api::SpanContext GetContext() const noexcept override {
    return identity_.ToContext(false, trace_state_);
  }
  const SpanIdentity& identity() const { return identity_; }
  const TraceStateText& trace_state() const { return trace_state_; }

 private:
  const SpanIdentity identity_;
  const TraceStateText trace_state_;
};

}  // namespace spandrel::sdk
