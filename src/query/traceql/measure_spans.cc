// SPDX-License-Identifier: Apache-2.0
#include "query/traceql/measure_spans.h"

#include <algorithm>
#include <map>
#include <utility>

#include "query/traceql/lower.h"
#include "query/traceql/plan.h"
#include "query/traceql/spansets.h"
#include "storage/arithmetic.h"
#include "storage/value.h"

namespace spandrel::query {
namespace {

using base::Result;
using base::Status;
using storage::FieldColumn;
using storage::Measured;
using storage::MeasureKind;
using storage::Number;
using storage::OptionalValue;

// What a bucket takes, and a group beside its buckets.
constexpr size_t kBucketBytes = sizeof(storage::MeasureBucket) + sizeof(Measured) + 96;
constexpr size_t kGroupBytes = 512;

OptionalValue FirstOf(const FieldColumn& column, uint32_t row) {
  const size_t begin = row == 0 ? 0 : column.ends[row - 1];
  return begin == column.ends[row] ? OptionalValue() : column.values[begin];
}

std::optional<Number> FirstNumberOf(const FieldColumn& column, uint32_t row) {
  for (size_t i = row == 0 ? 0 : column.ends[row - 1]; i < column.ends[row]; ++i) {
    if (auto number = storage::NumberOf(storage::ViewOf(column.values[i]))) return number;
  }
  return std::nullopt;
}

bool IsLess(const Number& a, const Number& b) {
  return storage::CompareValues(storage::ViewOf(a), storage::ViewOf(b)) < 0;
}

// A span that stands for `weight`.
void AddTo(MeasureKind kind, const Number& value, uint64_t weight, Measured* measured) {
  measured->count += weight;
  switch (kind) {
    case MeasureKind::kSum:
      measured->sum += storage::AsDouble(value) * static_cast<double>(weight);
      break;
    case MeasureKind::kMin:
      if (!measured->min || IsLess(value, *measured->min)) measured->min = value;
      break;
    case MeasureKind::kMax:
      if (!measured->max || IsLess(*measured->max, value)) measured->max = value;
      break;
    case MeasureKind::kHistogram:
      measured->histogram.Add(storage::AsDouble(value), weight);
      break;
    case MeasureKind::kCount:
      break;
  }
}

class ScanMeasurer final : public storage::TraceSink {
 public:
  // From `first` on, the operands of the scan are the fields of groups and measures.
  ScanMeasurer(const storage::QueryContext& context, const SpansMeasure& request, const Plan& plan,
               size_t first)
      : context_(context),
        request_(request),
        first_(first),
        range_(request.points.Range()),
        maker_(context, plan),
        memory_(context) {}

  bool OnTrace(storage::TraceSlice&& slice) override {
    status_ = Add(slice);
    return status_.ok();
  }

  Result<storage::MeasureResult> Take() {
    if (!status_.ok()) return status_;
    storage::MeasureResult result;
    for (auto& [group, buckets] : groups_) {
      storage::MeasureSeries series{group, {}};
      for (auto& [start, bucket] : buckets) series.buckets.push_back(std::move(bucket));
      result.series.push_back(std::move(series));
    }
    std::stable_sort(result.series.begin(), result.series.end(),
                     [](const auto& a, const auto& b) { return SpansOf(a) > SpansOf(b); });
    result.truncated = result.series.size() > request_.max_groups;
    if (result.truncated) result.series.resize(request_.max_groups);
    return result;
  }

 private:
  using Group = std::vector<OptionalValue>;

  static uint64_t SpansOf(const storage::MeasureSeries& series) {
    uint64_t spans = 0;
    for (const storage::MeasureBucket& bucket : series.buckets) spans += bucket.spans;
    return spans;
  }

  Status Add(const storage::TraceSlice& slice) {
    SPANDREL_RETURN_IF_ERROR(context_.Check());
    storage::QueryMemory memory(context_);
    const auto spansets = maker_.Make(slice, memory);
    if (!spansets.ok()) return spansets.status();
    std::vector<uint8_t> is_counted(slice.row_count());
    for (const Spanset& spanset : *spansets) {
      for (const uint32_t row : spanset.rows) {
        if (is_counted[row] != 0 || !range_.Contains(slice.starts[row])) continue;
        is_counted[row] = 1;
        SPANDREL_RETURN_IF_ERROR(AddRow(slice, row));
      }
    }
    return {};
  }

