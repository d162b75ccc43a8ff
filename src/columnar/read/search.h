// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "columnar/snapshot/snapshot.h"
#include "storage/query_context.h"
#include "storage/store.h"

namespace spandrel::columnar {

base::Result<span::SpanBatch> ReadTrace(const storage::QueryContext& context,
                                        const Snapshot& snapshot, const span::TraceId& id);

// The earliest span with that id. NOT_FOUND when there is none.
base::Result<span::SpanBatch> ReadSpan(const storage::QueryContext& context,
                                       const Snapshot& snapshot, const span::TraceId& trace_id,
                                       const span::SpanId& span_id);

base::Result<storage::SearchResult> SearchTraces(const storage::QueryContext& context,
                                                 const Snapshot& snapshot,
                                                 const storage::SearchRequest& request);

}  // namespace spandrel::columnar
