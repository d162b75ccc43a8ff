// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "span/span_batch.h"
#include "storage/time_range.h"

namespace spandrel::storage {

// A trace that is wanted. An engine may look no further than spans that start in the hint; what
// lies in it is always found.
struct WantedTrace {
  span::TraceId trace_id;
  TimeRange hint;
};

class SpansSink {
 public:
  virtual ~SpansSink() = default;
  // Takes all spans of a trace, as GetTrace gives them. False ends the read. Called from one thread
  // at a time.
  virtual bool OnSpans(const span::TraceId& trace_id, span::SpanBatch&& spans) = 0;
};

}  // namespace spandrel::storage