  Status AddRow(const storage::TraceSlice& slice, uint32_t row) {
    Group group;
    for (size_t i = 0; i < request_.group_by.size(); ++i) {
      group.push_back(FirstOf(slice.operands[first_ + i], row));
    }
    const auto [found, is_new_group] = groups_.try_emplace(std::move(group));
    const uint64_t step = request_.points.step_nano;
    const uint64_t start =
        range_.min_unix_nano + (slice.starts[row] - range_.min_unix_nano) / step * step;
    const auto [place, is_new] = found->second.try_emplace(start);
    storage::MeasureBucket& bucket = place->second;
    if (is_new) {
      SPANDREL_RETURN_IF_ERROR(memory_.Grow(kBucketBytes + (is_new_group ? kGroupBytes : 0)));
      bucket.start_time_unix_nano = start;
      bucket.measures.resize(request_.measures.size());
    }
    bucket.spans += slice.weight;
    std::optional<Number> first;
    for (size_t i = 0; i < request_.measures.size(); ++i) {
      const bool has_field = request_.measures[i].field.has_value();
      const auto value =
          has_field ? FirstNumberOf(slice.operands[first_ + request_.group_by.size() + i], row)
                    : std::optional<Number>(int64_t{1});
      if (i == 0 && has_field) first = value;
      if (value) AddTo(request_.measures[i].kind, *value, slice.weight, &bucket.measures[i]);
    }
    if (bucket.exemplars.size() < request_.exemplars) {
      bucket.exemplars.push_back({slice.trace_id, slice.span_ids[row], slice.starts[row], first});
    }
    return {};
  }

  const storage::QueryContext& context_;
  const SpansMeasure& request_;
  const size_t first_;
  const storage::TimeRange range_;
  const SpansetMaker maker_;
  storage::QueryMemory memory_;
  std::map<Group, std::map<uint64_t, storage::MeasureBucket>, storage::ValueLess> groups_;
  Status status_;
};

}  // namespace

const traceql::FieldExpr* OnlyFilter(const traceql::Pipeline& pipeline) {
  if (pipeline.stages.size() != 1) return nullptr;
  const auto* spansets = std::get_if<traceql::SpansetExpr>(&pipeline.stages[0].what);
  const bool is_filter =
      spansets != nullptr && spansets->kind == traceql::SpansetExpr::Kind::kFilter;
  return is_filter ? &spansets->filter : nullptr;
}

Result<storage::MeasureResult> MeasureSpans(const storage::QueryContext& context,
                                            storage::Reader& reader, const SpansMeasure& request) {
  storage::MeasureRequest measure;
  measure.start_time = request.points.Range();
  measure.group_by = request.group_by;
  measure.step_nano = request.points.step_nano;
  measure.measures = request.measures;
  measure.max_groups = request.max_groups;
  measure.exemplars = request.exemplars;
  SPANDREL_RETURN_IF_ERROR(storage::ValidateRequest(measure));
  if (const traceql::FieldExpr* filter = OnlyFilter(request.pipeline)) {
    measure.where = Lower(*filter);
    return reader.Measure(context, measure);
  }
  Plan plan = MakePlan(request.pipeline, {});
  plan.scan.start_time = measure.start_time;
  plan.scan.fields.clear();
  const size_t first = plan.scan.operands.size();
  for (const storage::FieldRef& field : request.group_by) {
    plan.scan.operands.push_back(storage::Expression::Of(field));
  }
  for (const storage::Measure& one : request.measures) {
    plan.scan.operands.push_back(
        storage::Expression::Of(one.field.value_or(storage::Intrinsic::kDuration)));
  }
  ScanMeasurer measurer(context, request, plan, first);
  SPANDREL_RETURN_IF_ERROR(reader.TraceScan(context, plan.scan, measurer));
  return measurer.Take();
}

}  // namespace spandrel::query
