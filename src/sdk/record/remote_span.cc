// SPDX-License-Identifier: Apache-2.0
#include "sdk/record/remote_span.h"

#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "sdk/process/thread_state.h"
#include "sdk/record/api_trace_state.h"

namespace spandrel::sdk {

namespace nostd = opentelemetry::nostd;

trace_api::SpanContext RemoteSpan::GetContext() const noexcept {
  uint8_t trace_id[16];
  uint8_t span_id[8];
  std::memcpy(trace_id, identity_.trace_id, sizeof(trace_id));
  std::memcpy(span_id, &identity_.span_id, sizeof(span_id));
  return {trace_api::TraceId(trace_id), trace_api::SpanId(span_id),
          trace_api::TraceFlags(identity_.flags), true, trace_state()};
}

const RemoteSpan::TraceStatePtr& RemoteSpan::trace_state() const {
  std::call_once(parsed_, [this] { trace_state_ = ToApiTraceState(trace_state_text_); });
  return trace_state_;
}

nostd::shared_ptr<trace_api::Span> MakeRemoteSpan(const SpanIdentity& identity,
                                                  std::string_view trace_state) {
  using SpanPool = PoolAllocator<RemoteSpan, &ThreadState::remote_spans>;
  using TextPool = PoolAllocator<std::string, &ThreadState::trace_state_texts>;
  TraceStateText text;
  if (!trace_state.empty()) text = std::allocate_shared<std::string>(TextPool(), trace_state);
  return std::shared_ptr<trace_api::Span>(
      std::allocate_shared<RemoteSpan>(SpanPool(), identity, std::move(text)));
}

}  // namespace spandrel::sdk
