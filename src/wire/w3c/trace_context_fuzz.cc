// SPDX-License-Identifier: Apache-2.0
// Any text as traceparent and tracestate headers: what is accepted reads the same when written.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "wire/w3c/trace_context.h"

using namespace spandrel::wire;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto parent = ParseTraceParent(text)) {
    const auto header = FormatTraceParent(*parent);
    SPANDREL_CHECK(ParseTraceParent({header.data(), header.size()}) == parent);
  }
  const TraceState state = TraceState::Parse(text);
  const std::string header = FormatTraceState(state);
  SPANDREL_CHECK(header.size() <= kMaxTraceStateKept);
  SPANDREL_CHECK(FormatTraceState(TraceState::Parse(header)) == header);
  const TraceStateForm form = CheckTraceState(text);
  const bool kept = form == TraceStateForm::kReady || form == TraceStateForm::kLoose;
  SPANDREL_CHECK(kept == !state.empty());
  SPANDREL_CHECK(form != TraceStateForm::kReady || header == text);
  return 0;
}
