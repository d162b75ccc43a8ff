// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "span/span_batch.h"
#include "storage/store.h"

namespace spandrel::query {

// What people search by. All that is set must hold for one span of a trace.
struct TraceFilter {
  std::string service;    // exact; empty: any
  std::string operation;  // exact; empty: any
  std::optional<span::SpanKind> kind;
  std::optional<span::SpanStatus> status;
  storage::Predicate tags;
  std::optional<uint64_t> min_duration_nano;  // inclusive, as is the other
  std::optional<uint64_t> max_duration_nano;
  storage::TimeRange start_time;
};

// The filter without its time range.
storage::Predicate FilterPredicate(const TraceFilter& filter);

storage::SearchRequest MakeSearchRequest(const TraceFilter& filter, storage::Order order,
                                         size_t limit, std::optional<storage::Cursor> after = {});

struct LoadedTrace {
  span::TraceId trace_id;
  span::SpanBatch spans;
};
// Takes a trace; an error ends the visit.
using TraceVisitor = std::function<base::Status(LoadedTrace&&)>;

// Gives each of these traces that is stored to `visit`, in the order of `ids`; the others are left
// out. One is in memory at a time, reserved from the context while it is visited.
base::Status VisitTraces(const storage::QueryContext& context, storage::Reader& reader,
                         const std::vector<span::TraceId>& ids, const TraceVisitor& visit);

// The search, then the traces it found.
base::Status SearchAndVisitTraces(const storage::QueryContext& context, storage::Reader& reader,
                                  const storage::SearchRequest& request, const TraceVisitor& visit);

}  // namespace spandrel::query
