// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/status.h"
#include "query/trace_search.h"
#include "span/span_batch.h"
#include "storage/query_context.h"

namespace spandrel::api {

// A trace as Jaeger's answers show it unless `raw` ones are asked for:
// - a client and servers that share a span id have one each (SeparateSharedIds);
// - `ip` and `peer.ipv4` that are numbers become addresses, 127.0.0.1;
// - what a span says of the SDK (`telemetry.sdk.*`, `telemetry.distro.*`) goes to its resource,
//   unless that says something else.
// What somebody should know of a change is in the span's attribute wire::kJaegerWarnings. The trace
// itself when nothing changes; chunks that do are written anew, with bytes of `context`.
base::Result<span::SpanBatch> AdjustTrace(const storage::QueryContext& context,
                                          span::SpanBatch trace);

// `visit` behind AdjustTrace; as it is when the traces are wanted `raw`. The context outlives it.
query::TraceVisitor Adjusted(const storage::QueryContext& context, bool raw,
                             query::TraceVisitor visit);

}  // namespace spandrel::api
