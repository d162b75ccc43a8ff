// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "span/span_batch.h"
#include "wire/jaeger/jaeger_model.h"

// The messages of jaeger.api_v2: of its ingest, CollectorService/PostSpans (port 14250), and those
// with which its QueryService answers.
namespace spandrel::wire {

// The batch as PostSpansRequest messages, one for each resource, since a Jaeger batch has one
// process. Times are exact to the nanosecond.
std::vector<std::string> EncodePostSpansRequests(const span::SpanBatch& batch);

// Gives the spans of the batch, each with its process, to `write` as SpansResponseChunk messages
// which are no larger than `max_bytes` unless one span is. An error of it ends the writing.
base::Status WriteJaegerSpanChunks(const span::SpanBatch& batch, size_t max_bytes,
                                   const std::function<base::Status(std::string_view)>& write);

// A span as it came, with its own process where the sender gave it one.
struct JaegerBatchSpan {
  JaegerSpan span;
  std::optional<JaegerProcess> process;
};

struct JaegerBatch {
  std::vector<JaegerBatchSpan> spans;
  JaegerProcess process;
};

// Reads a PostSpansRequest. INVALID_ARGUMENT for malformed bytes and for ids of a wrong length: a
// trace id has 8 or 16 bytes, a span id 8. Unknown fields are passed over. Takes up to some 50
// times the request's size in memory, so the caller bounds that size.
base::Result<JaegerBatch> DecodePostSpansRequest(std::string_view request);

}  // namespace spandrel::wire
