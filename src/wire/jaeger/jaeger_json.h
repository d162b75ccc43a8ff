// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "base/status.h"
#include "span/span_batch.h"

namespace spandrel::wire {

// Appends the trace object of Jaeger's HTTP JSON API (`/api/traces`): {"traceID", "spans",
// "processes", "warnings": null}. All spans of `batch` belong to one trace, and the batch is not
// empty. Times are cut to microseconds, integers beyond 2^53 - 1 are strings, bytes are base64, a
// trace id with a zero high half has 16 digits, as Jaeger writes them.
void AppendJaegerTraceJson(const span::SpanBatch& batch, std::string* json);

// The same in pieces: `flush` is given what there is after each span and may take it out; an error
// of it ends the writing.
base::Status WriteJaegerTraceJson(const span::SpanBatch& batch, std::string* json,
                                  const std::function<base::Status(std::string*)>& flush);

}  // namespace spandrel::wire
