// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "span/span_batch.h"
#include "storage/capabilities.h"

namespace spandrel::conformance {

// What is left of spans in an engine that promises this much: all of them, byte for byte, where it
// keeps exact bytes and typed values. Else the fields that OTLP knows, attributes by key, of a
// repeated key the last, each list in order; without typed values each value is its text. Spans
// that were kept so before come out as they went in.
span::SpanBatch AsKept(const span::SpanBatch& spans, const storage::Capabilities& can);

}  // namespace spandrel::conformance
