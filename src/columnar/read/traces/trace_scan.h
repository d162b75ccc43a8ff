// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unordered_set>
#include <vector>

#include "columnar/read/scan/question.h"
#include "columnar/read/traces/column_slices.h"
#include "columnar/snapshot/snapshot.h"
#include "storage/query_context.h"
#include "storage/trace_scan.h"

namespace spandrel::columnar {

// One TraceScan: goes through what may match from the newest row group to the oldest, reads each
// trace once and hands it over. Newest first a trace waits, as a slice if it has been read, until
// nothing that is left can come before it. One thread.
class TraceScanner {
 public:
  // All must outlive it. INVALID_ARGUMENT as storage::ValidateExpression says.
  static base::Result<TraceScanner> Make(const storage::QueryContext& context,
                                         const storage::TraceScanRequest& request,
                                         storage::TraceSink& sink);

  // Hands the traces over. When the snapshot had damage it may be called again with another one: no
  // trace is handed over twice. False when the sink has ended the scan.
  base::Result<bool> Send(const Snapshot& snapshot);

 private:
  class Run;

  TraceScanner(const storage::QueryContext& context, const storage::TraceScanRequest& request,
               storage::TraceSink& sink, Question question, storage::RowQuestions asked,
               std::vector<Matcher> needs, ColumnSlices::Matchers conditions);

  bool is_done() const { return stopped_ || sent_.size() >= request_.limit; }

  const storage::QueryContext& context_;
  const storage::TraceScanRequest& request_;
  storage::TraceSink& sink_;
  Question question_;
  storage::RowQuestions asked_;
  const std::vector<Matcher> needs_;  // as TraceCandidates takes them
  ColumnSlices::Matchers conditions_;
  std::unordered_set<span::TraceId, span::IdHash> sent_;
  bool stopped_ = false;  // by the sink
};

}  // namespace spandrel::columnar
