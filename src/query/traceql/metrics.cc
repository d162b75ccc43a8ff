// SPDX-License-Identifier: Apache-2.0
#include "query/traceql/metrics.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>

#include "base/go_duration.h"
#include "query/traceql/compare.h"
#include "query/traceql/lower.h"
#include "storage/arithmetic.h"
#include "traceql/print.h"
#include "traceql/words.h"

namespace spandrel::query {
namespace {

using base::Result;
using storage::Measured;
using storage::MeasureKind;
using storage::MeasureSeries;
using traceql::Metrics;
using traceql::MetricsExpr;
using traceql::MetricsFunction;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kNanoPerSecond = 1e9;
constexpr int kBucketsPerDouble = 32;  // of storage::ValueHistogram

bool IsDuration(const traceql::Field& field) {
  const auto* intrinsic = std::get_if<traceql::Intrinsic>(&field);
  return intrinsic != nullptr && traceql::TypeOf(*intrinsic) == traceql::Type::kDuration;
}

std::vector<storage::Measure> MeasuresOf(const Metrics& metrics) {
  std::optional<storage::FieldRef> field;
  if (metrics.of) field = FieldOf(*metrics.of);
  switch (metrics.function) {
    case MetricsFunction::kMinOverTime:
      return {{MeasureKind::kMin, field}};
    case MetricsFunction::kMaxOverTime:
      return {{MeasureKind::kMax, field}};
    case MetricsFunction::kAvgOverTime:
    case MetricsFunction::kSumOverTime:
      return {{MeasureKind::kSum, field}};
    case MetricsFunction::kQuantileOverTime:
    case MetricsFunction::kHistogramOverTime:
      return {{MeasureKind::kHistogram, field}};
    default:
      return {{MeasureKind::kCount, std::nullopt}};
  }
}

// The power of two that a bucket of the histogram is at most.
double PowerOfTwo(int32_t bucket) {
  return std::exp2(std::ceil((bucket + 1.0) / kBucketsPerDouble));
}

// Makes the series of one function from what was measured.
class SeriesMaker {
 public:
  SeriesMaker(const Metrics& metrics, const SeriesRequest& request)
      : metrics_(metrics),
        points_(request.points),
        exemplars_left_(request.exemplars),
        unit_(metrics.of && IsDuration(*metrics.of) ? kNanoPerSecond : 1) {}

  std::vector<Series> Make(const storage::MeasureResult& result) {
    std::vector<Series> all;
    for (const MeasureSeries& measured : result.series) Append(measured, &all);
    const bool counts = metrics_.function == MetricsFunction::kRate ||
                        metrics_.function == MetricsFunction::kCountOverTime;
    if (all.empty() && metrics_.by.empty() && counts) {
      all.push_back({LabelsOf({}), std::vector<double>(points_.count, 0), {}});
    }
    SortByLabels(&all);
    return all;
  }

 private:
  std::vector<SeriesLabel> LabelsOf(const std::vector<storage::OptionalValue>& group) const {
    std::vector<SeriesLabel> labels;
    for (size_t i = 0; i < group.size(); ++i) {
      if (group[i]) labels.emplace_back(traceql::ToText(metrics_.by[i]), LabelOf(i, *group[i]));
    }
    if (labels.empty() && !metrics_.by.empty()) {
      labels.emplace_back(traceql::ToText(metrics_.by[0]), std::string("nil"));
    }
    const bool has_label_of_its_own = metrics_.function == MetricsFunction::kQuantileOverTime ||
                                      metrics_.function == MetricsFunction::kHistogramOverTime;
    if (metrics_.by.empty() && !has_label_of_its_own) {
      labels.emplace_back("__name__", std::string(traceql::MetricsFunctionName(metrics_.function)));
    }
    return labels;
  }

  storage::Value LabelOf(size_t field, const storage::Value& value) const {
    const auto* whole = std::get_if<int64_t>(&value);
    if (whole == nullptr || !IsDuration(metrics_.by[field])) return value;
    return base::FormatGoDuration(std::chrono::nanoseconds(*whole));
  }

