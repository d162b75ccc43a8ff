// SPDX-License-Identifier: Apache-2.0
#include "query/service_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace spandrel::query {
namespace {

using base::Status;
using base::StatusCode;
using storage::CompareOp;
using storage::Intrinsic;
using storage::LatencyHistogram;
using storage::Predicate;

constexpr double kNanosPerSecond = 1e9;
// What the histogram of a bucket takes, about.
constexpr size_t kHistogramBytes = 512;

Status Invalid(std::string message) {
  return {StatusCode::kInvalidArgument, std::move(message)};
}

// The points and the buckets that they are made of: bucket i ends where point i - window + 1 is.
struct Grid {
  uint64_t window = 1;  // buckets that a point looks back
  uint64_t points = 0;
  uint64_t min = 0;  // where the first bucket begins
};

base::Result<Grid> GridOf(const ServiceMetricsRequest& request) {
  if (request.end_unix_nano < request.start_unix_nano)
    return Invalid("the end is before the start");
  Grid grid;
  grid.points = (request.end_unix_nano - request.start_unix_nano) / request.step_nano + 1;
  if (grid.points > kMaxServicePoints) {
    return Invalid(fmt::format("more than {} points; the step is too small", kMaxServicePoints));
  }
  const uint64_t rest = request.window_nano % request.step_nano;
  grid.window = std::max<uint64_t>(1, request.window_nano / request.step_nano + (rest > 0 ? 1 : 0));
  if (grid.window > kMaxServiceWindow) {
    return Invalid(fmt::format("the window has more than {} steps", kMaxServiceWindow));
  }
  if (request.step_nano > request.start_unix_nano / grid.window) {
    return Invalid("the first window begins before 1970");
  }
  grid.min = request.start_unix_nano - grid.window * request.step_nano;
  return grid;
}

Predicate AnyOf(Intrinsic field, std::vector<std::string> values) {
  std::vector<Predicate> any;
  any.reserve(values.size());
  for (std::string& value : values) {
    any.push_back(Predicate::Compare(field, CompareOp::kEqual, std::move(value)));
  }
  return any.size() == 1 ? std::move(any.front()) : Predicate::Or(std::move(any));
}

storage::AggregateRequest AggregateOf(const ServiceMetricsRequest& request, const Grid& grid) {
  std::vector<std::string> kinds;
  for (const span::SpanKind kind : request.kinds) kinds.emplace_back(span::SpanKindName(kind));
  storage::AggregateRequest aggregate;
  aggregate.where = Predicate::And({AnyOf(Intrinsic::kServiceName, request.services),
                                    AnyOf(Intrinsic::kKind, std::move(kinds))});
  aggregate.start_time.min_unix_nano = grid.min;
  aggregate.start_time.max_unix_nano =
      request.start_unix_nano + (grid.points - 1) * request.step_nano - 1;
  aggregate.group_by.emplace_back(Intrinsic::kServiceName);
  if (request.by_operation) aggregate.group_by.emplace_back(Intrinsic::kName);
  aggregate.step_nano = request.step_nano;
  aggregate.max_groups = std::numeric_limits<size_t>::max();
  return aggregate;
}

struct Sums {
  uint64_t calls = 0;
  uint64_t errors = 0;
  LatencyHistogram latency;

  void Add(const storage::AggregateBucket& bucket) {
    calls += bucket.count;
    errors += bucket.error_count;
    latency.Merge(bucket.latency);
  }
  void Add(const Sums& other) {
    calls += other.calls;
    errors += other.errors;
    latency.Merge(other.latency);
  }
};

// The sums of every `window` buckets in a row. Buckets are taken in blocks of a window: what of a
// window lies in one block is the end of it, what lies in the next is a beginning, so that each
// bucket is added twice and each window is one sum of two, however long it is.
class SlidingSums {
 public:
  SlidingSums(const std::vector<storage::AggregateBucket>& buckets, uint64_t min, uint64_t step,
              uint64_t window)
      : window_(window), ends_(window) {
    for (const auto& bucket : buckets) {
      numbered_.emplace_back((bucket.start_time_unix_nano - min) / step, &bucket);
    }
  }

  // The sum of the window whose last bucket has this number; numbers come one after the other, from
  // window - 1 on.
  Sums Next(uint64_t last) {
    if ((last + 1) % window_ == 0) StartBlock(last + 1 - window_);
    Sums sums = ends_[(last + 1) % window_];
    if ((last + 1) % window_ == 0) return sums;
    if (const auto* bucket = Find(last)) beginning_.Add(*bucket);
    sums.Add(beginning_);
    return sums;
  }

 private:
  const storage::AggregateBucket* Find(uint64_t number) const {
    const auto found =
        std::lower_bound(numbered_.begin(), numbered_.end(), number,
                         [](const auto& entry, uint64_t wanted) { return entry.first < wanted; });
    return found != numbered_.end() && found->first == number ? found->second : nullptr;
  }

  // ends_[i]: of the block's buckets from its i-th on.
  void StartBlock(uint64_t first) {
    Sums sums;
    for (uint64_t i = window_; i-- > 0;) {
      if (const auto* bucket = Find(first + i)) sums.Add(*bucket);
      ends_[i] = sums;
    }
    beginning_ = {};
  }

  const uint64_t window_;
  std::vector<std::pair<uint64_t, const storage::AggregateBucket*>> numbered_;
  std::vector<Sums> ends_;
  Sums beginning_;  // of the block after that of ends_
};

ServiceSeries SeriesOf(const ServiceMetricsRequest& request, const Grid& grid,
                       const storage::AggregateSeries& counted) {
  ServiceSeries series;
  series.service = counted.group.front();
  if (request.by_operation) series.operation = counted.group.back();
  SlidingSums sliding(counted.buckets, grid.min, request.step_nano, grid.window);
  const double seconds =
      static_cast<double>(grid.window) * static_cast<double>(request.step_nano) / kNanosPerSecond;
  for (uint64_t i = 0; i < grid.points; ++i) {
    const Sums sums = sliding.Next(grid.window - 1 + i);
    if (sums.calls == 0) continue;
    const auto calls = static_cast<double>(sums.calls);
    series.points.push_back({request.start_unix_nano + i * request.step_nano, calls / seconds,
                             static_cast<double>(sums.errors) / calls,
                             sums.latency.Quantile(request.quantile)});
  }
  return series;
}

}  // namespace

base::Result<std::vector<ServiceSeries>> ServiceMetrics(const storage::QueryContext& context,
                                                        storage::Reader& reader,
                                                        const ServiceMetricsRequest& request) {
  const auto grid = GridOf(request);
  if (!grid.ok()) return grid.status();
  const auto counted = reader.Aggregate(context, AggregateOf(request, *grid));
  if (!counted.ok()) return counted.status();
  storage::QueryMemory memory(context);
  SPANDREL_RETURN_IF_ERROR(memory.Grow(grid->window * kHistogramBytes));
  std::vector<ServiceSeries> all;
  for (const storage::AggregateSeries& series : counted->series) {
    SPANDREL_RETURN_IF_ERROR(context.Check());
    SPANDREL_RETURN_IF_ERROR(memory.Grow(grid->points * sizeof(ServicePoint)));
    all.push_back(SeriesOf(request, *grid, series));
  }
  std::sort(all.begin(), all.end(), [](const ServiceSeries& a, const ServiceSeries& b) {
    return std::tie(a.service, a.operation) < std::tie(b.service, b.operation);
  });
  return all;
}

}  // namespace spandrel::query
