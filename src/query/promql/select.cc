// SPDX-License-Identifier: Apache-2.0
#include "query/promql/select.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include "query/promql/counts.h"
#include "query/promql/label_matchers.h"
#include "query/promql/span_metrics.h"

namespace spandrel::query {
namespace {

using base::Result;
using base::Status;

constexpr double kSecondsPerNano = 1e-9;
constexpr uint64_t kLatest = uint64_t{1} << 62;  // the year 2116
// What a series takes beside its values, about.
constexpr size_t kSeriesBytes = 512;

// The points at which counters are read, and what is counted for each.
struct Windows {
  Instants points;
  std::optional<uint64_t> length;  // nothing: from the beginning of time on
};

Result<Windows> WindowsOf(const Selection& selection) {
  Windows windows{selection.points, {}};
  const int64_t offset = selection.selector.offset_nano;
  const auto size = static_cast<uint64_t>(offset < 0 ? -offset : offset);
  uint64_t& first = windows.points.first_unix_nano;
  if (selection.reading != CounterReading::kValue) windows.length = selection.selector.range_nano;
  const uint64_t before = windows.length.value_or(0) + (offset > 0 ? size : 0);
  if (before > first) {
    return Status(base::StatusCode::kInvalidArgument, "a range begins before 1970");
  }
  first = offset > 0 ? first - size : first + size;
  if (windows.points.last() > kLatest) {
    return Status(base::StatusCode::kInvalidArgument, "the time is too far in the future");
  }
  return windows;
}

// How many are counted, of one metric.
struct Amount {
  const SpanMetric& metric;
  size_t bound = 0;  // of a bucket, one behind the last for all

  uint64_t Of(const TimedCounts& counts) const {
    const DurationCounts& durations = counts.durations[metric.side];
    switch (metric.part) {
      case MetricPart::kTotal:
        return counts.total;
      case MetricPart::kFailed:
        return counts.failed;
      case MetricPart::kSum:
        return durations.sum_nano;
      case MetricPart::kBucket:
        return bound < durations.up_to.size() && !IsLast() ? durations.up_to[bound]
                                                           : AllOf(durations);
      default:
        return durations.count;
    }
  }
  // Whether there is such a series at all.
  uint64_t Existing(const TimedCounts& counts) const {
    const bool is_whole = metric.part == MetricPart::kTotal || metric.part == MetricPart::kFailed;
    return is_whole ? Of(counts) : counts.durations[metric.side].count;
  }
  double unit() const { return metric.part == MetricPart::kSum ? kSecondsPerNano : 1; }

 private:
  bool IsLast() const { return bound == BoundsOf(metric.family).size(); }
  // No bound was counted where there is no duration.
  uint64_t AllOf(const DurationCounts& durations) const { return IsLast() ? durations.count : 0; }
};

// Goes from point to point and tells what comes into the window and what falls out of it.
template <typename Enter, typename Leave, typename Point>
void Slide(const std::vector<TimedCounts>& buckets, const Windows& windows, Enter&& enter,
           Leave&& leave, Point&& point) {
  size_t end = 0;
  size_t begin = 0;
  for (size_t i = 0; i < windows.points.count; ++i) {
    const uint64_t now = windows.points.At(i);
    for (; end < buckets.size() && buckets[end].last_unix_nano <= now; ++end) enter(buckets[end]);
    while (windows.length && begin < end &&
           buckets[begin].last_unix_nano <= now - *windows.length) {
      leave(buckets[begin++]);
    }
    point(i);
  }
}

class Selector {
 public:
  Selector(const storage::QueryContext& context, storage::Reader& reader,
           const Selection& selection, const Windows& windows, const LabelMatchers& matchers,
           storage::QueryMemory* memory)
      : context_(context),
        reader_(reader),
        selection_(selection),
        windows_(windows),
        matchers_(matchers),
        memory_(*memory) {}

  Status AddFamily(MetricFamily family) {
    std::vector<const SpanMetric*> metrics;
    for (const SpanMetric& metric : AllSpanMetrics()) {
      if (metric.family == family && IsWanted(metric)) metrics.push_back(&metric);
    }
    if (metrics.empty() || !matchers_.HoldWithout(LabelsOf(family))) return {};
    const auto counts = Count(family, metrics);
    if (!counts.ok()) return counts.status();
    for (const SpanMetric* metric : metrics) {
      for (const LabelledCounts& group : *counts) SPANDREL_RETURN_IF_ERROR(Add(*metric, group));
    }
    return {};
  }

