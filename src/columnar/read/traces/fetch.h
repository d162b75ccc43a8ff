// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "columnar/read/scan/scan.h"
#include "columnar/snapshot/snapshot.h"
#include "storage/query_context.h"
#include "storage/trace_reader.h"

namespace spandrel::columnar {

// NOT_FOUND when the trace is not stored, DATA_LOSS when some of it may be damaged.
base::Result<span::SpanBatch> ReadTrace(const storage::QueryContext& context,
                                        const Snapshot& snapshot, const span::TraceId& id);

// The earliest span with that id. NOT_FOUND when there is none.
base::Result<span::SpanBatch> ReadSpan(const storage::QueryContext& context,
                                       const Snapshot& snapshot, const span::TraceId& trace_id,
                                       const span::SpanId& span_id);

// Spans in their order, in a batch that stands alone and holds what it takes of the query's memory.
base::Result<span::SpanBatch> CopySpans(const storage::QueryContext& context,
                                        const std::vector<span::SpanRef>& spans);

// One GetTraces. One thread.
class TracesReader {
 public:
  // All must outlive it.
  TracesReader(const storage::QueryContext& context,
               const std::vector<storage::WantedTrace>& wanted, storage::SpansSink& sink)
      : context_(context), wanted_(wanted), sink_(sink) {}

  // Hands the traces over. Called again with another snapshot, when that one had damage, it goes on
  // where it ended. False when the sink has ended the read.
  base::Result<bool> Send(const Snapshot& snapshot);

 private:
  const storage::QueryContext& context_;
  const std::vector<storage::WantedTrace>& wanted_;
  storage::SpansSink& sink_;
  size_t next_ = 0;  // in wanted_
  bool stopped_ = false;
};

}  // namespace spandrel::columnar
