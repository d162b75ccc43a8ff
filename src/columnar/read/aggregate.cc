// SPDX-License-Identifier: Apache-2.0
#include "columnar/read/aggregate.h"

#include <algorithm>

#include "columnar/read/scan.h"
#include "columnar/read/trace_totals.h"

namespace spandrel::columnar {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;

constexpr size_t kMaxGroupFields = 3;

// One measured thing: a span or a trace.
struct Sample {
  uint64_t start = 0;
  uint64_t duration = 0;
  bool error = false;
};

class Groups {
 public:
  explicit Groups(const storage::AggregateRequest& request) : request_(request) {}

  void Add(const std::vector<std::string>& group, const Sample& sample) {
    const uint64_t at = BucketStart(sample.start);
    storage::AggregateBucket& bucket = groups_[group][at];
    bucket.start_time_unix_nano = at;
    ++bucket.count;
    bucket.error_count += sample.error ? 1 : 0;
    bucket.latency.Add(sample.duration);
  }

  storage::AggregateResult Finish() && {
    std::vector<std::pair<uint64_t, storage::AggregateSeries>> counted;
    for (auto& [group, buckets] : groups_) {
      uint64_t total = 0;
      storage::AggregateSeries series{group, {}};
      for (auto& [start, bucket] : buckets) {
        total += bucket.count;
        series.buckets.push_back(std::move(bucket));
      }
      counted.emplace_back(total, std::move(series));
    }
    std::stable_sort(counted.begin(), counted.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    storage::AggregateResult result;
    result.truncated = counted.size() > request_.max_groups;
    if (result.truncated) counted.resize(request_.max_groups);
    for (auto& [total, series] : counted) result.series.push_back(std::move(series));
    return result;
  }

 private:
  uint64_t BucketStart(uint64_t start) const {
    const uint64_t origin = request_.start_time.min_unix_nano;
    if (request_.step_nano == 0 || start <= origin) return origin;
    return origin + (start - origin) / request_.step_nano * request_.step_nano;
  }

  const storage::AggregateRequest& request_;
  std::map<std::vector<std::string>, std::map<uint64_t, storage::AggregateBucket>> groups_;
};

Result<storage::AggregateResult> AggregateTraces(Scan& scan, const Matcher& matcher,
                                                 const storage::AggregateRequest& request) {
  const Result<TotalsOfTraces> totals = TotalsOfMatchingTraces(scan, matcher);
  if (!totals.ok()) return totals.status();
  Groups groups(request);
  const std::vector<std::string> only_group;
  for (const auto& [id, trace] : *totals) {
    groups.Add(only_group, {trace.min_start, trace.duration_nano(), trace.has_error});
  }
  return std::move(groups).Finish();
}

}  // namespace

Result<storage::AggregateResult> AggregateSpans(const Snapshot& snapshot,
                                                const storage::AggregateRequest& request) {
  const bool by_trace = request.unit == storage::CountUnit::kTraces;
  if (request.group_by.size() > kMaxGroupFields || (by_trace && !request.group_by.empty())) {
    return Status(StatusCode::kInvalidArgument, "too many group_by fields");
  }
  const Result<Matcher> matcher = Matcher::Make(request.where, request.start_time);
  if (!matcher.ok()) return matcher.status();
  Scan scan(snapshot);
  if (by_trace) return AggregateTraces(scan, *matcher, request);
  Groups groups(request);
  std::vector<std::string> group(request.group_by.size());
  const bool full = std::any_of(request.group_by.begin(), request.group_by.end(), IsPayloadField);
  SPANDREL_RETURN_IF_ERROR(scan.VisitAll(
      *matcher, full ? Content::kFull : Content::kLight, [&](const span::SpanRef& span) {
        for (size_t i = 0; i < group.size(); ++i) {
          group[i] = storage::FieldText(request.group_by[i], span).value_or("");
        }
        const span::SpanEntry& entry = span.entry();
        groups.Add(group, {entry.start_time_unix_nano, entry.duration_nano(),
                           entry.status == span::SpanStatus::kError});
      }));
  return std::move(groups).Finish();
}

}  // namespace spandrel::columnar
