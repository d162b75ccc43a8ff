// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "columnar/read/matcher.h"
#include "span/span_view.h"
#include "storage/store.h"

namespace spandrel::columnar {

// A trace as a result shows it, and the newest of its matching spans.
struct SummarizedTrace {
  storage::TraceSummary summary;
  uint64_t newest_match = 0;
};

// `spans` are all of one trace, not empty, by start time and span id; they are full where the
// matcher needs their payload.
SummarizedTrace Summarize(const std::vector<span::SpanRef>& spans, const Matcher& matcher);

}  // namespace spandrel::columnar