  PromVector Take() { return std::move(series_); }

 private:
  bool IsWanted(const SpanMetric& metric) const {
    const bool has_bounds = metric.part == MetricPart::kBucket;
    return matchers_.Hold(promql::kNameLabel, metric.name) &&
           (has_bounds || matchers_.Hold(promql::kBoundLabel, ""));
  }

  CountsRequest RequestOf(MetricFamily family,
                          const std::vector<const SpanMetric*>& metrics) const {
    CountsRequest request{.matchers = matchers_, .labels = {}};
    for (const std::string_view label : LabelsOf(family)) {
      const PromLabels one = {{std::string(label), "x"}};
      const bool is_kept = selection_.kept == nullptr || !Chosen(one, *selection_.kept).empty();
      if (is_kept) request.labels.push_back(label);
    }
    for (const SpanMetric* metric : metrics) {
      request.sums |= metric->part == MetricPart::kSum || metric->part == MetricPart::kNative;
      request.bounds |= metric->part == MetricPart::kBucket;
      request.native |= metric->part == MetricPart::kNative;
    }
    request.max_groups = kMaxPromSeries;
    return request;
  }

  Result<std::vector<LabelledCounts>> Count(MetricFamily family,
                                            const std::vector<const SpanMetric*>& metrics) const {
    CountsRequest request = RequestOf(family, metrics);
    const Instants& points = windows_.points;
    if (windows_.length) {
      const bool is_one = points.count == 1;
      request.min_unix_nano = points.first_unix_nano - *windows_.length + 1;
      request.max_unix_nano = points.last();
      request.step_nano = is_one ? *windows_.length : std::gcd(*windows_.length, points.step_nano);
      return CountFamily(family, context_, reader_, request);
    }
    request.max_unix_nano = points.first_unix_nano;
    request.step_nano = points.first_unix_nano + 1;
    auto before = CountFamily(family, context_, reader_, request);
    if (!before.ok() || points.count == 1) return before;
    request.min_unix_nano = points.first_unix_nano + 1;
    request.max_unix_nano = points.last();
    request.step_nano = points.step_nano;
    auto later = CountFamily(family, context_, reader_, request);
    if (!later.ok()) return later;
    return Joined(*std::move(before), *std::move(later));
  }

  static std::vector<LabelledCounts> Joined(std::vector<LabelledCounts> before,
                                            std::vector<LabelledCounts> later) {
    std::map<PromLabels, size_t> place;
    for (size_t i = 0; i < before.size(); ++i) place[before[i].labels] = i;
    for (LabelledCounts& group : later) {
      const auto found = place.find(group.labels);
      if (found == place.end()) {
        before.push_back(std::move(group));
        continue;
      }
      auto& buckets = before[found->second].buckets;
      std::move(group.buckets.begin(), group.buckets.end(), std::back_inserter(buckets));
    }
    return before;
  }

  Status Add(const SpanMetric& metric, const LabelledCounts& group) {
    const bool has_bounds = metric.part == MetricPart::kBucket;
    const size_t count = has_bounds ? BoundsOf(metric.family).size() + 1 : 1;
    for (size_t bound = 0; bound < count; ++bound) {
      const std::string_view text = has_bounds ? BoundText(metric.family, bound) : "";
      if (has_bounds && !matchers_.Hold(promql::kBoundLabel, text)) continue;
      SPANDREL_RETURN_IF_ERROR(AddSeries({metric, bound}, group, text));
    }
    return {};
  }

  Status AddSeries(const Amount& amount, const LabelledCounts& group, std::string_view bound) {
    uint64_t existing = 0;
    for (const TimedCounts& counts : group.buckets) existing += amount.Existing(counts);
    if (existing == 0) return {};
    if (series_.size() >= kMaxPromSeries) return TooManySeries(kMaxPromSeries);
    SPANDREL_RETURN_IF_ERROR(context_.Check());
    // What is made of them takes as much again at most.
    SPANDREL_RETURN_IF_ERROR(
        memory_.Grow(2 * (kSeriesBytes + windows_.points.count * sizeof(double))));
    PromSeries& series = series_.emplace_back();
    series.labels = group.labels;
    AddLabel(promql::kBoundLabel, std::string(bound), &series.labels);
    AddLabel(promql::kNameLabel, std::string(amount.metric.name), &series.labels);
    const bool is_native = amount.metric.part == MetricPart::kNative;
    return is_native ? FillHistograms(amount, group, &series) : FillNumbers(amount, group, &series);
  }

