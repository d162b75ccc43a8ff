// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "span/span_batch.h"

namespace spandrel::wire {

// Appends the trace object of Jaeger's HTTP JSON API (`/api/traces`): {"traceID", "spans",
// "processes", "warnings": null}. All spans of `batch` belong to one trace, and the batch is not
// empty. Times are cut to microseconds, integers beyond 2^53 - 1 are strings, bytes are base64, a
// trace id with a zero high half has 16 digits, as Jaeger writes them.
void AppendJaegerTraceJson(const span::SpanBatch& batch, std::string* json);

}  // namespace spandrel::wire
