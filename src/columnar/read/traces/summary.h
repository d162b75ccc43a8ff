// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "columnar/read/scan/scan.h"
#include "span/span_view.h"
#include "storage/store.h"

namespace spandrel::columnar {

// A trace as a result shows it, and the newest of its matching spans.
struct SummarizedTrace {
  storage::TraceSummary summary;
  uint64_t newest_match = 0;
};

// `spans` are all of one trace, not empty, by start time and span id. They need no payload.
SummarizedTrace Summarize(const std::vector<FoundSpan>& spans);

}  // namespace spandrel::columnar