  void Append(const MeasureSeries& measured, std::vector<Series>* all) {
    if (metrics_.function == MetricsFunction::kQuantileOverTime) {
      return AppendQuantiles(measured, all);
    }
    if (metrics_.function == MetricsFunction::kHistogramOverTime) {
      return AppendHistogram(measured, all);
    }
    const bool counts = metrics_.function == MetricsFunction::kRate ||
                        metrics_.function == MetricsFunction::kCountOverTime;
    Series series = Empty(LabelsOf(measured.group), counts ? 0 : kNone);
    bool has_value = false;
    for (const storage::MeasureBucket& bucket : measured.buckets) {
      const double value = ValueOf(bucket.measures[0]);
      has_value |= !std::isnan(value);
      series.values[points_.IndexOfBucket(bucket.start_time_unix_nano)] = value;
    }
    AddExemplars(measured, &series);
    if (has_value) all->push_back(std::move(series));
  }

  Series Empty(std::vector<SeriesLabel> labels, double value) const {
    return {std::move(labels), std::vector<double>(points_.count, value), {}};
  }

  double ValueOf(const Measured& measured) const {
    const auto count = static_cast<double>(measured.count);
    switch (metrics_.function) {
      case MetricsFunction::kRate:
        return count / (static_cast<double>(points_.step_nano) / kNanoPerSecond);
      case MetricsFunction::kMinOverTime:
        return measured.min ? storage::AsDouble(*measured.min) / unit_ : kNone;
      case MetricsFunction::kMaxOverTime:
        return measured.max ? storage::AsDouble(*measured.max) / unit_ : kNone;
      case MetricsFunction::kSumOverTime:
        return measured.count > 0 ? measured.sum / unit_ : kNone;
      case MetricsFunction::kAvgOverTime:
        return measured.count > 0 ? measured.sum / unit_ / count : kNone;
      default:
        return count;
    }
  }

  void AppendQuantiles(const MeasureSeries& measured, std::vector<Series>* all) {
    for (const double quantile : metrics_.quantiles) {
      std::vector<SeriesLabel> labels = LabelsOf(measured.group);
      labels.emplace_back("p", quantile);
      Series series = Empty(std::move(labels), kNone);
      bool has_value = false;
      for (const storage::MeasureBucket& bucket : measured.buckets) {
        const storage::ValueHistogram& histogram = bucket.measures[0].histogram;
        if (histogram.count() == 0) continue;
        has_value = true;
        series.values[points_.IndexOfBucket(bucket.start_time_unix_nano)] =
            histogram.Quantile(quantile) / unit_;
      }
      AddExemplars(measured, &series);
      if (has_value) all->push_back(std::move(series));
    }
  }

  void AppendHistogram(const MeasureSeries& measured, std::vector<Series>* all) {
    std::map<double, Series> buckets;
    const auto add = [&](double bound, size_t point, uint64_t count) {
      auto [place, is_new] = buckets.try_emplace(bound);
      if (is_new) {
        std::vector<SeriesLabel> labels = LabelsOf(measured.group);
        labels.emplace_back("__bucket", bound);
        place->second = Empty(std::move(labels), 0);
      }
      place->second.values[point] += static_cast<double>(count);
    };
    for (const storage::MeasureBucket& bucket : measured.buckets) {
      const storage::ValueHistogram& histogram = bucket.measures[0].histogram;
      const size_t point = points_.IndexOfBucket(bucket.start_time_unix_nano);
      if (histogram.zero_count() > 0) add(0, point, histogram.zero_count());
      for (const auto& [index, count] : histogram.positive()) {
        add(PowerOfTwo(index) / unit_, point, count);
      }
    }
    for (auto& [bound, series] : buckets) all->push_back(std::move(series));
  }