  // What is counted becomes what is said.
  double Factor() const {
    if (selection_.reading != CounterReading::kRate) return 1;
    return 1 / (static_cast<double>(*windows_.length) * kSecondsPerNano);
  }

  Status FillNumbers(const Amount& amount, const LabelledCounts& group, PromSeries* series) const {
    series->values.assign(windows_.points.count, Absent());
    uint64_t sum = 0;
    uint64_t existing = 0;
    const double seconds = windows_.length ? static_cast<double>(*windows_.length) * 1e-9 : 1;
    const bool is_rate = selection_.reading == CounterReading::kRate;
    Slide(
        group.buckets, windows_,
        [&](const TimedCounts& counts) {
          sum += amount.Of(counts);
          existing += amount.Existing(counts);
        },
        [&](const TimedCounts& counts) { sum -= amount.Of(counts); },
        [&](size_t i) {
          if (!windows_.length && existing == 0) return;
          const double value = static_cast<double>(sum) * amount.unit();
          series->values[i] = is_rate ? value / seconds : value;
        });
    return {};
  }

  Status FillHistograms(const Amount& amount, const LabelledCounts& group,
                        PromSeries* series) const {
    series->values.assign(windows_.points.count, Absent());
    series->histograms.resize(windows_.points.count);
    std::map<int32_t, uint64_t> buckets;
    uint64_t sum_nano = 0;
    uint64_t zeros = 0;
    uint64_t count = 0;
    const auto change = [&](const TimedCounts& counts, uint64_t sign) {
      const DurationCounts& durations = counts.durations[amount.metric.side];
      sum_nano += sign * durations.sum_nano;
      zeros += sign * durations.native.zero_count();
      count += sign * durations.count;
      for (const auto& [bucket, number] : durations.native.positive()) {
        if ((buckets[bucket] += sign * number) == 0) buckets.erase(bucket);
      }
    };
    Status status;
    Slide(
        group.buckets, windows_, [&](const TimedCounts& counts) { change(counts, 1); },
        [&](const TimedCounts& counts) { change(counts, UINT64_MAX); },
        [&](size_t i) {
          if (!status.ok() || (!windows_.length && count == 0)) return;
          PromHistogram& histogram = series->histograms[i];
          status = memory_.Grow(2 * (sizeof(PromHistogram) + buckets.size() * sizeof(double) * 2));
          if (!status.ok()) return;
          histogram = {static_cast<double>(count),
                       static_cast<double>(sum_nano) * kSecondsPerNano,
                       static_cast<double>(zeros),
                       {}};
          histogram.buckets.reserve(buckets.size());
          for (const auto& [bucket, number] : buckets) {
            histogram.buckets.emplace_back(bucket, static_cast<double>(number));
          }
          histogram.Scale(Factor());
          series->values[i] = histogram.count;
        });
    return status;
  }

  const storage::QueryContext& context_;
  storage::Reader& reader_;
  const Selection& selection_;
  const Windows& windows_;
  const LabelMatchers& matchers_;
  storage::QueryMemory& memory_;
  PromVector series_;
};

}  // namespace

Result<PromVector> Select(const storage::QueryContext& context, storage::Reader& reader,
                          const Selection& selection, storage::QueryMemory* memory) {
  const auto windows = WindowsOf(selection);
  if (!windows.ok()) return windows.status();
  const auto matchers = LabelMatchers::Make(context, selection.selector);
  if (!matchers.ok()) return matchers.status();
  Selector selector(context, reader, selection, *windows, *matchers, memory);
  for (const MetricFamily family : {MetricFamily::kSpans, MetricFamily::kCalls}) {
    SPANDREL_RETURN_IF_ERROR(selector.AddFamily(family));
  }
  PromVector series = selector.Take();
  SortByLabels(&series);
  return series;
}

}  // namespace spandrel::query
