// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "span/span_batch.h"
#include "span/span_view.h"

namespace spandrel::query {

// A span at its place in the tree of its trace.
struct PlacedSpan {
  span::SpanRef span;
  uint32_t subtree_size = 1;  // itself included: the next sibling is that many places on
  uint32_t depth = 0;         // 0 for a root
  bool is_orphan = false;     // it names a parent that is not in the trace
};

// The spans of one trace in pre-order; siblings, roots among them, by start time. Spans without a
// parent in the trace are roots. Where parents form a circle, the earliest span of the circle is
// taken as a root. Of spans with the same id the earliest is the parent of their children.
struct TraceLayout {
  std::vector<PlacedSpan> spans;
  uint64_t start_time_unix_nano = 0;  // the earliest start
  uint64_t end_time_unix_nano = 0;    // the latest end, never before the start
};

// Reads the batch's chunks, which must outlive the layout. O(n log n) whatever the shape, and never
// recurses. At most 2^32 - 1 spans.
TraceLayout LayOutTrace(const span::SpanBatch& trace);

}  // namespace spandrel::query
