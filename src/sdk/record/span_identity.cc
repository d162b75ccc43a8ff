// SPDX-License-Identifier: Apache-2.0
#include "sdk/record/span_identity.h"

#include <cstring>
#include <memory>
#include <string>

#include "opentelemetry/trace/trace_state.h"

namespace spandrel::sdk {

SpanIdentity SpanIdentity::Of(const trace_api::SpanContext& context) {
  SpanIdentity identity;
  std::memcpy(identity.trace_id, context.trace_id().Id().data(), sizeof(identity.trace_id));
  std::memcpy(&identity.span_id, context.span_id().Id().data(), sizeof(identity.span_id));
  identity.flags = context.trace_flags().flags();
  return identity;
}

trace_api::SpanContext SpanIdentity::ToContext(bool remote,
                                               const TraceStateText& trace_state) const {
  uint8_t trace_bytes[16];
  uint8_t span_bytes[8];
  std::memcpy(trace_bytes, trace_id, sizeof(trace_bytes));
  std::memcpy(span_bytes, &span_id, sizeof(span_bytes));
  return {trace_api::TraceId(trace_bytes), trace_api::SpanId(span_bytes),
          trace_api::TraceFlags(flags), remote, ToApiTraceState(trace_state)};
}

TraceStateText TraceStateOf(const trace_api::SpanContext& context) {
  if (context.trace_state()->Empty()) return nullptr;
  return std::make_shared<const std::string>(context.trace_state()->ToHeader());
}

}  // namespace spandrel::sdk