  void AddExemplars(const MeasureSeries& measured, Series* series) {
    for (const storage::MeasureBucket& bucket : measured.buckets) {
      for (const storage::Exemplar& exemplar : bucket.exemplars) {
        if (exemplars_left_ == 0) return;
        --exemplars_left_;
        const double value = exemplar.value ? storage::AsDouble(*exemplar.value) / unit_ : 0;
        series->exemplars.push_back({exemplar.trace_id, exemplar.start_time_unix_nano, value});
      }
    }
  }

  const Metrics& metrics_;
  const TimePoints points_;
  size_t exemplars_left_;
  const double unit_;
};

// How many series a group has at most, more or less.
size_t SeriesOfEach(const Metrics& metrics) {
  if (metrics.function == MetricsFunction::kHistogramOverTime) return 64;
  return std::max<size_t>(1, metrics.quantiles.size());
}

Result<SeriesSet> SeriesOfQuery(const storage::QueryContext& context, storage::Reader& reader,
                                const MetricsExpr& expr, const SeriesRequest& request) {
  if (expr.metrics.function == MetricsFunction::kCompare) {
    return CompareSelections(context, reader, expr, request.points);
  }
  std::vector<storage::FieldRef> group_by;
  group_by.reserve(expr.metrics.by.size());
  for (const traceql::Field& field : expr.metrics.by) group_by.push_back(FieldOf(field));
  const size_t per_point =
      request.exemplars == 0 ? 0 : std::max<size_t>(1, request.exemplars / request.points.count);
  const auto measured = MeasureSpans(context, reader,
                                     {expr.pipeline, std::move(group_by), MeasuresOf(expr.metrics),
                                      request.points, request.max_series, per_point});
  if (!measured.ok()) return measured.status();
  // What is made of it lives as long as the question.
  SPANDREL_RETURN_IF_ERROR(context.Reserve(measured->series.size() * SeriesOfEach(expr.metrics) *
                                           (request.points.count * sizeof(double) + 256)));
  SeriesSet set;
  set.truncated = measured->truncated;
  set.series = SeriesMaker(expr.metrics, request).Make(*measured);
  return set;
}

Result<SeriesSet> SeriesOf(const storage::QueryContext& context, storage::Reader& reader,
                           const MetricsExpr& expr, const SeriesRequest& request);

Result<SeriesSet> SeriesOfArithmetic(const storage::QueryContext& context, storage::Reader& reader,
                                     const MetricsExpr& expr, const SeriesRequest& request) {
  const MetricsExpr& left = expr.operands[0];
  const MetricsExpr& right = expr.operands[1];
  const bool left_is_number = left.kind == MetricsExpr::Kind::kConstant;
  const bool right_is_number = right.kind == MetricsExpr::Kind::kConstant;
  auto set = SeriesOf(context, reader, left_is_number ? right : left, request);
  if (!set.ok()) return set;
  if (left_is_number || right_is_number) {
    CombineWithNumber(expr.op, left_is_number ? left.constant : right.constant, left_is_number,
                      &*set);
    return set;
  }
  auto other = SeriesOf(context, reader, right, request);
  if (!other.ok()) return other;
  return Combine(expr.op, *std::move(set), *std::move(other));
}

// Recurses as deep as the expression is.
Result<SeriesSet> SeriesOf(const storage::QueryContext& context, storage::Reader& reader,
                           const MetricsExpr& expr, const SeriesRequest& request) {
  auto set = expr.kind == MetricsExpr::Kind::kQuery
                 ? SeriesOfQuery(context, reader, expr, request)
                 : SeriesOfArithmetic(context, reader, expr, request);
  if (!set.ok()) return set;
  for (const traceql::SecondStage& stage : expr.then) ApplyStage(stage, &*set);
  return set;
}

}  // namespace

Result<SeriesSet> MakeSeries(const storage::QueryContext& context, storage::Reader& reader,
                             const MetricsExpr& expr, const SeriesRequest& request) {
  return SeriesOf(context, reader, expr, request);
}

}  // namespace spandrel::query
