// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "opentelemetry/nostd/shared_ptr.h"
#include "opentelemetry/trace/trace_state.h"

namespace spandrel::sdk {

// The content of a tracestate header; null when there is none. The API's own TraceState is slow to
// make, does not hold every key that the header may have, and is made only for those who ask for
// it.
using TraceStateText = std::shared_ptr<const std::string>;

// The API's object for a well-formed tracestate, for those who ask a span for its context: never
// null, empty for null. Costs microseconds. Members whose keys the API does not know are missing:
// it has at signs as level 1 had them (`tenant@system`). While the process exits it may be empty
// for any text: the API parses by regular expressions that are statics, and destroyed then.
// Thread-safe.
opentelemetry::nostd::shared_ptr<opentelemetry::trace::TraceState> ToApiTraceState(
    const TraceStateText& text);

}  // namespace spandrel::sdk
