// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "columnar/read/scan/scan.h"
#include "storage/query_context.h"
#include "storage/store.h"

namespace spandrel::columnar {

// A trace by the earliest of its spans that were asked for.
struct TraceStart {
  uint64_t start_unix_nano = 0;
  span::TraceId id;
  friend auto operator<=>(const TraceStart&, const TraceStart&) = default;
};

// The traces with a span that starts in the range and matches, in order.
base::Result<std::vector<TraceStart>> ListTraces(const storage::QueryContext& context,
                                                 const Snapshot& snapshot,
                                                 const storage::Predicate& where,
                                                 storage::TimeRange range);

// All spans of a trace that can be read, copied into a batch of their own.
base::Result<span::SpanBatch> CopyTrace(TraceFetch& traces, const span::TraceId& id);

}  // namespace spandrel::columnar
