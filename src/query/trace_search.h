// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
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

// Bytes of spans that a request for whole traces may bring together.
inline constexpr size_t kMaxLoadedBytes = 512 << 20;

// The spans of each of these traces that is stored, in the order of `ids`; the others are left out.
// RESOURCE_EXHAUSTED when they have more than `max_bytes`.
struct LoadedTrace {
  span::TraceId trace_id;
  span::SpanBatch spans;
};
base::Result<std::vector<LoadedTrace>> LoadTraces(const storage::QueryContext& context,
                                                  storage::Reader& reader,
                                                  const std::vector<span::TraceId>& ids,
                                                  size_t max_bytes = kMaxLoadedBytes);

// The search, then the traces it found.
base::Result<std::vector<LoadedTrace>> SearchAndLoadTraces(const storage::QueryContext& context,
                                                           storage::Reader& reader,
                                                           const storage::SearchRequest& request,
                                                           size_t max_bytes = kMaxLoadedBytes);

}  // namespace spandrel::query
