// SPDX-License-Identifier: Apache-2.0
#include "query/traceql/compare.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "query/traceql/lower.h"
#include "storage/field.h"
#include "storage/value_counts.h"

namespace spandrel::query {
namespace {

using base::Result;
using base::Status;
using base::StatusCode;
using storage::Expression;
using storage::Intrinsic;

constexpr int64_t kMostValues = 1'000;

Expression StartsWithin(const traceql::Metrics& metrics) {
  const auto bound = [](storage::CompareOp op, int64_t time) {
    return Expression::Compare(op, Expression::Of(storage::FieldRef(Intrinsic::kStartTime)),
                               Expression::Constant(time));
  };
  if (metrics.start_unix_nano == 0 && metrics.end_unix_nano == 0) return {};
  return Expression::And({bound(storage::CompareOp::kGreaterOrEqual, metrics.start_unix_nano),
                          bound(storage::CompareOp::kLess, metrics.end_unix_nano)});
}

class Comparison {
 public:
  explicit Comparison(const TimePoints& points) : points_(points) {}

  void Add(const storage::FieldCounts& field) {
    const std::string name = storage::FieldName(field.field);
    for (const storage::CountedValue& value : field.values) {
      Add("baseline", name, value.value, value.a);
      Add("selection", name, value.value, value.b);
    }
    Add("baseline_total", name, std::string("nil"), field.a);
    Add("selection_total", name, std::string("nil"), field.b);
  }
  std::vector<Series> Take() {
    SortByLabels(&series_);
    return std::move(series_);
  }

 private:
  void Add(const char* type, const std::string& field, storage::Value value, uint64_t count) {
    if (count == 0) return;
    Series series{{{"__meta_type", std::string(type)}, {field, std::move(value)}}, {}, {}};
    series.values.assign(points_.count, std::numeric_limits<double>::quiet_NaN());
    series.values.back() = static_cast<double>(count);
    series_.push_back(std::move(series));
  }

  const TimePoints points_;
  std::vector<Series> series_;
};

}  // namespace

Result<SeriesSet> CompareSelections(const storage::QueryContext& context, storage::Reader& reader,
                                    const traceql::MetricsExpr& expr, const TimePoints& points) {
  const traceql::Metrics& metrics = expr.metrics;
  const traceql::FieldExpr* const filter = OnlyFilter(expr.pipeline);
  if (filter == nullptr) {
    return Status(StatusCode::kUnimplemented, "compare() follows one filter only");
  }
  if (metrics.top < 1 || metrics.top > kMostValues) {
    return Status(StatusCode::kInvalidArgument, "compare() takes 1 to 1000 values of each field");
  }
  const Expression selected = Expression::And({Lower(metrics.selection), StartsWithin(metrics)});
  storage::ValueCountsRequest request;
  request.a = Expression::And({Lower(*filter), Expression::Not(selected)});
  request.b = Expression::And({Lower(*filter), selected});
  request.start_time = points.Range();
  request.intrinsics = {Intrinsic::kName, Intrinsic::kKind, Intrinsic::kStatus,
                        Intrinsic::kStatusMessage};
  request.max_values = static_cast<size_t>(metrics.top);
  const auto counts = reader.ValueCounts(context, request);
  if (!counts.ok()) return counts.status();
  SeriesSet set;
  set.truncated = counts->truncated;
  size_t values = 0;
  for (const storage::FieldCounts& field : counts->fields) values += 2 * field.values.size() + 2;
  SPANDREL_RETURN_IF_ERROR(context.Reserve(values * (points.count * sizeof(double) + 256)));
  Comparison comparison(points);
  for (const storage::FieldCounts& field : counts->fields) comparison.Add(field);
  set.series = comparison.Take();
  return set;
}

}  // namespace spandrel::query
