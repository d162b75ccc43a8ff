// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "span/span_batch.h"
#include "wire/testing/random_request.h"

namespace spandrel::wire {

// Expects, as GoogleTest does, that every span, resource and scope reads the same by our views as
// by libprotobuf's classes, in the same order. No span of `theirs` was rejected by our decoder.
void ExpectSameSpans(const span::SpanChunk& ours, const pb::ExportTraceServiceRequest& theirs);

}  // namespace spandrel::wire
