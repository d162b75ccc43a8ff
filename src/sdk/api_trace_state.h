// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "opentelemetry/nostd/shared_ptr.h"
#include "opentelemetry/trace/trace_state.h"
#include "sdk/span_identity.h"

namespace spandrel::sdk {

// The API's object for a tracestate, for those who ask a span for its context: never null, empty
// for null. Costs microseconds. The API's grammar is older than ours: a text that it refuses (a key
// such as `a@`) is empty here. Also while the process exits, when it may be empty for any text: the
// API parses by regular expressions that are statics, and destroyed then. Thread-safe.
opentelemetry::nostd::shared_ptr<opentelemetry::trace::TraceState> ToApiTraceState(
    const TraceStateText& text);

}  // namespace spandrel::sdk
