// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "columnar/read/scan.h"
#include "columnar/snapshot/snapshot.h"
#include "storage/evaluate.h"
#include "storage/trace_fields.h"
#include "storage/trace_scan.h"

namespace spandrel::columnar {

// One TraceScan: lists the traces that may be found, by what a predicate can say of the expression,
// then reads each as a whole, evaluates it and hands it over. One thread.
class TraceScanner {
 public:
  // All must outlive it. INVALID_ARGUMENT as storage::ValidateExpression says.
  static base::Result<TraceScanner> Make(const storage::QueryContext& context,
                                         const storage::TraceScanRequest& request,
                                         storage::TraceSink& sink);

  // Finds the traces that SendTraces looks at. May be called again with another snapshot when that
  // one had damage.
  base::Result<bool> ListTraces(const Snapshot& snapshot);
  // Hands over the traces. Called again, it goes on where it ended. False when the sink said so.
  base::Result<bool> SendTraces(const Snapshot& snapshot);

 private:
  // A trace that was read, and which of its spans match; the refs are the fetch's.
  struct Found {
    storage::TraceFields trace;
    std::vector<uint8_t> matched;
    std::optional<uint64_t> newest_match;
  };

  TraceScanner(const storage::QueryContext& context, const storage::TraceScanRequest& request,
               storage::TraceSink& sink)
      : context_(context), request_(request), sink_(sink) {}

  base::Result<Found> Load(TraceFetch& fetch, const span::TraceId& id) const;
  base::Status OrderByNewest(const Snapshot& snapshot);

  const storage::QueryContext& context_;
  const storage::TraceScanRequest& request_;
  storage::TraceSink& sink_;
  std::shared_ptr<const storage::Evaluator> evaluator_;
  std::vector<span::TraceId> traces_;
  size_t next_ = 0;  // in traces_
  size_t sent_ = 0;
};

}  // namespace spandrel::columnar
