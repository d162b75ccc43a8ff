// SPDX-License-Identifier: Apache-2.0
#include "sdk/record/span_view.h"

#include <typeinfo>

#include "sdk/record/recording_span.h"
#include "sdk/record/remote_span.h"
#include "sdk/record/unsampled_span.h"

namespace spandrel::sdk {
namespace {

// Comparing the names too, as == does, would find nothing more: a second copy of this library in
// the process has other classes.
template <typename Kind>
bool Is(const std::type_info& type) {
  return &type == &typeid(Kind);
}

}  // namespace

SpanView ViewSpan(const trace_api::Span& span) {
  const std::type_info& type = typeid(span);
  if (Is<RecordingSpan>(type)) {
    const auto& recording = static_cast<const RecordingSpan&>(span);
    return {recording.identity(), false, recording.unix_offset(), recording.trace_state()};
  }
  if (Is<UnsampledSpan>(type)) {
    const auto& unsampled = static_cast<const UnsampledSpan&>(span);
    return {unsampled.identity(), false, 0, unsampled.trace_state()};
  }
  if (Is<RemoteSpan>(type)) {
    const auto& remote = static_cast<const RemoteSpan&>(span);
    return {remote.identity(), true, 0, remote.trace_state_text()};
  }
  return ViewContext(span.GetContext());
}

SpanView ViewContext(const trace_api::SpanContext& context) {
  return {SpanIdentity::Of(context), context.IsRemote(), 0, TraceStateOf(context)};
}

}  // namespace spandrel::sdk
