// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/status.h"
#include "span/span_batch.h"

namespace spandrel::exporters {

// What a Jaeger collector takes unless it is told otherwise.
inline constexpr size_t kMaxPostSpansBytes = 4 << 20;

// The batch as PostSpansRequest messages, one for each resource, each of at most `max_bytes`; a
// span that is larger goes alone.
std::vector<std::string> MakePostSpansRequests(const span::SpanBatch& batch,
                                               size_t max_bytes = kMaxPostSpansBytes);

// What a failed PostSpans means. Jaeger knows no RetryInfo and says RESOURCE_EXHAUSTED when its
// queue is full, so all is worth another try but what cannot get better: a malformed or too large
// message, and a server that does not know the method.
base::Status StatusOfPostSpans(const base::Status& answer);

}  // namespace spandrel::exporters
