// SPDX-License-Identifier: Apache-2.0
#include "query/overview.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace spandrel::query {
namespace {

using storage::LatencyHistogram;

int32_t FloorDivide(int32_t value, int32_t by) {
  return value >= 0 ? value / by : -((-value + by - 1) / by);
}

// How histogram buckets become rows: `buckets_per_row` neighbours each, at multiples of it, so that
// the bounds stay where they are when more traces arrive.
struct RowScale {
  explicit RowScale(const LatencyHistogram& all) {
    if (all.buckets().empty()) return;
    const int32_t low = all.buckets().begin()->first;
    const int32_t high = all.buckets().rbegin()->first;
    while (FloorDivide(high, buckets_per_row) - FloorDivide(low, buckets_per_row) >=
           kMaxOverviewRows) {
      ++buckets_per_row;
    }
    first_row = FloorDivide(low, buckets_per_row);
    row_count = FloorDivide(high, buckets_per_row) - first_row + 1;
  }

  uint32_t RowOf(int32_t bucket) const {
    return static_cast<uint32_t>(FloorDivide(bucket, buckets_per_row) - first_row);
  }

  std::vector<uint64_t> Bounds() const {
    std::vector<uint64_t> bounds;
    for (int32_t row = 0; row <= row_count; ++row) {
      // The bucket below the row's first ends where the row begins.
      const double bound = LatencyHistogram::UpperBound((first_row + row) * buckets_per_row - 1);
      const uint64_t at_least = bounds.empty() ? 1 : bounds.back() + 1;
      bounds.push_back(std::max(at_least, static_cast<uint64_t>(std::min(bound, 1.8e19))));
    }
    return bounds;
  }

  int32_t buckets_per_row = 1;
  int32_t first_row = 0;
  int32_t row_count = 1;
};

using RowCounts = std::map<uint32_t, uint64_t>;

RowCounts CountRows(const LatencyHistogram& latency, const RowScale& scale) {
  RowCounts rows;
  if (latency.zero_count() > 0) rows[0] += latency.zero_count();
  for (const auto& [bucket, count] : latency.buckets()) rows[scale.RowOf(bucket)] += count;
  return rows;
}

// A trace may start before its first matching span, outside the range: it counts in the first
// column.
uint32_t ColumnOf(const storage::AggregateBucket& bucket, const Overview& overview) {
  if (bucket.start_time_unix_nano <= overview.from_unix_nano) return 0;
  const uint64_t column =
      (bucket.start_time_unix_nano - overview.from_unix_nano) / overview.step_nano;
  return static_cast<uint32_t>(std::min<uint64_t>(column, overview.columns - 1));
}

void FillCells(const std::vector<storage::AggregateBucket>& buckets, const RowScale& scale,
               Overview* overview) {
  std::map<uint32_t, RowCounts> columns;
  for (const auto& bucket : buckets) {
    const uint32_t column = ColumnOf(bucket, *overview);
    overview->errors[column] += bucket.error_count;
    for (const auto& [row, count] : CountRows(bucket.latency, scale)) columns[column][row] += count;
  }
  for (const auto& [column, rows] : columns) {
    for (const auto& [row, count] : rows) overview->cells.push_back({column, row, count});
  }
}

base::Status CheckRequest(const TraceFilter& filter, size_t columns) {
  if (columns == 0 || columns > kMaxOverviewColumns) {
    return {base::StatusCode::kInvalidArgument,
            fmt::format("columns: expected 1 to {}", kMaxOverviewColumns)};
  }
  if (filter.start_time.min_unix_nano >= filter.start_time.max_unix_nano) {
    return {base::StatusCode::kInvalidArgument, "the time range is empty"};
  }
  return {};
}

}  // namespace

base::Result<Overview> LoadOverview(const storage::QueryContext& context, storage::Reader& reader,
                                    const TraceFilter& filter, size_t columns) {
  SPANDREL_RETURN_IF_ERROR(CheckRequest(filter, columns));
  const uint64_t width = filter.start_time.max_unix_nano - filter.start_time.min_unix_nano;
  Overview overview;
  overview.from_unix_nano = filter.start_time.min_unix_nano;
  overview.step_nano = (width - 1) / columns + 1;
  overview.columns = columns;
  overview.errors.assign(columns, 0);

  storage::AggregateRequest request;
  request.where = FilterPredicate(filter);
  request.start_time = filter.start_time;
  request.unit = storage::CountUnit::kTraces;
  request.step_nano = overview.step_nano;
  const auto result = reader.Aggregate(context, request);
  if (!result.ok()) return result.status();
  if (result->series.empty()) return overview;

  const auto& buckets = result->series.front().buckets;
  LatencyHistogram all;
  for (const auto& bucket : buckets) {
    all.Merge(bucket.latency);
    overview.trace_count += bucket.count;
    overview.error_count += bucket.error_count;
  }
  if (overview.trace_count == 0) return overview;
  overview.p50_nano = all.Quantile(0.50);
  overview.p95_nano = all.Quantile(0.95);
  overview.p99_nano = all.Quantile(0.99);
  const RowScale scale(all);
  overview.row_bounds_nano = scale.Bounds();
  FillCells(buckets, scale, &overview);
  return overview;
}

}  // namespace spandrel::query
