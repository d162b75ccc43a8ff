// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "query/trace_layout.h"

namespace spandrel::query {

// What each span of a trace has on its critical path, in nanoseconds and in the layout's order:
// the time that the trace would have been shorter by without it, as far as spans tell. From the end
// of a span backwards, time is the span's own until the latest child that had ended by then; then
// it is that child's, and so on from the child's start (CRISP, Zhang et al., USENIX ATC 2022).
// Children count within their parent's time only. Roots are one after the other, as if children of
// the whole trace. O(n log n), never recurses.
std::vector<uint64_t> CriticalSelfTimes(const TraceLayout& layout);

}  // namespace spandrel::query
